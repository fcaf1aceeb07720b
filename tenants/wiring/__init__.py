"""Which adapter stands behind each port; one module a slice."""
