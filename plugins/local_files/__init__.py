"""File contents in a folder of this machine: the default file store."""
