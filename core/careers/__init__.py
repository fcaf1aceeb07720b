"""The careers site: what anybody may see of open jobs, applying, and following an application."""
