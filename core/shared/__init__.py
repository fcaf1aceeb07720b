"""The kernel that every slice stands on; it knows no slice."""
