"""Push messages to browsers (RFC 8030), encrypted for each and signed by the workspace."""
