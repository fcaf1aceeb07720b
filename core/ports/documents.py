"""Documents as lines of text: what a reader of files gives, and who understands text asks for.

A reader opens files of strangers, so its answer for a bad one is a state, never an exception. What
a person looking at the page can't see is not among the lines: it is `hidden_text`.
"""

from typing import Literal, Protocol

import msgspec

DocumentKind = Literal["pdf", "docx", "odt", "rtf", "txt", "html", "unknown"]

DocumentState = Literal[
    "read", "scanned", "encrypted", "broken", "too_large", "timed_out", "unsupported", "refused"
]
"""How reading ended: only `read` has lines that mean something.

`scanned`: pages are pictures without text. `encrypted`: it needs a password. `broken`: it claims a
kind that it isn't, or is damaged. `too_large`: more bytes, pages or text than the limits allow.
`timed_out`: reading it took longer than it may. `unsupported`: a kind that we don't read.
`refused`: reading it took too much memory, or it tried something that no honest document does.
"""


class TextRun(msgspec.Struct, frozen=True):
    """A part of a line that is set differently from its neighbours: `text[start:end]`."""

    start: int
    end: int
    bold: bool = False
    italic: bool = False
    font_size: float | None = None
    """In points."""


class DocumentLine(msgspec.Struct, frozen=True):
    """One visual line of one column, or one paragraph of a format that flows (docx, odt, html).

    Positions are in points from the upper left corner of the page, or None where the format has no
    pages. A gap inside the line that is wider than a space (a tab, a right-aligned date) is one
    tab character in `text`. A paragraph of a list starts with its mark: `• `.
    """

    text: str
    page: int = 1
    """From 1."""
    x0: float | None = None
    y0: float | None = None
    x1: float | None = None
    y1: float | None = None
    font_size: float | None = None
    """Of most of its characters, in points."""
    bold: bool = False
    """Most of its characters are bold."""
    italic: bool = False
    """Most of its characters are italic."""
    block: int = 0
    """Lines of one block stand close together: a column, a paragraph, a table cell. A change of
    block is a gap that a reader sees. Numbers grow in reading order."""
    heading: int | None = None
    """Level of a heading, from 1, where the format says so (Word styles, `<h2>`)."""
    runs: tuple[TextRun, ...] = ()
    """Left empty when the whole line looks the same."""


class DocumentLink(msgspec.Struct, frozen=True):
    """A hyperlink: where it leads, and the words that it was put on."""

    uri: str
    text: str = ""


class ReadDocument(msgspec.Struct, frozen=True):
    """What a person sees in a document, in reading order, columns one after the other."""

    lines: tuple[DocumentLine, ...]
    pages: int
    """0 where the format has no pages."""
    kind: DocumentKind
    state: DocumentState
    detail: str = ""
    """What happened and what to do, for people, when the state isn't `read`."""
    hidden_text: tuple[str, ...] = ()
    """What the file holds and a reader can't see; it is in no line."""
    links: tuple[DocumentLink, ...] = ()
    languages: tuple[str, ...] = ()
    """As the file itself declares them (BCP 47); most don't."""


class DocumentReader(Protocol):
    """Turns a file into lines."""

    def read(self, content: bytes, file_name: str) -> ReadDocument:
        """Read the file. Its name is a hint of its kind at most; nothing is opened by it."""
        ...
