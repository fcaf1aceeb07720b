"""Parts a résumé into its sections by headings: their words, and how they are set."""

from collections import Counter
from dataclasses import dataclass, field, replace
from typing import Final

from plugins.resume_parser.dates import find_dates
from plugins.resume_parser.folding import key
from plugins.resume_parser.rows import Row, body_size
from plugins.resume_parser.vocabulary import (
    COMPACT_HEADINGS,
    ENTRY_LABELS,
    HEADINGS,
    without_conjunctions,
)

HEADER: Final = "header"
_CORE: Final = frozenset(("experience", "education", "skills", "languages", "summary", "projects"))
_INLINE: Final = frozenset(
    ("skills", "languages", "certifications", "interests", "education", "summary", "references")
)

_Style = tuple[float, bool, bool, int | None]


@dataclass(slots=True)
class Section:
    """Rows under one heading; `header` for what stands around the name."""

    kind: str
    rows: list[Row] = field(default_factory=list)
    heading: Row | None = None


@dataclass(slots=True)
class _Found:
    kinds: dict[str, str]
    exact: bool
    rest: Row | None = None
    """What follows an inline heading in its row."""


def sections_of(rows: list[Row], name_rows: set[int]) -> tuple[list[Section], str]:
    """Return the sections in reading order, and the language of most headings.

    `name_rows` are indexes of the document's lines that hold the name: a column that begins with it
    begins a header, whatever stood in the column before.
    """
    body = body_size(rows)
    found = {
        row.index: heading
        for row in rows
        if row.index not in name_rows and (heading := _heading(row)) is not None
    }
    styles = _styles(rows, found, body)
    language = _language(found)
    sections = [Section(HEADER)]
    for row in rows:
        heading = found.get(row.index)
        if row.index in name_rows:
            if sections[-1].kind != HEADER:
                sections.append(Section(HEADER))
            sections[-1].rows.append(row)
        elif heading is not None and _is_heading(row, heading, styles, sections[-1].kind, body):
            kind = heading.kinds.get(language) or next(iter(heading.kinds.values()))
            sections.append(Section(kind, heading=row))
            if heading.rest is not None:
                sections[-1].rows.append(heading.rest)
        elif heading is None and _is_unknown_heading(row, styles, body):
            sections.append(Section("other", heading=row))
        else:
            sections[-1].rows.append(row)
    return sections, language


def _heading(row: Row) -> _Found | None:
    if row.bullet or len(row.text) > 300:
        return None
    if len(row.cells) > 1:
        return _inline(row, row.cells[0], row.cells[1:]) if _stands_out(row, row.cells[0]) else None
    text = row.text
    if len(text) <= 60 and not any(each.isdigit() for each in text):
        kinds = _exact(text)
        if kinds is not None:
            return _Found(kinds, exact=True)
    label, colon, rest = text.partition(":")
    if colon and rest.strip() and len(label) < 40:
        return _inline(row, label, [rest.strip()])
    if len(text) <= 60 and not any(each.isdigit() for each in text):
        kinds = _containing(text)
        if kinds is not None:
            return _Found(kinds, exact=False)
    return None


def _stands_out(row: Row, cell: str) -> bool:
    return cell.isupper() or (bool(row.lead) and row.lead.startswith(cell)) or row.bold


def _inline(row: Row, label: str, rest: list[str]) -> _Found | None:
    kinds = _exact(label)
    if kinds is None:
        return None
    left = replace(row, text=" ".join(rest), cells=rest, bold=False, lead="", caps=False)
    return _Found(kinds, exact=True, rest=left)


def _exact(text: str) -> dict[str, str] | None:
    plain = key(text)
    kinds = HEADINGS.get(without_conjunctions(plain)) or HEADINGS.get(plain)
    if kinds is None:
        parts = plain.split()
        if len(parts) > 3 and sum(len(part) == 1 for part in parts) > len(parts) * 0.6:
            kinds = COMPACT_HEADINGS.get("".join(parts))
    return kinds


def _containing(text: str) -> dict[str, str] | None:
    """A known heading with a word or two around it: `Selected Work Experience`."""
    parts = without_conjunctions(key(text)).split()
    if not 2 <= len(parts) <= 5 or text.endswith((".", ",", ";")) or "," in text:
        return None
    for length in range(len(parts) - 1, 0, -1):
        if length < len(parts) - 3:
            break
        for first in range(len(parts) - length + 1):
            piece = " ".join(parts[first : first + length])
            kinds = HEADINGS.get(piece)
            if kinds is not None and len(piece) > 4 and set(kinds.values()) & _CORE:
                return kinds
    return None


def _style(row: Row) -> _Style:
    return (round((row.size or 0.0) * 2) / 2, row.bold, row.caps, row.heading)


def _emphasised(row: Row, body: float) -> bool:
    larger = row.size is not None and body > 0 and row.size > body * 1.08
    return larger or row.bold or row.caps or row.heading is not None


@dataclass(slots=True, frozen=True)
class _Styles:
    heading: frozenset[_Style]
    """Styles that headings of core sections are set in, when headings are set apart at all."""
    only_headings: frozenset[_Style]
    """Styles that little but headings is set in."""


def _styles(rows: list[Row], found: dict[int, _Found], body: float) -> _Styles:
    candidates = [row for row in rows if row.index in found and found[row.index].rest is None]
    emphasised = [row for row in candidates if _emphasised(row, body)]
    core: dict[_Style, set[str]] = {}
    for row in emphasised:
        if found[row.index].exact:
            kinds = set(found[row.index].kinds.values()) & _CORE
            core.setdefault(_style(row), set()).update(kinds)
    styles = frozenset(style for style, kinds in core.items() if kinds)
    used = Counter(_style(row) for row in rows if not row.bullet)
    known = Counter(_style(row) for row in emphasised if found[row.index].exact)
    only = frozenset(
        style
        for style in styles
        if known[style] >= max(2, used[style] * 0.4) and len(core[style]) >= 2
    )
    return _Styles(styles, only)


def _is_heading(row: Row, heading: _Found, styles: _Styles, current: str, body: float) -> bool:
    kinds = set(heading.kinds.values())
    if heading.rest is not None:
        return _is_inline_heading(row, kinds, styles, current)
    if not styles.heading:
        return heading.exact
    if _style(row) in styles.heading:
        return heading.exact or _style(row) in styles.only_headings or row.caps
    if not heading.exact or not _emphasised(row, body):
        return False
    return bool(kinds & (_CORE | {"certifications", "publications", "contact", "interests"}))


def _is_inline_heading(row: Row, kinds: set[str], styles: _Styles, current: str) -> bool:
    if current in ("experience", "projects", "education", "volunteer"):
        label = row.cells[0] if len(row.cells) > 1 else row.text.partition(":")[0]
        # In capitals it is a heading also in plain text: `SKILLS: Java`.
        if (key(label) in ENTRY_LABELS and not label.isupper()) or kinds == {"summary"}:
            return False
    if len(row.cells) > 1:
        return _style(row) in styles.heading or row.cells[0].isupper() or bool(row.lead)
    return bool(kinds & _INLINE) and current != "skills"


def _is_unknown_heading(row: Row, styles: _Styles, body: float) -> bool:
    if _style(row) not in styles.only_headings or row.bullet or len(row.cells) > 1:
        return False
    set_apart = (row.size or 0) > body * 1.08 or row.caps or row.heading is not None
    return set_apart and len(row.text) < 50 and not find_dates(row.text)


def _language(found: dict[int, _Found]) -> str:
    votes: Counter[str] = Counter()
    for heading in found.values():
        if heading.exact:
            for language in heading.kinds:
                votes[language] += 1
    if not votes:
        return "en"
    most = max(votes.values())
    return next(language for language in (*("en",), *votes) if votes.get(language) == most)
