"""Candidates: who they are, what is known of them, and which of them are one and the same."""
