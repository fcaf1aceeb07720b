"""How much of a stranger's file is read, and what reading it may cost."""

import msgspec

_MIB = 1 << 20


class Limits(msgspec.Struct, frozen=True):
    """Bounds for one document; generous for a résumé, small for a service."""

    bytes: int = 20 * _MIB
    pages: int = 60
    characters: int = 400_000
    """Of visible and hidden text together."""
    page_characters: int = 60_000
    page_points: float = 14_400
    """Of a side, the largest that PDF 1.7 allows (annex C.2)."""
    page_objects: int = 60_000
    unpacked_bytes: int = 60 * _MIB
    """Of all the parts of a zip that are read."""
    part_bytes: int = 16 * _MIB
    """Of one part of a zip."""
    parts: int = 2_000
    depth: int = 200
    """Of elements in elements."""
    memory_bytes: int = 768 * _MIB
    """Address space of the reading process; Python, PDFium and lxml take about 60 MiB of it."""
    cpu_seconds: int = 5
    wall_seconds: float = 7.5
    """From handing the file over to having the answer."""
    answer_bytes: int = 16 * _MIB


class TooLarge(Exception):
    """The document goes beyond a limit; the message is for people."""


class Broken(Exception):
    """The document isn't what it claims to be, or is damaged; the message is for people."""


class Refused(Exception):
    """The document tries what no honest one does; the message is for people."""


class Encrypted(Exception):
    """The document needs a password."""
