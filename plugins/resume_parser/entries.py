"""Parts a section of positions or degrees into its entries: header rows with a date, then the body.

The date is the anchor. How many rows stand above it in the first entry is what is expected of the
others, as a résumé sets all of its entries alike.
"""

import re
from collections import Counter
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Final

from plugins.resume_parser.dates import DURATION, DateSpan, take_date
from plugins.resume_parser.paragraphs import paragraphs
from plugins.resume_parser.roles import degree_score
from plugins.resume_parser.rows import Row

_ABBREVIATED: Final = (
    "inc.", "ltd.", "co.", "corp.", "b.v.", "s.a.", "s.l.", "e.v.", "z o.o.", "z.o.o.", "s.r.l.",
    "s.p.a.", "jr.", "sr.", "hons.", "sc.", "ing.", "phil.", "nat.", "a.", "st.", "dr.", "inf.",
)  # fmt: skip
_DOTTED: Final = re.compile(r"(?:^|[\s,])(?:[^\W\d_]{1,2}\.){2,}$")
"""`e.G.`, `U.S.`: the dot ends a word, not a sentence."""
_HIGHEST: Final = 3
"""No header has more rows above its date."""


@dataclass(slots=True)
class HeaderRow:
    """A row of an entry's header with its dates taken out."""

    row: Row
    cells: list[str]


@dataclass(slots=True)
class Entry:
    """One position or degree, not understood yet."""

    header: list[HeaderRow] = field(default_factory=list)
    body: list[Row] = field(default_factory=list)
    date: DateSpan | None = None
    date_row: Row | None = None


@dataclass(slots=True)
class _Line:
    row: Row
    cells: list[str]
    date: DateSpan | None
    head: bool
    gap: bool


def entries_of(rows: list[Row]) -> list[Entry]:
    """Return the entries of a section in their order."""
    lines = [_line(row) for row in paragraphs(rows)]
    if not lines:
        return []
    for line, row in zip(lines, (line.row for line in lines), strict=True):
        line.head = line.head and not row.numbered
    anchors = [n for n, line in enumerate(lines) if line.date is not None and line.head]
    if not anchors:
        anchors = [n for n, each in enumerate(lines) if each.date is not None and each.date.ranged]
        anchors = anchors or [n for n, each in enumerate(lines) if each.date is not None]
        for number in anchors:
            lines[number].head = True
    starts = _starts(lines, anchors) if anchors else _starts_without_dates(lines)
    entries = []
    for start, stop in zip(starts, [*starts[1:], len(lines)], strict=True):
        entry = _entry(lines[start:stop])
        if entry.header or entry.date is not None:
            entries.append(entry)
        elif entries:
            entries[-1].body += entry.body
    return entries


def _line(row: Row) -> _Line:
    cells: list[str] = []
    date: DateSpan | None = None
    for cell in row.cells:
        found, rest = take_date(cell, loose=len(cell) < 90 and not row.bullet)
        if found is None or (date is not None and date.ranged and not found.ranged):
            cells.append(cell)
            continue
        if date is None or found.ranged:
            date = found
        if rest:
            cells.append(rest)
    cells = [bare for cell in cells if (bare := DURATION.sub("", cell).strip(" ,|·•–—-"))]
    text = " ".join(cells)
    head = not row.bullet and _is_headlike(text)
    if row.tail and len(text) > 120:
        head = False
    return _Line(row, cells, date if (head or row.bullet) else None, head, row.gap)


def _is_headlike(text: str) -> bool:
    if not text:
        return True
    if len(text) > 130 or len(text.split()) > 18 or (text[:1].islower() and len(text.split()) > 3):
        return False
    lower = text.lower()
    ends = text.endswith((".", "!", ";", ":")) and not _DOTTED.search(text)
    if ends and not lower.endswith(_ABBREVIATED):
        return len(text.split()) <= 2
    label, colon, rest = text.partition(": ")
    labelled = colon and rest and len(label) < 32 and len(rest) > 12
    return not labelled or degree_score(label) == 1.0


def _style(row: Row) -> tuple[bool, bool, float]:
    return row.bold or bool(row.lead), row.italic, round((row.size or 0) * 2) / 2


def _starts(lines: list[_Line], anchors: list[int]) -> list[int]:
    """Indexes at which entries begin."""
    first = anchors[0]
    above = 0
    while above < min(first, _HIGHEST) and lines[first - above - 1].head:
        above += 1
    starts = [first - above]
    opening = _style(lines[starts[0]].row)
    for before, anchor in pairwise(anchors):
        starts.append(_start(lines, before, anchor, above, opening))
    if starts[0] > 0:
        # What stands before the first entry is no entry, but what it says isn't lost.
        starts = [0, *starts] if lines[0].head and starts[0] > _HIGHEST else starts
    return starts


def _start(
    lines: list[_Line],
    before: int,
    anchor: int,
    above: int,
    opening: tuple[bool, bool, float],
) -> int:
    top = anchor
    while top > before + 1 and lines[top - 1].head and lines[top - 1].date is None:
        top -= 1
    available = anchor - top
    if available == 0:
        return anchor
    had_body = top > before + 1
    expected = min(above, available)
    differs = opening != _style(lines[before].row) or opening[0]
    if (opening[0] and not had_body) or (differs and had_body):
        same = [n for n in range(max(top, anchor - _HIGHEST), anchor) if _alike(lines[n], opening)]
        if same and (lines[same[0]].gap or not _alike(lines[anchor], opening) or had_body):
            gapped = [n for n in same if lines[n].gap]
            return (gapped or same)[0]
    gaps = [n for n in range(max(top, anchor - _HIGHEST), anchor + 1) if lines[n].gap]
    if gaps and anchor - expected not in gaps and not lines[anchor].gap:
        return gaps[0] if had_body else gaps[-1]
    if gaps and lines[anchor].gap and anchor - expected != anchor and anchor - expected not in gaps:
        return gaps[0]
    return anchor - expected


def _alike(line: _Line, opening: tuple[bool, bool, float]) -> bool:
    return opening[0] and _style(line.row)[0] and abs(_style(line.row)[2] - opening[2]) < 0.6


def _starts_without_dates(lines: list[_Line]) -> list[int]:
    """Entries that say no dates begin at what stands out, after a body or after a gap."""
    heads = [n for n, line in enumerate(lines) if line.head]
    if not heads:
        return [0] if lines else []
    styles = Counter(_style(lines[n].row) for n in heads)
    opening = _style(lines[heads[0]].row)
    outstanding = opening[0] and len(styles) > 1
    starts = [heads[0]]
    for number in heads[1:]:
        line, last = lines[number], lines[number - 1]
        if outstanding:
            begins = _style(line.row) == opening and _style(last.row) != opening
        else:
            begins = not last.head or line.gap
        if begins:
            starts.append(number)
    return starts


def _entry(lines: list[_Line]) -> Entry:
    entry = Entry()
    below = 0
    in_header = True
    for line in lines:
        if line.date is not None and entry.date is None:
            entry.date, entry.date_row = line.date, line.row
        if in_header and line.head and below <= 3 and len(entry.header) < 5:
            if entry.date is not None and line.date is None:
                below += 1
            if below <= 3:
                entry.header.append(HeaderRow(line.row, line.cells))
                continue
        in_header = False
        entry.body.append(line.row)
    return entry
