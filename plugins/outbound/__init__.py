"""The guarded way out: HTTP and plain connections to public addresses only."""
