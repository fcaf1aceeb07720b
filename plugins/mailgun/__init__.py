"""Messages through Mailgun, and what Mailgun tells of them."""
