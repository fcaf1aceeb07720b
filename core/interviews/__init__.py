"""Interviews on an application, and the feedback that is given on it."""
