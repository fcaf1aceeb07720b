"""The command line `intellimatch`: one module a command."""
