"""Live streams: the event log as it grows, over server-sent events."""
