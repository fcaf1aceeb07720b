"""The sample tenants: who they are, what happened to them in a year, and how it is played."""
