"""Messages through Amazon SES, and what SES tells of them by way of SNS."""
