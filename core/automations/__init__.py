"""What candidates are told by itself: rules "when this happens, after this while, send this"."""
