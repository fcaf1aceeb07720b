"""Messages through a mail server of the tenant's (RFC 5321)."""
