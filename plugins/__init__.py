"""Everything that the core drives: adapters to databases, vendors and the operating system."""
