"""Which parser read a file: stored with what it found.

Apart from the parser, whose dictionaries take a quarter of a second to load: servers and workers
name it, and only the processes that read files run it.
"""

from typing import Final

NAME: Final = "structure"
VERSION: Final = "2"
"""Raise it when the parser would find something else in the same file."""
