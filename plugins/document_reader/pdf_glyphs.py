"""The words of a PDF page with their place, style and the objects that draw them.

Called by `pdf.py`. PDFium keeps the characters of a page in the order of the file, which is
seldom the order of reading; `pdf_layout.py` makes lines of what this gives.
"""

import ctypes
import math
import unicodedata
from collections.abc import Callable, Iterator
from typing import Any

import msgspec
import pypdfium2.raw as pdfium_c

_HYPHEN_AT_LINE_END = 2
_INVISIBLE_MODES = frozenset({3, 7})
"""Text render modes that paint nothing: invisible, and clip only (PDF 32000-1, table 106)."""
_FORCE_BOLD = 1 << 18
_ITALIC = 1 << 6
_BOLD_WEIGHT = 600
_SCALE = 1000
"""PDFium maps a page to whole device pixels; so many of them to a point."""
_NAME_LENGTH = 128
_BOLD_NAMES = ("bold", "black", "heavy", "semibd", "demi")
_ITALIC_NAMES = ("italic", "oblique", "slanted")


class Style(msgspec.Struct, frozen=True):
    """How the words of one text object are painted."""

    is_bold: bool
    is_italic: bool
    color: int
    """Of the fill, 0xRRGGBB."""
    paints: bool
    """False for render mode 3 and for a fill without any opacity."""
    font: str
    points: float
    """Its size, 0 when unknown."""


class Word(msgspec.Struct, gc=False):
    """Characters without space between them; the box is in points from the upper left corner."""

    text: str
    left: float
    top: float
    right: float
    bottom: float
    style: Style
    objects: list[int]
    """Addresses of PDFium's text objects."""
    after_space: bool = False
    after_icon: bool = False
    is_turned: bool = False
    glyphs: int = 0
    is_hidden: bool = False

    @property
    def size(self) -> float:
        """Its height; for what stands on its side, its width."""
        return self.right - self.left if self.is_turned else self.bottom - self.top

    @property
    def points(self) -> float:
        """The font's size; the height of the letters where a nested drawing scales them."""
        stated, high = self.style.points, self.size
        return stated if 0.4 * high <= stated <= 2.5 * high else round(high, 1)

    @property
    def middle(self) -> float:
        """Half way between its top and its bottom."""
        return (self.top + self.bottom) / 2


class Affine(msgspec.Struct, frozen=True):
    """From the page's own coordinates to points from the upper left corner as displayed."""

    a: float
    b: float
    c: float
    d: float
    e: float
    f: float

    @property
    def swaps_axes(self) -> bool:
        """Whether the page is displayed on its side."""
        return abs(self.b) > abs(self.a)

    def box(self, x0: float, y0: float, x1: float, y1: float) -> tuple[float, float, float, float]:
        """Return left, top, right, bottom of what the rectangle becomes."""
        u0, v0 = self.a * x0 + self.c * y0 + self.e, self.b * x0 + self.d * y0 + self.f
        u1, v1 = self.a * x1 + self.c * y1 + self.e, self.b * x1 + self.d * y1 + self.f
        return (
            (min(u1, u0)),
            (min(v1, v0)),
            (max(u0, u1)),
            (max(v0, v1)),
        )


def display_of(page: Any) -> Affine:
    """How PDFium places this page, its rotation and crop box included."""
    width, height = page.get_size()
    across, down = ctypes.c_int(), ctypes.c_int()

    def at(x: float, y: float) -> tuple[float, float]:
        pdfium_c.FPDF_PageToDevice(
            page.raw, 0, 0, int(width * _SCALE), int(height * _SCALE), 0, x, y, across, down
        )
        return across.value / _SCALE, down.value / _SCALE

    (e, f), (ax, ay), (bx, by) = at(0, 0), at(100, 0), at(0, 100)
    return Affine((ax - e) / 100, (ay - f) / 100, (bx - e) / 100, (by - f) / 100, e, f)


def _direct(function: Any, result: Any, *arguments: Any) -> Callable[..., int]:
    """The same C function without ctypes' conversion of opaque pointers, which costs most."""
    address = ctypes.cast(function, ctypes.c_void_p).value
    prototype: Any = ctypes.CFUNCTYPE(result, *arguments)
    bound: Callable[..., int] = prototype(address)
    return bound


_unicode_of = _direct(pdfium_c.FPDFText_GetUnicode, ctypes.c_uint, ctypes.c_void_p, ctypes.c_int)
_object_of = _direct(
    pdfium_c.FPDFText_GetTextObject, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int
)
_box_of = _direct(
    pdfium_c.FPDFText_GetLooseCharBox,
    ctypes.c_int,
    ctypes.c_void_p,
    ctypes.c_int,
    ctypes.c_void_p,
)


class Styles:
    """Asks each text object and each font once."""

    def __init__(self) -> None:
        self._objects: dict[int, Style] = {}
        self._turned: dict[int, bool] = {}
        self._fonts: dict[int, tuple[bool, bool, str]] = {}

    def of(self, address: int) -> Style:
        """The style of the text object at the address."""
        found = self._objects.get(address)
        if found is None:
            found = self._objects[address] = self._ask(address)
        return found

    def is_turned(self, address: int) -> bool:
        """Whether the object's letters stand on their side of the undisplayed page."""
        found = self._turned.get(address)
        if found is None:
            matrix = pdfium_c.FS_MATRIX()
            known = pdfium_c.FPDFPageObj_GetMatrix(handle(address), matrix)
            found = bool(known) and abs(matrix.b) > abs(matrix.a)
            self._turned[address] = found
        return found

    def _ask(self, address: int) -> Style:
        item = handle(address)
        red, green, blue, alpha = (ctypes.c_uint() for _ in range(4))
        has_fill = pdfium_c.FPDFPageObj_GetFillColor(item, red, green, blue, alpha)
        mode = pdfium_c.FPDFTextObj_GetTextRenderMode(item)
        is_bold, is_italic, name = self._font(pdfium_c.FPDFTextObj_GetFont(item))
        return Style(
            is_bold=is_bold,
            is_italic=is_italic,
            color=(red.value << 16 | green.value << 8 | blue.value) if has_fill else 0,
            paints=mode not in _INVISIBLE_MODES and not (has_fill and alpha.value == 0),
            font=name,
            points=_points_of(item),
        )

    def _font(self, font: Any) -> tuple[bool, bool, str]:
        address = ctypes.cast(font, ctypes.c_void_p).value or 0
        if address not in self._fonts:
            self._fonts[address] = _ask_font(font) if address else (False, False, "")
        return self._fonts[address]


def _points_of(item: Any) -> float:
    size, matrix = ctypes.c_float(), pdfium_c.FS_MATRIX()
    if not pdfium_c.FPDFTextObj_GetFontSize(item, size):
        return 0.0
    if pdfium_c.FPDFPageObj_GetMatrix(item, matrix):
        return round(abs(size.value) * math.hypot(matrix.c, matrix.d), 1)
    return round(abs(size.value), 1)


def handle(address: int) -> Any:
    """The pointer to a page object that PDFium's functions take."""
    return ctypes.cast(address, pdfium_c.FPDF_PAGEOBJECT)


def _ask_font(font: Any) -> tuple[bool, bool, str]:
    buffer = ctypes.create_string_buffer(_NAME_LENGTH)
    pdfium_c.FPDFFont_GetBaseFontName(font, buffer, _NAME_LENGTH)
    name = buffer.value.decode("utf-8", "replace").rpartition("+")[2]
    lower = name.lower()
    flags = pdfium_c.FPDFFont_GetFlags(font)
    is_bold = (
        any(part in lower for part in _BOLD_NAMES)
        or (flags > 0 and bool(flags & _FORCE_BOLD))
        or pdfium_c.FPDFFont_GetWeight(font) >= _BOLD_WEIGHT
    )
    is_italic = any(part in lower for part in _ITALIC_NAMES) or (
        flags > 0 and bool(flags & _ITALIC)
    )
    return is_bold, is_italic, name


def words_of(text_page: Any, count: int, display: Affine) -> Iterator[Word]:
    """Yield the page's words in the order of the file; `count` characters are looked at."""
    page = ctypes.cast(text_page.raw, ctypes.c_void_p)
    rectangle = pdfium_c.FS_RECTF()
    place = ctypes.addressof(rectangle)
    styles = Styles()
    word: Word | None = None
    after_space = after_icon = False
    for index in range(count):
        code = _unicode_of(page, index)
        text = _text_of(code)
        if not text:
            if word is not None:
                yield word
                word = None
            after_space = True
            after_icon = after_icon or _is_icon(code)
            continue
        if code == _HYPHEN_AT_LINE_END and word is not None:
            word.text += text
            continue
        address = _object_of(page, index) or 0
        _box_of(page, index, place)
        box = display.box(rectangle.left, rectangle.bottom, rectangle.right, rectangle.top)
        style = styles.of(address)
        if word is not None and _continues(word, box, style):
            _extend(word, text, box, address)
            continue
        if word is not None:
            yield word
        word = Word(text, *box, style=style, objects=[address], glyphs=1)
        word.is_turned = styles.is_turned(address) != display.swaps_axes
        word.after_space, word.after_icon = after_space, after_icon
        after_space = after_icon = False
    if word is not None:
        yield word


_KNOWN: dict[int, str] = {}


def _text_of(code: int) -> str:
    """What the character means; nothing for space, controls and private pictures."""
    found = _KNOWN.get(code)
    if found is None:
        found = _KNOWN[code] = _meaning(code) if len(_KNOWN) < 65536 else ""
    return found


def _meaning(code: int) -> str:
    if code == _HYPHEN_AT_LINE_END:
        return "-"
    if not 0 < code <= 0x10FFFF:
        return ""
    character = chr(code)
    if 0xFB00 <= code <= 0xFB06:
        return unicodedata.normalize("NFKC", character)
    if character.isspace() or unicodedata.category(character) in {"Cc", "Co", "Cs", "Cn"}:
        return ""
    return character


def _is_icon(code: int) -> bool:
    return 0xE000 <= code <= 0xF8FF or code >= 0xF0000


def _continues(word: Word, box: tuple[float, float, float, float], style: Style) -> bool:
    """Whether a character stands right behind the word, on its line and painted like it."""
    if style is not word.style and style != word.style:
        return False
    left, top, right, bottom = box
    if word.is_turned:
        return min(word.right, right) - max(word.left, left) > 0.5 * (right - left)
    size = bottom - top
    gap = left - word.right
    overlap = min(word.bottom, bottom) - max(word.top, top)
    return overlap > 0.5 * size and -1.2 * size < gap < 0.6 * size


def _extend(word: Word, text: str, box: tuple[float, float, float, float], address: int) -> None:
    word.text += text
    word.glyphs += 1
    left, top, right, bottom = box
    word.left = min(word.left, left)
    word.top = min(word.top, top)
    word.right = max(word.right, right)
    word.bottom = max(word.bottom, bottom)
    if address != word.objects[-1]:
        word.objects.append(address)
