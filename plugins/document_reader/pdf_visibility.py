"""Finds words of a PDF page that nobody can see, by comparing what is rendered with what is there.

Called by `pdf.py`. The page is drawn twice at screen size, with its text and without. A word that
leaves no mark between the two pictures is hidden, by whatever means: white on white, behind an
image or a shape, clipped away, in a layer that is off, set in a font of empty letters.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import pypdfium2.raw as pdfium_c

from plugins.document_reader.colors import LEAST_CONTRAST, contrast, linear, luminance
from plugins.document_reader.pdf_glyphs import Word, handle

SMALLEST_POINTS = 2.0
"""Nobody reads smaller letters on a page of paper size."""
_NO_MARK = 10
"""Levels of 255 between the two pictures that no eye tells apart."""
_CLEAR_MARK = 36
"""From here on, no second look at the colours is needed."""
_LEAST_ADVANCE = 0.12
"""Of the height, for the average letter: text squeezed more than this is unreadable."""
_MOST_PIXELS = 1_500_000
_OVERLAP = 0.6
_DEEPEST_PILE = 4
_BUCKET_BITS = 3


class Picture:
    """A rendered page as rows of bytes."""

    def __init__(self, page: Any, scale: float, *, in_color: bool) -> None:
        bitmap = page.render(scale=scale, grayscale=not in_color, prefer_bgrx=in_color)
        self.bytes = bytes(bitmap.buffer)
        self.stride, self.channels = bitmap.stride, bitmap.n_channels
        self.width, self.height = bitmap.width, bitmap.height
        bitmap.close()


class Comparison:
    """Tells how much of a mark the words in a box leave."""

    def __init__(self, whole: Picture, bare: Picture, scale: float) -> None:
        self._whole, self._bare, self._scale = whole, bare, scale

    def mark(self, word: Word) -> int:
        """Return the largest difference in the word's box, or one that is clear already."""
        whole, bare, scale = self._whole, self._bare, self._scale
        left = max(0, int(word.left * scale)) * whole.channels
        right = min(whole.width, int(word.right * scale) + 1) * whole.channels
        top = max(0, int(word.top * scale))
        bottom = min(whole.height, int(word.bottom * scale) + 1)
        largest = 0
        for row in _from_the_middle(top, bottom):
            start = row * whole.stride
            ours = whole.bytes[start + left : start + right]
            theirs = bare.bytes[start + left : start + right]
            if ours != theirs:
                largest = max(largest, _largest_difference(ours, theirs))
                if largest >= _CLEAR_MARK:
                    return largest
        return largest

    def background(self, word: Word) -> int:
        """The commonest grey behind the word, 0 to 255."""
        row = min(self._bare.height - 1, max(0, int(word.middle * self._scale)))
        start = row * self._bare.stride
        left = max(0, int(word.left * self._scale))
        right = max(left + 1, min(self._bare.width, int(word.right * self._scale)))
        behind = self._bare.bytes[start + left : start + right] or b"\xff"
        return max(set(behind), key=behind.count)

    def tells(self, word: Word) -> bool:
        """Whether the word's colour has contrast to the grey behind it."""
        behind = linear(self.background(word) / 255)
        return contrast(luminance(word.style.color), behind) >= LEAST_CONTRAST


def _from_the_middle(top: int, bottom: int) -> Iterable[int]:
    """The rows in the order in which ink is likeliest."""
    middle = (top + bottom) // 2
    yield from range(middle, bottom)
    yield from range(middle - 1, top - 1, -1)


def _largest_difference(ours: bytes, theirs: bytes) -> int:
    return max(abs(mine - other) for mine, other in zip(ours, theirs, strict=True))


def mark_hidden(page: Any, words: Sequence[Word], width: float, height: float) -> None:
    """Set `is_hidden` on every word of the page that a reader can't see."""
    asked: list[Word] = []
    for word in words:
        word.is_hidden = not _could_be_seen(word, width, height)
        if not word.is_hidden:
            asked.append(word)
    if not asked:
        return
    scale = min(1.0, (_MOST_PIXELS / max(1.0, width * height)) ** 0.5)
    whole = Picture(page, scale, in_color=False)
    objects = {address for word in words for address in word.objects if address}
    with _without(objects):
        bare = Picture(page, scale, in_color=False)
    compared = Comparison(whole, bare, scale)
    doubtful = [word for word in asked if _is_doubtful(compared, word)]
    if doubtful:
        _look_in_color(page, doubtful, objects, scale)
    _look_at_piles(page, [word for word in asked if not word.is_hidden], whole, scale)
    _let_punctuation_follow(words)


def _could_be_seen(word: Word, width: float, height: float) -> bool:
    """What needs no picture: paint, size, place."""
    if not word.style.paints or word.size < SMALLEST_POINTS:
        return False
    across = (word.left + word.right) / 2
    if not (0 <= across <= width and 0 <= word.middle <= height):
        return False
    if word.is_turned:
        return True
    is_squeezed = word.glyphs > 3 and word.right - word.left < (
        word.glyphs * word.size * _LEAST_ADVANCE
    )
    return not is_squeezed


def _is_doubtful(compared: Comparison, word: Word) -> bool:
    """Whether its mark in grey is missing, or so faint that its colours have to tell."""
    mark = compared.mark(word)
    if mark >= _CLEAR_MARK:
        return False
    if mark < _NO_MARK:
        return True
    return not compared.tells(word)


def _look_in_color(page: Any, doubtful: list[Word], objects: set[int], scale: float) -> None:
    """Hide what leaves no mark in any colour: red on green of the same grey is seen."""
    whole = Picture(page, scale, in_color=True)
    with _without(objects):
        bare = Picture(page, scale, in_color=True)
    compared = Comparison(whole, bare, scale)
    for word in doubtful:
        # The limit is the clear one: what got here has hardly a mark in grey.
        word.is_hidden = compared.mark(word) < _CLEAR_MARK


def _look_at_piles(page: Any, words: list[Word], whole: Picture, scale: float) -> None:
    """Words that lie on one another are taken away one layer at a time."""
    layers = _layers(words)
    if not layers:
        return
    for depth, layer in enumerate(layers):
        if depth >= _DEEPEST_PILE:
            for word in layer:
                word.is_hidden = True
            continue
        with _without({address for word in layer for address in word.objects if address}):
            bare = Picture(page, scale, in_color=False)
        compared = Comparison(whole, bare, scale)
        for word in layer:
            word.is_hidden = compared.mark(word) < _NO_MARK or not compared.tells(word)


def _layers(words: list[Word]) -> list[list[Word]]:
    """Sort the words that cover one another into layers in which none does."""
    rows: dict[int, list[Word]] = defaultdict(list)
    for word in words:
        rows[int(word.middle) >> _BUCKET_BITS].append(word)
    depths: dict[int, int] = {}
    piled: dict[int, Word] = {}
    for row in sorted(rows):
        near = rows[row] + rows.get(row + 1, [])
        near.sort(key=lambda word: word.left)
        for position, word in enumerate(near):
            for other in near[position + 1 :]:
                if other.left >= word.right:
                    break
                if _covers(word, other):
                    first, second = id(word), id(other)
                    piled[first], piled[second] = word, other
                    depths.setdefault(first, 0)
                    if depths.get(second, 0) == depths[first]:
                        depths[second] = depths[first] + 1
                    depths.setdefault(second, 0)
    layers: dict[int, list[Word]] = defaultdict(list)
    for key, depth in depths.items():
        layers[depth].append(piled[key])
    return [layers[depth] for depth in sorted(layers)]


def _covers(one: Word, other: Word) -> bool:
    if one.text == other.text or set(one.objects) & set(other.objects):
        return False  # the same word printed twice is how some programs make bold
    wide = min(one.right, other.right) - max(one.left, other.left)
    high = min(one.bottom, other.bottom) - max(one.top, other.top)
    if wide <= 0 or high <= 0:
        return False
    least = min(_area(one), _area(other))
    return wide * high > _OVERLAP * least


def _area(word: Word) -> float:
    return max(0.01, (word.right - word.left) * (word.bottom - word.top))


def _let_punctuation_follow(words: Sequence[Word]) -> None:
    """A lone dot or bar is too little ink to judge by; it is as its neighbour in the file."""
    before: Word | None = None
    for word in words:
        if word.is_hidden and word.style.paints and not any(map(str.isalnum, word.text)):
            if before is not None and before.style != word.style:
                word.is_hidden = False
            elif before is not None:
                word.is_hidden = before.is_hidden
        before = word


@contextmanager
def _without(objects: set[int]) -> Iterator[None]:
    for address in objects:
        pdfium_c.FPDFPageObj_SetIsActive(handle(address), 0)
    try:
        yield
    finally:
        for address in objects:
            pdfium_c.FPDFPageObj_SetIsActive(handle(address), 1)
