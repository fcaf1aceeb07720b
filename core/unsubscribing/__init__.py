"""Stopping mails that answer nothing, by the link that stands in them."""
