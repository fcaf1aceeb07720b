"""Segments of one column to its lines, with their cells and blocks. Called by `pdf_layout.py`."""

from itertools import pairwise

import msgspec

from plugins.document_reader.pdf_segments import Segment

_LONGEST_LABEL = 34
_BULLETS = frozenset("•◦▪‣·∙●○■□—-*➢➤►▸✓◆❖§\N{EN DASH}")


class Row(msgspec.Struct, gc=False):
    """A line as read: its cells from left to right."""

    cells: list[Segment]
    block: int = 0

    @property
    def top(self) -> float:
        """Its upper edge."""
        return min(cell.top for cell in self.cells)

    @property
    def bottom(self) -> float:
        """Its lower edge."""
        return max(cell.bottom for cell in self.cells)

    @property
    def starts_list_item(self) -> bool:
        """Whether it begins with a bullet or a dash."""
        return self.cells[0].words[0].text[0] in _BULLETS


def rows_of(segments: list[Segment]) -> list[Row]:
    """Lines from top to bottom, cells from left to right."""
    rows: list[Row] = []
    for segment in sorted(segments, key=lambda each: each.middle):
        if rows and not segment.is_turned and _is_on(rows[-1], segment):
            rows[-1].cells.append(segment)
        else:
            rows.append(Row([segment]))
    for row in rows:
        row.cells.sort(key=lambda each: each.left)
    return _pulled_up(rows)


def _is_on(row: Row, segment: Segment) -> bool:
    last = row.cells[-1]
    if last.is_turned:
        return False
    overlap = min(last.bottom, segment.bottom) - max(last.top, segment.top)
    apart = abs(last.middle - segment.middle)
    return overlap > 0 and apart < 0.45 * min(last.size, segment.size)


def _pulled_up(rows: list[Row]) -> list[Row]:
    """Give a date or place that hangs beside the text of an entry a line before that text.

    In many designs place and date stand below one another at the right edge, so that the date
    comes to lie beside the entry's first bullet, to which it doesn't belong.
    """
    result: list[Row] = []
    for row in rows:
        aside = row.cells[-1]
        is_aside = (
            len(row.cells) == 2
            and len(aside.text) <= _LONGEST_LABEL
            and (row.starts_list_item or _continues_item(result, row))
            and aside.left - row.cells[0].right > 0
        )
        if is_aside:
            place = len(result)
            while place > 0 and (
                result[place - 1].starts_list_item or _is_continuation(result, place - 1)
            ):
                place -= 1
            result.insert(place, Row([aside]))
            result.append(Row(row.cells[:1]))
        else:
            result.append(row)
    return result


def _continues_item(rows: list[Row], row: Row) -> bool:
    """Whether the row goes on with the list item above it."""
    if not rows:
        return False
    return _hangs_under(rows, len(rows) - 1, row)


def _is_continuation(rows: list[Row], position: int) -> bool:
    return position > 0 and _hangs_under(rows, position - 1, rows[position])


def _hangs_under(rows: list[Row], position: int, row: Row) -> bool:
    """Whether `row` starts where the text of the item at or above `position` starts."""
    while position >= 0:
        above = rows[position]
        if above.starts_list_item:
            words = above.cells[0].words
            indent = words[1].left if len(words) > 1 else above.cells[0].left
            return abs(row.cells[0].left - indent) < 3
        if abs(above.cells[0].left - row.cells[0].left) >= 3:
            return False
        position -= 1
    return False


def number_blocks(rows: list[Row], first: int) -> int:
    """Start a block where the gap above is wider than the column's usual one."""
    gaps = [below.top - above.bottom for above, below in pairwise(rows) if below.top >= above.top]
    usual = max(0.0, sorted(gaps)[len(gaps) // 3]) if gaps else 0.0
    block = first
    for position, row in enumerate(rows):
        if position:
            size = row.cells[0].size
            if row.top - rows[position - 1].bottom > usual + 0.25 * size:
                block += 1
        row.block = block
    return block
