"""Positions: which piece of an entry's header is the title, which the company, which the place."""

import re
from collections import Counter
from dataclasses import dataclass
from typing import Final, Literal

from plugins.resume_parser.dates import DateSpan
from plugins.resume_parser.entries import Entry, entries_of
from plugins.resume_parser.places import place_score
from plugins.resume_parser.roles import company_score, title_score
from plugins.resume_parser.rows import Row
from plugins.resume_parser.units import (
    Header,
    Unit,
    comma_splits,
    header_of,
    is_company,
    split_middle,
    without_place,
)

_Order = Literal["title_first", "company_first"]
_STATED: Final = re.compile(
    r"^(?P<title>.+?)\s+(?:at|@|bei der|bei|beim|chez|presso|bij)\s+(?P<company>[A-ZÀ-Þ0-9].+)$"
)
_WORD: Final = r"[^\W\d_][\w'’-]*"
_PARTNERS: Final = re.compile(rf"{_WORD}(?:, {_WORD})+,? (?:and|&|und|et|y|e) {_WORD}")
"""`Trevino, Reynolds and Yang`: partners, whose names keep together."""
_VOTES: Final = 2
"""So many entries without a doubt say in which order the others stand."""
_SURE: Final = 0.95
_LIKELY: Final = 0.8
_GUESSED: Final = 0.55
_NOISE: Final = re.compile(
    r"^(?:\W*|team|department|abteilung|tasks|aufgaben|responsibilities):?$", re.IGNORECASE
)


@dataclass(slots=True)
class Position:
    """One position with the rows that its fields came from."""

    title: Unit | None
    company: Unit | None
    location: Unit | None
    date: DateSpan | None
    date_row: Row | None
    body: list[Row]
    title_confidence: float = 0.0
    company_confidence: float = 0.0


def positions_of(rows: list[Row]) -> list[Position]:
    """Return the positions of one section in their order."""
    entries = entries_of(rows)
    headers = [header_of(entry) for entry in entries]
    for header in headers:
        without_place(header)
    votes = Counter(vote for header in headers if (vote := _vote(header)) is not None)
    order: _Order = (
        "company_first" if votes["company_first"] > votes["title_first"] else "title_first"
    )
    is_kept = votes[order] >= _VOTES and len(votes) == 1
    positions = [
        _position(entry, header, order, is_kept=is_kept)
        for entry, header in zip(entries, headers, strict=True)
    ]
    return _with_promotions([each for each in positions if each is not None])


def _vote(header: Header) -> _Order | None:
    """In which order the header stands, when its words leave no doubt."""
    texts = [unit.text for unit in header.units]
    if len(texts) == 1:
        texts = [unit.text for unit in split_middle(header.units[0])]
    if len(texts) == 1 and (splits := comma_splits(texts[0])):
        texts = list(splits[0])
    if len(texts) < 2:
        return None
    first, second = title_score(texts[0]), title_score(texts[1])
    if first >= 0.8 and second == 0:
        return "title_first"
    if second >= 0.8 and first == 0:
        return "company_first"
    return None


def _position(entry: Entry, header: Header, order: _Order, *, is_kept: bool) -> Position | None:
    position = Position(None, None, header.location, entry.date, entry.date_row, entry.body)
    units = [unit for unit in header.units if not _NOISE.match(unit.text)]
    if len(units) == 1:
        units = _parted(units[0], position, order, is_kept=is_kept)
    if len(units) >= 2:
        _choose(units, position, order)
    elif units:
        _alone(units[0], position)
    if position.title is None and position.company is None:
        return None
    position.body = [*_unused(entry, position), *position.body]
    return position


def _unused(entry: Entry, position: Position) -> list[Row]:
    """Rows that look like a header's and turned out to hold none of its fields."""
    units = (position.title, position.company, position.location)
    used = {unit.row.index for unit in units if unit is not None}
    return [
        line.row
        for line in entry.header
        if line.row.index not in used and line.row is not entry.date_row and len(line.cells) == 1
    ]


def _parted(unit: Unit, position: Position, order: _Order, *, is_kept: bool) -> list[Unit]:
    """Part one piece into title and company by the weaker marks.

    Where the same résumé keeps its order elsewhere, a lone comma is enough.
    """
    parts = split_middle(unit)
    if len(parts) > 1:
        for part in list(parts):
            if place_score(part.text) >= 0.7 and len(parts) > 1 and position.location is None:
                position.location = part
                parts.remove(part)
        if len(parts) > 1:
            return parts
        unit = parts[0]
    splits = comma_splits(unit.text)
    if not splits:
        return [unit]
    scored = []
    for before, after in splits:
        for way in ("title_first", "company_first"):
            title, company = (before, after) if way == "title_first" else (after, before)
            score = title_score(title) - 0.7 * title_score(company)
            score += 0.6 * company_score(company) - 0.5 * company_score(title)
            score += 0.1 if way == order else 0.0
            score -= 0.3 if "," in company and not _PARTNERS.fullmatch(company) else 0.0
            scored.append((score, title_score(title), before, after))
    score, evidence, before, after = max(scored, key=lambda each: each[0])
    if score < 0.3 or (evidence == 0 and not (is_company(before) or is_company(after))):
        if not is_kept or len(splits) > 1:
            return [unit]
        before, after = splits[0]
    return [Unit(before, unit.row, unit.cell), Unit(after, unit.row, unit.cell)]


def _choose(units: list[Unit], position: Position, order: _Order) -> None:
    scores = [title_score(unit.text) - 0.6 * company_score(unit.text) for unit in units]
    best = max(range(len(units)), key=lambda n: (scores[n], -n))
    if len(units) == 2 and all(title_score(unit.text) >= 0.5 for unit in units):
        # Names of companies may be words for work: `Robotics Engineer, Koch`.
        best = 0 if order == "title_first" else 1
    sure = title_score(units[best].text) >= 0.3 and scores[best] > 0
    if not sure:
        best = 0 if order == "title_first" else min(1, len(units) - 1)
        other = units[1 - best].text if len(units) == 2 else units[best].text
        if is_company(units[best].text) and not is_company(other):
            best = 1 - best
    others = [n for n in range(len(units)) if n != best]
    company = max(others, key=lambda n: _company_rank(units, n, best, order))
    title = units[best]
    others.remove(company)
    stated = _STATED.match(title.text) if not is_company(units[company].text) else None
    if stated is not None:
        position.title = Unit(stated["title"], title.row, title.cell)
        position.company = Unit(stated["company"], title.row, title.cell)
        position.title_confidence = position.company_confidence = _LIKELY
        return
    for number in others:
        # `Engineer – Backend` was parted in vain: the company stood elsewhere.
        if units[number].cell == title.cell != units[company].cell and number == best + 1:
            title = _rejoined(title, units[number])
    position.title, position.company = title, units[company]
    position.title_confidence = _SURE if sure else _GUESSED
    position.company_confidence = (
        _SURE if is_company(units[company].text) else _LIKELY if sure else _GUESSED
    )


def _company_rank(units: list[Unit], number: int, title: int, order: _Order) -> float:
    unit = units[number]
    rank = company_score(unit.text) - 0.8 * title_score(unit.text)
    rank += 0.3 if abs(number - title) == 1 else 0.0
    rank += 0.15 if (number > title) == (order == "title_first") else 0.0
    rank += 0.2 if unit.row.bold or unit.row.lead.startswith(unit.text) else 0.0
    rank -= 0.6 if unit.text[:1] in "(\"'" or len(unit.text.split()) > 8 else 0.0
    return rank


def _rejoined(one: Unit, other: Unit) -> Unit:
    for cell in (*one.row.cells, one.row.text):
        begin, end = cell.find(one.text), cell.find(other.text)
        if 0 <= begin < end:
            return Unit(cell[begin : end + len(other.text)], one.row, one.cell)
    return Unit(f"{one.text} – {other.text}", one.row, one.cell)


def _alone(unit: Unit, position: Position) -> None:
    stated = _STATED.match(unit.text)
    if stated is not None and title_score(stated["title"]) > 0:
        position.title = Unit(stated["title"], unit.row, unit.cell)
        position.company = Unit(stated["company"], unit.row, unit.cell)
        position.title_confidence = position.company_confidence = _LIKELY
    elif title_score(unit.text) >= 0.5 and title_score(unit.text) >= company_score(unit.text):
        position.title, position.title_confidence = unit, _LIKELY
    else:
        position.company = unit
        position.company_confidence = _LIKELY if is_company(unit.text) else _GUESSED


def _with_promotions(positions: list[Position]) -> list[Position]:
    """Give titles that follow a company's line their company."""
    result: list[Position] = []
    umbrella: Position | None = None
    for number, position in enumerate(positions):
        following = positions[number + 1] if number + 1 < len(positions) else None
        if position.title is None and position.company is not None and not position.body:
            if following is not None and following.company is None:
                umbrella = position
                continue
            umbrella = None
        elif position.company is None:
            source = umbrella or (result[-1] if result else None)
            if source is not None:
                position.company = source.company
                position.company_confidence = source.company_confidence * 0.9
                position.location = position.location or source.location
        else:
            umbrella = None
        result.append(position)
    return result
