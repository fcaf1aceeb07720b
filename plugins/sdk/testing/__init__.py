"""What a plugin is tested with: contract suites for each port, and a context in memory."""
