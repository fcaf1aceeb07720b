"""The pieces of an entry's header: what marks of growing weakness part, until there are enough."""

import re
from dataclasses import dataclass
from typing import Final

from plugins.resume_parser.entries import Entry
from plugins.resume_parser.places import place_score, split_place
from plugins.resume_parser.roles import company_score, is_employment_kind, title_score
from plugins.resume_parser.rows import Row
from plugins.resume_parser.vocabulary import LEGAL_FORMS

_STRONG: Final = re.compile(r"\s*[|•·∙●⋅▪◦]\s*|\s+//\s+|\s+/\s+(?=[A-Z][a-z]+ [A-Z])")
_MIDDLE: Final = re.compile(
    r"\s+[—–-]\s+|\s+@\s+|\s+(?:at|bei der|bei|beim|chez|presso|bij|"
    r"w firmie)\s+(?=[A-ZÀ-Þ0-9\"])|\s+—|—\s+"
)
_LINK: Final = re.compile(
    r"^(?:at|@|bei der|beim|bei|chez|presso|bij|w firmie|w|en|na|no|for|für)\s+(?=[A-ZÀ-Þ0-9])"
)
_COMMA: Final = re.compile(r",\s+")
_EDGE: Final = " ,;|–—-:•·"


@dataclass(slots=True)
class Unit:
    """A piece of a header, and the row that it stood in."""

    text: str
    row: Row
    cell: int = 0
    """Pieces of one cell have one number: they may be joined again."""


@dataclass(slots=True)
class Header:
    """What stands in a header besides dates."""

    units: list[Unit]
    location: Unit | None = None


def header_of(entry: Entry) -> Header:
    """Return the pieces that strong marks part, without places and kinds of employment."""
    header = Header([])
    number = 0
    for line in entry.header:
        for cell in line.cells:
            number += 1
            for piece in _lead_apart(cell, line.row):
                for part in _STRONG.split(piece):
                    _add(header, Unit(part.strip(_EDGE), line.row, number))
    return header


def _lead_apart(cell: str, row: Row) -> list[str]:
    """What is bold before what isn't is a piece of its own, when a mark parts the two."""
    lead = next((each for each in row.leads if cell.startswith(each)), "")
    if lead and len(cell) > len(lead) + 2:
        rest = cell[len(lead) :]
        if rest[:1] in " ,|–—-:·•(" and len(lead) > 2:
            return [lead, _LINK.sub("", rest.strip(_EDGE))]
    return [cell]


def _add(header: Header, unit: Unit) -> None:
    text = unit.text
    if not text or is_employment_kind(text):
        return
    bare = re.sub(
        r"\s*\((?:[^()]{2,20})\)$", lambda m: "" if is_employment_kind(m[0]) else m[0], text
    )
    unit.text = bare
    named = title_score(bare) > 0 or company_score(bare) >= 0.7
    if place_score(bare) >= (0.95 if named else 0.85) and header.location is None:
        header.location = Unit(bare.strip("()"), unit.row, unit.cell)
    elif place_score(bare) < 1.0:
        header.units.append(unit)


def without_place(header: Header) -> None:
    """Take the place off the end of the pieces, if none stood alone."""
    if header.location is None and len(header.units) > 2:
        unsure = next((unit for unit in header.units[1:] if place_score(unit.text) >= 0.7), None)
        if unsure is not None:
            header.location = unsure
            header.units.remove(unsure)
    for unit in header.units:
        if header.location is not None:
            return
        rest, place = split_place(unit.text)
        if place is None or not rest or _belongs(rest, place):
            continue
        header.location = Unit(place, unit.row, unit.cell)
        unit.text = rest


def _belongs(rest: str, place: str) -> bool:
    """`University of California, Berkeley`: the town is part of the name."""
    of_a_state = re.search(
        r"\bof (?:California|Texas|Illinois|Wisconsin|North Carolina|Michigan)$", rest
    )
    return of_a_state is not None and "," not in place


def split_middle(unit: Unit) -> list[Unit]:
    """Part a piece at dashes and `at`."""
    parts = [part.strip(_EDGE) for part in _MIDDLE.split(unit.text)]
    return [Unit(part, unit.row, unit.cell) for part in parts if part]


def comma_splits(text: str) -> list[tuple[str, str]]:
    """Return each way to part the text at one comma; `Acme, Inc.` stays whole."""
    splits = []
    for match in _COMMA.finditer(text):
        following = text[match.end() :].split()
        if following and following[0].lower().strip(".,") in LEGAL_FORMS and len(following[0]) < 6:
            continue
        splits.append((text[: match.start()].strip(), text[match.end() :].strip()))
    return splits


def is_company(text: str) -> bool:
    """Whether the words say so themselves: a legal form, or a word of the trade."""
    return company_score(text) >= 0.7
