"""Words of a PDF page to segments: parts of lines without a wide gap. Called by `pdf.py`."""

import re
from collections.abc import Iterable
from itertools import pairwise
from statistics import median

import msgspec

from plugins.document_reader.pdf_glyphs import Word

_JOIN_GAP = 0.7
"""Of the size: a wider gap inside a line separates cells."""
_MERGE_GAP = 0.5
_NEAR = 0.8
"""Of the size: a line below is the next one of its paragraph."""
_BEGUN = re.compile(
    r"(?:[^\W\d_]{2,12}\.?\s+)?[\d./'\u2019-]{2,10}\s*"
    r"(?:[-\u2013\u2014]|\b(?:to|until|bis|\u00e0|a|al|tot|do)\b)\s*(?:[^\W\d_]{2,12}\.?)?"
)
"""A period whose end is missing: `Sept 2022 -`, `October 2019 to March`."""
_ENDED = re.compile(
    r"(?:[^\W\d_]{2,12}\.?\s+)?[\d./'\u2019-]{2,10}|[^\W\d_]{3,14}(?:\s[^\W\d_]{3,5})?"
)


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
    return _with_whole_periods(_spelled_out(_merged(found)))


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


def _with_whole_periods(segments: list[Segment]) -> list[Segment]:
    """Put a period that a narrow cell breaks, `Sept 2022 - / Jul 2025`, into one segment."""
    used: set[int] = set()
    for segment in segments:
        if id(segment) in used or not _BEGUN.fullmatch(segment.text):
            continue
        rest = next((each for each in segments if _ends_period(segment, each)), None)
        if rest is not None:
            used.add(id(rest))
            rest.words[0].after_space = True
            segment.words += rest.words
            # Its place stays the first line's, on which its neighbours stand.
            segment.left, segment.right = (
                min(segment.left, rest.left),
                max(segment.right, rest.right),
            )
    return [each for each in segments if id(each) not in used]


def _ends_period(segment: Segment, below: Segment) -> bool:
    is_next = below.top - segment.top >= 0 and below.top - segment.bottom < _NEAR * below.size
    is_under = abs(below.left - segment.left) < 3 or abs(below.right - segment.right) < 3
    return below is not segment and is_next and is_under and bool(_ENDED.fullmatch(below.text))
