"""What others may say to the identity slice: the team, signing in, and API keys."""
