"""Collects the paragraphs of formats that flow (Word, OpenDocument, RTF, HTML, text) as lines."""

import re

import msgspec

from core.ports.documents import DocumentKind, DocumentLine, DocumentLink, ReadDocument, TextRun
from plugins.document_reader.limits import Limits, TooLarge

BULLET = "• "
_SPACES = re.compile(r"[^\S\t\n]+")
_AROUND_TAB = re.compile(r" *\t[ \t]*")
_SCHEMES = ("http://", "https://", "mailto:", "tel:")
_MOST_LINKS = 300
_LONGEST_ADDRESS = 2_000


class Piece(msgspec.Struct, frozen=True):
    """Text of one look inside a paragraph."""

    text: str
    bold: bool = False
    italic: bool = False
    size: float | None = None


class Flow:
    """The document so far."""

    def __init__(self, limits: Limits) -> None:
        self._budget = limits.characters
        self._lines: list[DocumentLine] = []
        self._hidden: list[str] = []
        self._links: dict[DocumentLink, None] = {}
        self._block = 0
        self._is_block_open = False

    def paragraph(
        self, pieces: list[Piece], *, heading: int | None = None, is_item: bool = False
    ) -> None:
        """Add a paragraph; a line break in it makes two lines of one block."""
        if heading is not None:
            self.gap()
        is_first = True
        for line in _split(pieces):
            made = _line(line, BULLET if is_item and is_first else "")
            if made is None:
                continue
            self._spend(len(made.text))
            made = msgspec.structs.replace(made, block=self._block, heading=heading)
            self._lines.append(made)
            self._is_block_open = True
            is_first = False
        if is_first:
            self.gap()  # an empty paragraph is how people make distance
        elif heading is not None:
            self.gap()

    def gap(self) -> None:
        """What follows stands apart from what was before."""
        if self._is_block_open:
            self._block += 1
            self._is_block_open = False

    def hide(self, text: str) -> None:
        """Keep text that the document holds but doesn't show."""
        plain = " ".join(text.split())
        if plain:
            self._spend(len(plain))
            self._hidden.append(plain)

    def link(self, uri: str, text: str) -> None:
        """Keep where words lead to."""
        address = uri.strip()
        known = address.lower().startswith(_SCHEMES) and len(address) <= _LONGEST_ADDRESS
        if known and len(self._links) < _MOST_LINKS:
            self._links[DocumentLink(address, " ".join(text.split())[:200])] = None

    def read(self, kind: DocumentKind, languages: tuple[str, ...] = ()) -> ReadDocument:
        """Return what was collected."""
        return ReadDocument(
            tuple(self._lines), 0, kind, "read", "", tuple(self._hidden), tuple(self._links),
            languages,
        )  # fmt: skip

    def _spend(self, characters: int) -> None:
        self._budget -= characters
        if self._budget < 0:
            raise TooLarge("It has more text than is read.")


def _split(pieces: list[Piece]) -> list[list[Piece]]:
    lines: list[list[Piece]] = [[]]
    for piece in pieces:
        first, *others = piece.text.split("\n")
        lines[-1].append(msgspec.structs.replace(piece, text=first))
        lines += [[msgspec.structs.replace(piece, text=each)] for each in others]
    return lines


def _line(pieces: list[Piece], mark: str) -> DocumentLine | None:
    """One line with its runs; None when nothing is in it."""
    text, runs = mark, list[TextRun]()
    for piece in pieces:
        new = _AROUND_TAB.sub("\t", _SPACES.sub(" ", piece.text))
        if text == mark or text[-1].isspace():
            new = new.lstrip()
        if not new:
            continue
        start, text = len(text), text + new
        last = runs[-1] if runs else None
        if last and (last.bold, last.italic, last.font_size) == (
            piece.bold,
            piece.italic,
            piece.size,
        ):
            runs[-1] = msgspec.structs.replace(last, end=len(text))
        else:
            runs.append(TextRun(start, len(text), piece.bold, piece.italic, piece.size))
    text = text.rstrip()
    if not text or text == mark.rstrip():
        return None
    runs = [msgspec.structs.replace(run, end=min(run.end, len(text))) for run in runs]
    runs = [run for run in runs if run.start < run.end]
    main = max(runs, key=lambda run: run.end - run.start)
    letters = sum(run.end - run.start for run in runs)
    return DocumentLine(
        text,
        font_size=main.font_size,
        bold=sum(run.end - run.start for run in runs if run.bold) * 2 > letters,
        italic=sum(run.end - run.start for run in runs if run.italic) * 2 > letters,
        runs=tuple(runs) if len(runs) > 1 else (),
    )
