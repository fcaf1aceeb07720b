"""What other systems send us: webhooks of the vendors that plugins speak with."""
