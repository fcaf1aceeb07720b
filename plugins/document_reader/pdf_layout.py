"""The order of reading: words to segments, segments to columns, columns to rows.

Called by `pdf.py` with the words of one page that a reader sees. Columns are found where a strip
without ink runs between two texts of their own; a strip beside dates or labels that stand on the
lines of their neighbour is no column, and is read row by row.
"""

import re
from collections.abc import Iterable, Sequence
from itertools import pairwise
from statistics import median

import msgspec

from plugins.document_reader.pdf_glyphs import Word

_JOIN_GAP = 0.7
"""Of the size: a wider gap inside a line separates cells."""
_MERGE_GAP = 0.5
_GUTTER = 7.0
"""Points; a narrower strip isn't a gutter."""
_LEAST_LINES = 4
"""So many on each side make a column."""
_LEAST_STARTS = 3
_ALIGNED = 0.25
"""Of the size: lines whose middles differ by less stand on one row."""
_DATE = re.compile(r"\b(?:19|20)\d\d\b|\b\d{1,2}[/.]\d{2,4}\b")
_LONGEST_LABEL = 34
_BULLETS = frozenset("•◦▪‣·∙●○■□—-*➢➤►▸✓◆❖§\N{EN DASH}")


class Segment(msgspec.Struct, gc=False):
    """Words of one line without a wide gap between them."""

    words: list[Word]
    left: float
    top: float
    right: float
    bottom: float
    is_turned: bool = False

    @property
    def middle(self) -> float:
        """Half way between its top and its bottom."""
        return (self.top + self.bottom) / 2

    @property
    def size(self) -> float:
        """Its height; for what stands on its side, its width."""
        return max(1.0, self.right - self.left if self.is_turned else self.bottom - self.top)

    @property
    def text(self) -> str:
        """Its words with a space between."""
        return " ".join(word.text for word in self.words)

    @property
    def is_bold(self) -> bool:
        """Whether every word of it is bold."""
        return all(word.style.is_bold for word in self.words)


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


def segments_of(words: Iterable[Word]) -> list[Segment]:
    """Group words that follow one another in the file, then what the file has apart."""
    found: list[Segment] = []
    for word in words:
        if found and _belongs(found[-1], word):
            _append(found[-1], word)
        else:
            found.append(
                Segment([word], word.left, word.top, word.right, word.bottom, word.is_turned)
            )
    return _spelled_out(_merged(found))


def _belongs(segment: Segment, word: Word) -> bool:
    if word.is_turned or segment.is_turned:
        return (
            word.is_turned == segment.is_turned
            and min(segment.right, word.right) - max(segment.left, word.left) > 0.5 * word.size
        )
    size = min(segment.size, word.size)
    overlap = min(segment.bottom, word.bottom) - max(segment.top, word.top)
    gap = word.left - segment.right
    if word.after_icon:
        return False
    return overlap > 0.5 * size and -0.3 * size < gap < _JOIN_GAP * size


def _append(segment: Segment, word: Word) -> None:
    segment.words.append(word)
    segment.left = min(segment.left, word.left)
    segment.top = min(segment.top, word.top)
    segment.right = max(segment.right, word.right)
    segment.bottom = max(segment.bottom, word.bottom)


def _merged(segments: list[Segment]) -> list[Segment]:
    """Join what touches on one line, though the file has it in another order."""
    ordered = sorted(segments, key=lambda each: (each.left, each.top))
    ending: dict[int, list[Segment]] = {}
    kept: list[Segment] = []
    for segment in ordered:
        row = int(segment.middle) >> 3
        before = [each for key in (row - 1, row, row + 1) for each in ending.get(key, ())]
        neighbour = next((each for each in before if _touches(each, segment)), None)
        if neighbour is None:
            kept.append(segment)
            ending.setdefault(row, []).append(segment)
        else:
            for word in segment.words:
                _append(neighbour, word)
    return sorted(kept, key=lambda each: (each.top, each.left))


def _touches(one: Segment, other: Segment) -> bool:
    if one.is_turned or other.is_turned or other.words[0].after_icon:
        return False
    size = min(one.size, other.size)
    overlap = min(one.bottom, other.bottom) - max(one.top, other.top)
    return overlap > 0.5 * size and -0.3 * size < other.left - one.right < _MERGE_GAP * size


def _spelled_out(segments: list[Segment]) -> list[Segment]:
    """Set letters that stand apart for looks, E X P E R I E N C E, back into words."""
    for segment in segments:
        words = segment.words
        if len(words) < 4 or any(len(word.text) > 1 for word in words):
            continue
        gaps = [after.left - before.right for before, after in pairwise(words)]
        usual = median(gaps)
        joined = [words[0]]
        for gap, word in zip(gaps, words[1:], strict=True):
            if gap > usual * 1.6 + 0.5:
                joined.append(word)
            else:
                joined[-1].text += word.text
                joined[-1].right = word.right
        segment.words = joined
    return segments


def reading_rows(segments: Sequence[Segment]) -> list[Row]:
    """Return the page's lines in reading order; a change of `block` is a visible gap."""
    rows: list[Row] = []
    block = 0
    for leaf in _leaves(list(segments), depth=0):
        made = _rows(leaf)
        block = _number_blocks(made, block) + 1
        rows += made
    return rows


class _Gutter(msgspec.Struct):
    left: list[Segment]
    right: list[Segment]
    above: list[Segment]
    below: list[Segment]
    score: float


def _leaves(segments: list[Segment], depth: int) -> list[list[Segment]]:
    """Split at gutters until none is left."""
    if len(segments) < 2 * _LEAST_LINES or depth > 6:
        return [segments] if segments else []
    gutter = _best_gutter(segments)
    if gutter is None:
        return [segments]
    return [
        leaf
        for part in (gutter.above, gutter.left, gutter.right, gutter.below)
        for leaf in _leaves(part, depth + 1)
    ]


def _best_gutter(segments: list[Segment]) -> _Gutter | None:
    starts: dict[int, list[float]] = {}
    for segment in segments:
        if not segment.is_turned:
            starts.setdefault(round(segment.left / 3), []).append(segment.left)
    far_left = min(segment.left for segment in segments)
    best: _Gutter | None = None
    for lefts in starts.values():
        at = min(lefts)
        if len(lefts) < _LEAST_STARTS or at < far_left + 30:
            continue
        gutter = _gutter_at(segments, at)
        if gutter is not None and (best is None or gutter.score > best.score):
            best = gutter
    return best


def _gutter_at(segments: list[Segment], at: float) -> _Gutter | None:
    """The tallest band in which nothing crosses the strip left of `at`, if it has two columns."""
    crossing = sorted(
        (each for each in segments if each.left < at - 0.5 and each.right > at - _GUTTER),
        key=lambda each: each.top,
    )
    edges = [float("-inf"), *(each.middle for each in crossing), float("inf")]
    beside = [each for each in segments if not (each.left < at - 0.5 and each.right > at - _GUTTER)]
    best: _Gutter | None = None
    for upper, lower in pairwise(edges):
        band = [each for each in beside if upper < each.middle < lower]
        left = [each for each in band if each.right <= at]
        right = [each for each in band if each.right > at]
        if not _are_columns(left, right):
            continue
        score = min(len(left), len(right)) + 0.01 * len(band)
        if best is None or score > best.score:
            inside = {id(each) for each in band}
            outside = [each for each in segments if id(each) not in inside]
            top = min(each.top for each in band)
            above = [each for each in outside if each.middle <= top]
            below = [each for each in outside if each.middle > top]
            best = _Gutter(left, right, above, below, score)
    return best


def _are_columns(left: list[Segment], right: list[Segment]) -> bool:
    """Whether the two are texts of their own, and not the cells of common rows."""
    if min(len(left), len(right)) < _LEAST_LINES:
        return False
    narrow, wide = sorted((left, right), key=_ink)
    levels = sorted(each.middle for each in wide)
    on_rows = sum(_stands_on(each, levels) for each in narrow) / len(narrow)
    dated = sum(bool(_DATE.search(each.text)) for each in narrow) / len(narrow)
    length = median(len(each.text) for each in narrow)
    if on_rows >= 0.8 and length <= _LONGEST_LABEL:
        return False
    if dated >= 0.3 and on_rows >= 0.4 and length <= _LONGEST_LABEL:
        return False
    # A stack of places and dates beside each entry starts on the entry's first line.
    return not (dated >= 0.2 and _stacks_start_on(narrow, levels) >= 0.85 and length <= 22)


def _ink(segments: list[Segment]) -> float:
    return sum(each.right - each.left for each in segments)


def _stands_on(segment: Segment, levels: list[float]) -> bool:
    return any(abs(segment.middle - level) <= _ALIGNED * segment.size for level in levels)


def _stacks_start_on(narrow: list[Segment], levels: list[float]) -> float:
    heads = [stack[0] for stack in _stacks(narrow)]
    return sum(_stands_on(head, levels) for head in heads) / len(heads)


def _stacks(segments: list[Segment]) -> list[list[Segment]]:
    """Lines that stand close below one another."""
    stacks: list[list[Segment]] = []
    for segment in sorted(segments, key=lambda each: each.top):
        if stacks and segment.top - stacks[-1][-1].bottom < 0.6 * segment.size:
            stacks[-1].append(segment)
        else:
            stacks.append([segment])
    return stacks


def _rows(segments: list[Segment]) -> list[Row]:
    """Lines from top to bottom, cells from left to right."""
    rows: list[Row] = []
    for segment in sorted(segments, key=lambda each: each.middle):
        if rows and not segment.is_turned and _is_on(rows[-1], segment):
            rows[-1].cells.append(segment)
        else:
            rows.append(Row([segment]))
    for row in rows:
        row.cells.sort(key=lambda each: each.left)
    return _pulled_up(_with_whole_periods(rows))


def _is_on(row: Row, segment: Segment) -> bool:
    last = row.cells[-1]
    if last.is_turned:
        return False
    overlap = min(last.bottom, segment.bottom) - max(last.top, segment.top)
    apart = abs(last.middle - segment.middle)
    return overlap > 0 and apart < 0.45 * min(last.size, segment.size)


def _with_whole_periods(rows: list[Row]) -> list[Row]:
    """Put a period that a narrow first cell breaks, `Sept 2022 - / Jul 2025`, into one cell."""
    for upper, lower in pairwise(rows):
        if len(upper.cells) < 2 or len(lower.cells) < 2:
            continue
        first, rest = upper.cells[0], lower.cells[0]
        is_below = abs(first.left - rest.left) < 3 and rest.top - first.bottom < 0.8 * rest.size
        is_beside = abs(upper.cells[1].left - lower.cells[1].left) < 12
        if is_below and is_beside and _is_unfinished(first.text, rest.text):
            for word in rest.words:
                first.words.append(word)
                word.after_space = True
            first.bottom = max(first.bottom, rest.bottom)
            lower.cells.pop(0)
    return rows


def _is_unfinished(text: str, rest: str) -> bool:
    """Whether a period goes on: it ends in a dash, a word or a month without its year."""
    if not re.search(r"\d", text) or len(text) + len(rest) > _LONGEST_LABEL:
        return False
    if re.search(r"(?:[-\u2013\u2014]|\s[^\W\d_]{1,10}\.?)$", text):
        return bool(re.match(r"[^\W_]", rest))
    return bool(re.match(r"[-\u2013\u2014]", rest))


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


def _number_blocks(rows: list[Row], first: int) -> int:
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
