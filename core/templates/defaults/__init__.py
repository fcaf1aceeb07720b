"""The texts that everybody starts with, one file a language. Read by `core.templates.texts`."""
