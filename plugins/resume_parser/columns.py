"""Puts a narrow column of labels or dates back beside what it labels.

Forms such as the Europass set `Dates`, `Employer` in a column of their own; reading column by
column leaves the labels in one heap and what they label in another.
"""

from collections.abc import Sequence
from dataclasses import replace

from plugins.resume_parser.dates import find_dates, take_date
from plugins.resume_parser.folding import key
from plugins.resume_parser.rows import Row
from plugins.resume_parser.vocabulary import CONTACT_LABELS, FIELD_LABELS

_SAME_HEIGHT = 3.5
"""In points: how far apart the tops of a label and its text may be."""


def paired_columns(rows: list[Row]) -> list[Row]:
    """Return the rows with such columns merged, by height; all others as they were."""
    result = list(rows)
    at = 1
    while at < len(result):
        begin, stop = _columns(result, at)
        if stop > at and (merged := _merged(result[begin:at], result[at:stop])) is not None:
            result[begin:stop] = merged
            at = begin + len(merged)
        at += 1
    return _dates_beside(result)


def _dates_beside(rows: list[Row]) -> list[Row]:
    """Give dates that were read with another column to the row of their height."""
    result = list(rows)
    for before, row, after in zip([None, *rows], rows, [*rows[1:], None], strict=False):
        dates = find_dates(row.text) if len(row.text) < 40 and not row.bullet else []
        at_home = _is_near(row, before) or _is_near(row, after)
        if not dates or at_home or take_date(row.text)[1]:
            continue
        match = next((each for each in result if _is_right_of(row, each)), None)
        if match is not None and not match.bullet and not _is_label(match):
            result.remove(row)
            number = result.index(match)
            result[number] = replace(match, cells=[*match.cells, *row.cells])
    return result


def _is_near(row: Row, other: Row | None) -> bool:
    """Whether the row next in reading order stands above or under it, in the same column."""
    if other is None or other.y0 is None or row.y0 is None or other.page != row.page:
        return False
    if row.x0 is None or row.x1 is None or other.x0 is None or other.x1 is None:
        return True
    return abs(row.y0 - other.y0) < 30 and other.x0 < row.x1 and row.x0 < other.x1


def _is_right_of(row: Row, other: Row) -> bool:
    return other.page == row.page and other.index != row.index and _is_beside(other, row)


def _columns(rows: list[Row], at: int) -> tuple[int, int]:
    """Bounds of the two columns when the second begins at `at`; nothing when none does."""
    last, first = rows[at - 1], rows[at]
    if last.page != first.page or last.y0 is None or first.y0 is None or first.x0 is None:
        return at, at
    if first.y0 > last.y0 - 10:
        return at, at
    begin = at
    while begin > 0 and _is_level_with(rows[begin - 1], first):
        begin -= 1
    stop = at
    while stop < len(rows) and _goes_on(rows[stop], first):
        stop += 1
    return begin, stop


def _is_level_with(row: Row, first: Row) -> bool:
    top = first.y0 or 0.0
    return row.page == first.page and row.y0 is not None and row.y0 >= top - _SAME_HEIGHT


def _goes_on(row: Row, first: Row) -> bool:
    left = first.x0 or 0.0
    return row.page == first.page and row.x0 is not None and row.x0 >= left - 5


def _merged(labels: Sequence[Row], texts: Sequence[Row]) -> list[Row] | None:
    """The two columns as one, or None when the first is no column of labels."""
    beside: dict[int, Row] = {}
    for label in labels:
        match = next((text for text in texts if _is_beside(label, text)), None)
        if match is not None:
            beside[match.index] = label
    paired = list(beside.values())
    known = [row for row in paired if _is_label(row) or find_dates(row.text)]
    alone = [row for row in labels if row not in paired and not row.bold and not row.caps]
    if len(known) < 2 or len(known) < len(paired) * 0.6 or len(alone) > len(paired) * 0.4:
        return None
    merged = [row for row in labels if row not in paired]
    for text in texts:
        label_row = beside.get(text.index)
        if label_row is None or _is_label(label_row):
            merged.append(text)
        else:
            merged.append(replace(text, cells=[*label_row.cells, *text.cells]))
    return sorted(merged, key=lambda row: row.y0 or 0.0)


def _is_beside(label: Row, text: Row) -> bool:
    if label.y0 is None or text.y0 is None or label.x1 is None or text.x0 is None:
        return False
    return abs(label.y0 - text.y0) < _SAME_HEIGHT and label.x1 < text.x0


def _is_label(row: Row) -> bool:
    return key(row.text) in FIELD_LABELS or key(row.text) in CONTACT_LABELS
