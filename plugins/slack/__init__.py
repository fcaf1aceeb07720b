"""Posts to a channel of Slack, by an incoming webhook."""
