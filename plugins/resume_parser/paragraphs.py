"""Joins the rows of wrapped bullets and paragraphs, and brings dates set apart to their entry."""

import re
from dataclasses import replace
from typing import Final

from plugins.resume_parser.dates import DURATION, find_dates, take_date
from plugins.resume_parser.places import place_score
from plugins.resume_parser.rows import Row
from plugins.resume_parser.vocabulary import PREFIXES

_TERMINAL: Final = (".", "!", "?", ":", ";")


def is_meta(cell: str) -> bool:
    """Whether the cell is nothing but a date, a duration or a place."""
    if len(cell) > 60:
        return False
    span, rest = take_date(cell)
    if span is not None:
        return not rest or place_score(rest) >= 0.85
    return _is_duration(cell) or place_score(cell) >= 0.85


def _is_duration(cell: str) -> bool:
    return any(each.isdigit() for each in cell) and DURATION.fullmatch(cell) is not None


def join(one: str, other: str) -> str:
    """Join two lines of a paragraph; a word parted at the end of the line becomes whole."""
    if one.endswith("-") and not one.endswith((" -", "--")) and other[:1].islower():
        stem = re.split(r"[\s(/]", one)[-1][:-1].lower()
        return one + other if stem in PREFIXES or "-" in stem else one[:-1] + other
    return f"{one} {other}"


def paragraphs(rows: list[Row]) -> list[Row]:
    """Return the rows of a section with wrapped lines joined and side notes at their header."""
    rows = _rejoined_columns(_with_whole_dates(rows))
    right = max((row.x1 for row in rows if row.x1 is not None), default=None)
    longest = max((len(row.text) for row in rows), default=0)
    joined: list[Row] = []
    for whole in rows:
        side = _side_cells(whole, joined)
        _give_to_header(joined, side)
        row = _without(whole, len(side))
        if row is None:
            continue
        last = joined[-1] if joined else None
        if last is not None and _continues(last, row, right, longest):
            joined[-1] = replace(
                last,
                text=join(last.text, row.text),
                cells=[join(last.text, row.text)],
                tail=[*last.tail, row, *row.tail],
            )
        else:
            joined.append(row)
    return joined


def _side_cells(row: Row, joined: list[Row]) -> list[str]:
    """Dates and places at the right of a line that isn't a header itself."""
    if len(row.cells) < 2:
        return []
    wraps = bool(joined) and joined[-1].bullet and row.cells[0][:1].islower()
    if not row.bullet and not wraps:
        return []
    count = 0
    for cell in reversed(row.cells[1:]):
        if not is_meta(cell):
            break
        count += 1
    return row.cells[len(row.cells) - count :] if count else []


def _without(row: Row, count: int) -> Row | None:
    if not count:
        return row
    cells = row.cells[: len(row.cells) - count]
    return replace(row, cells=cells, text=" ".join(cells)) if cells else None


def _give_to_header(joined: list[Row], cells: list[str]) -> None:
    for number in range(len(joined) - 1, -1, -1):
        if not joined[number].bullet:
            header = joined[number]
            kept = [cell for cell in cells if not _is_duration(cell)]
            joined[number] = replace(header, cells=[*header.cells, *kept])
            return


def _continues(last: Row, row: Row, right: float | None, longest: int) -> bool:
    if row.bullet or row.numbered or len(row.cells) > 1:
        return False
    lower = row.text[:1].islower()
    end = last.tail[-1] if last.tail else last
    if last.bullet or last.numbered:
        return _continues_bullet(last, end, row)
    resized = last.size and row.size and abs(last.size - row.size) > 0.6
    if len(last.cells) > 1 or last.bold != row.bold or resized:
        return False
    dated = bool(find_dates(row.text)) and take_date(row.text)[0] is not None
    if dated or (row.gap and row.page == end.page):
        return False
    full = (
        end.x1 >= right - 45 and end.x1 - (end.x0 or 0) > 200
        if right is not None and end.x1 is not None
        else len(end.text) >= max(60, longest * 0.8)
    )
    if last.text.endswith(_TERMINAL) or last.text.endswith("-"):
        return full and len(last.text) > 60 and last.text.endswith((".", "-")) and lower
    return full and len(end.text) > 50 and (lower or (len(last.text) > 80 and end.x0 is not None))


def _continues_bullet(last: Row, end: Row, row: Row) -> bool:
    lower = row.text[:1].islower()
    if row.bold and not end.bold and not last.bold:
        return False
    if row.x0 is not None and last.x0 is not None and row.page == last.page:
        if row.x0 <= last.x0 + 2 or row.x0 > last.x0 + 60:
            return lower and not row.gap and row.x0 > last.x0 - 2
        same_row = end.y0 is not None and row.y0 is not None and abs(row.y0 - end.y0) < 2
        return not row.gap or lower or same_row
    if row.x0 is not None:
        return lower
    if row.indent or last.indent:
        return row.indent >= last.indent + 2 if row.indent != last.indent else lower
    return lower


_CUT: Final = re.compile(r"(?:[–—-]|\b(?:to|bis|au|à|al?|tot|do))\s*(?:[^\W\d_]{3,12}\.?)?$")


def _with_whole_dates(rows: list[Row]) -> list[Row]:
    """Join a date that is wrapped in its narrow column: `August 2020 – October` above `2024`."""
    result: list[Row] = []
    for row in rows:
        last = result[-1] if result else None
        number = _cut_cell(last, row) if last is not None else None
        if last is not None and number is not None:
            cells = list(last.cells)
            cells[number] = f"{cells[number]} {row.cells[0]}"
            result[-1] = replace(last, cells=[*cells, *row.cells[1:]])
        else:
            result.append(row)
    return result


def _cut_cell(last: Row, row: Row) -> int | None:
    """Index of the cell of the row above that this row completes to a range of dates."""
    if row.bullet or len(row.cells[0]) > 18 or row.page != last.page:
        return None
    for number in {0, len(last.cells) - 1}:
        cell = last.cells[number]
        if len(cell) > 32 or not find_dates(cell) or _CUT.search(cell) is None:
            continue
        span, rest = take_date(f"{cell} {row.cells[0]}")
        if span is not None and span.ranged and not rest:
            return number
    return None


def _rejoined_columns(rows: list[Row]) -> list[Row]:
    """Give rows that only hold dates or places to the row beside them, where positions are known.

    A narrow column of dates, left or right of the entries, may have been read as a column.
    """
    if not any(row.y0 is not None for row in rows):
        return _trailing_to_front(rows)
    meta = {row.index for row in rows if all(is_meta(cell) for cell in row.cells)}
    given: dict[int, tuple[list[str], list[str]]] = {}
    gone: set[int] = set()
    for row in rows:
        if row.index not in meta or row.y0 is None or row.x0 is None:
            continue
        beside = _beside(row, [each for each in rows if each.index not in meta])
        if beside is not None:
            left, right = given.setdefault(beside.index, ([], []))
            is_left = row.x0 < (beside.x0 or 0)
            (left if is_left else right).extend(c for c in row.cells if not _is_duration(c))
            gone.add(row.index)
    result = []
    for row in rows:
        if row.index in given:
            left, right = given[row.index]
            result.append(replace(row, cells=[*left, *row.cells, *right]))
        elif row.index not in gone:
            result.append(row)
    return result


def _beside(row: Row, others: list[Row]) -> Row | None:
    """The row of the same height; else, in the same block, the header that it hangs under."""
    if row.y0 is None or row.x0 is None or row.x1 is None:
        return None
    above: Row | None = None
    for other in others:
        if other.page != row.page or other.y0 is None or other.x0 is None or other.x1 is None:
            continue
        if other.bullet or other.text[:1].islower():
            continue
        apart = other.x1 < row.x0 or other.x0 > row.x1
        if apart and abs(other.y0 - row.y0) < 4:
            return other
        under = 0 < row.y0 - other.y0 < 45 and other.x0 + 60 < row.x0
        if under and other.block == row.block and (above is None or (above.y0 or 0) < other.y0):
            above = other
    return above


def _trailing_to_front(rows: list[Row]) -> list[Row]:
    """Without positions: dates that follow the bullets of their entry go to its first row."""
    first_bullet = next((n for n, row in enumerate(rows) if row.bullet), None)
    if first_bullet is None or any(find_dates(row.text) for row in rows[:first_bullet]):
        return rows
    result: list[Row] = []
    entry_start = 0
    begun = False
    for row in rows:
        if not row.bullet and begun and all(is_meta(cell) for cell in row.cells):
            head = result[entry_start] if entry_start < len(result) else None
            if head is not None and not head.bullet:
                kept = [cell for cell in row.cells if not _is_duration(cell)]
                result[entry_start] = replace(head, cells=[*head.cells, *kept])
                continue
        if row.bullet:
            begun = True
        elif begun and not row.text[:1].islower():
            begun, entry_start = False, len(result)
        result.append(row)
    return result
