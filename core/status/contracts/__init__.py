"""What others may say to the status slice and what it answers, by subject."""
