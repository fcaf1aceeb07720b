"""What the platform says to people by e-mail, and what became of each message."""
