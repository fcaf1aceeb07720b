"""The order of reading: columns one after the other. Called by `pdf.py`.

Columns are found where a strip without ink runs between two texts of their own; a strip beside
dates or labels that stand on the lines of their neighbour is no column, and is read row by row.
"""

import re
from collections.abc import Sequence
from itertools import pairwise
from statistics import median

import msgspec

from plugins.document_reader.pdf_rows import Row, number_blocks, rows_of
from plugins.document_reader.pdf_segments import Segment

_GUTTER = 7.0
"""Points; a narrower strip isn't a gutter."""
_LEAST_LINES = 4
"""So many on each side make a column."""
_LEAST_STARTS = 3
_ALIGNED = 0.25
"""Of the size: lines whose middles differ by less stand on one row."""
_DATE = re.compile(r"\b(?:19|20)\d\d\b|\b\d{1,2}[/.]\d{2,4}\b")
_LONGEST_LABEL = 34


def reading_rows(segments: Sequence[Segment]) -> list[Row]:
    """Return the page's lines in reading order; a change of `block` is a visible gap."""
    rows: list[Row] = []
    block = 0
    for leaf in _leaves(list(segments), depth=0):
        made = rows_of(leaf)
        block = number_blocks(made, block) + 1
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
    begin, end = min(each.top for each in wide), max(each.bottom for each in wide)
    beside = [each for each in narrow if begin - 1 <= each.middle <= end + 1]
    if len(beside) < _LEAST_LINES:
        return False
    narrow = beside
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
