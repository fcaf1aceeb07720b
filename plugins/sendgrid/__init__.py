"""Messages through Twilio SendGrid, and what SendGrid tells of them."""
