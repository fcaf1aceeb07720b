"""Adapters to the machine itself: clock, identifiers, password hashing."""
