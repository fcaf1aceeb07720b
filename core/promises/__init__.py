"""What a workspace promises its candidates: when they hear from it, and who sees to that."""
