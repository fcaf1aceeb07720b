"""What e-mails say: a template for each kind in each language, and how it becomes a mail."""
