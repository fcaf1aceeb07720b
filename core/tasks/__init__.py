"""What operators see of background work, and what they may do about work that was given up."""
