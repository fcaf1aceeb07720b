"""Reads PDF files with PDFium. Called by the reading process, through `reading.py`."""

import ctypes
from collections.abc import Iterable, Sequence
from typing import Any

import msgspec
import pypdfium2 as pdfium
import pypdfium2.raw as pdfium_c

from core.ports.documents import DocumentLine, DocumentLink, ReadDocument
from plugins.document_reader.limits import Broken, Encrypted, Limits, Refused, TooLarge
from plugins.document_reader.pdf_glyphs import Affine, Word, display_of, words_of
from plugins.document_reader.pdf_layout import reading_rows
from plugins.document_reader.pdf_lines import (
    line_of,
    without_hyphenation,
    without_running_lines,
)
from plugins.document_reader.pdf_segments import segments_of
from plugins.document_reader.pdf_visibility import mark_hidden

_SCHEMES = ("http://", "https://", "mailto:", "tel:")
_LONGEST_ADDRESS = 2_000
_MOST_LINKS = 300
_LEAST_LETTERS = 20
"""Fewer visible letters than this on all pages, beside pictures, make no text document."""
_LEAST_PICTURE = 0.3
"""Of the page's area: a smaller picture is a portrait or a logo."""
_MOST_PATHS = 400
"""A page without letters, but with so many outlines, is a drawing of text."""

SCANNED = (
    "The pages are pictures without text. Ask for a file with text, or turn on text recognition."
)


class _Page(msgspec.Struct):
    height: float
    lines: list[DocumentLine]
    hidden: list[str]
    links: list[DocumentLink]
    letters: int
    is_picture: bool


def read_pdf(content: bytes, limits: Limits) -> ReadDocument:
    """Read every page. Raises what `limits` names; never returns half a document."""
    document = _open(content)
    try:
        count = len(document)
        if count > limits.pages:
            raise TooLarge(f"It has {count} pages; up to {limits.pages} are read.")
        if count == 0:
            raise Broken("The PDF has no pages.")
        pages: list[_Page] = []
        budget = limits.characters
        block = 0
        for index in range(count):
            page = _read_page(document, index, block, budget, limits)
            budget -= page.letters
            block = page.lines[-1].block + 1 if page.lines else block
            pages.append(page)
        return _assembled(pages, _language_of(document))
    finally:
        document.close()


def _open(content: bytes) -> Any:
    try:
        return pdfium.PdfDocument(content)
    except pdfium.PdfiumError as error:
        if error.err_code in {pdfium_c.FPDF_ERR_PASSWORD, pdfium_c.FPDF_ERR_SECURITY}:
            raise Encrypted from error
        raise Broken("The PDF is damaged and can't be opened.") from error


def _read_page(document: Any, index: int, block: int, budget: int, limits: Limits) -> _Page:
    try:
        page = document[index]
    except pdfium.PdfiumError as error:
        raise Broken(f"Page {index + 1} of the PDF is damaged.") from error
    width, height = page.get_size()
    if not (0 < width <= limits.page_points and 0 < height <= limits.page_points):
        raise Refused(f"Page {index + 1} is {width:.0f} by {height:.0f} points large.")
    objects = pdfium_c.FPDFPage_CountObjects(page.raw)
    if objects > limits.page_objects:
        raise Refused(f"Page {index + 1} is drawn from {objects} pieces.")
    try:
        text_page = page.get_textpage()
    except pdfium.PdfiumError as error:
        raise Broken(f"Page {index + 1} of the PDF is damaged.") from error
    count = text_page.count_chars()
    if count > min(budget, limits.page_characters):
        raise TooLarge(f"Page {index + 1} has {count} characters; that is more than is read.")
    display = display_of(page)
    words = list(words_of(text_page, count, display))
    mark_hidden(page, words, width, height)
    seen = [word for word in words if not word.is_hidden]
    rows = reading_rows(segments_of(seen))
    for row in rows:
        row.block += block
    result = _Page(
        height=height,
        lines=[line_of(row, index + 1) for row in rows],
        hidden=list(_hidden_lines(words)),
        links=list(_links(document, page, display, seen)),
        letters=sum(len(word.text) for word in words),
        is_picture=not seen and _is_picture(page, width * height),
    )
    text_page.close()
    page.close()
    return result


def _hidden_lines(words: Sequence[Word]) -> Iterable[str]:
    """What is hidden, joined as far as it follows itself on one line."""
    run: list[Word] = []
    for word in words:
        if word.is_hidden and run and abs(word.middle - run[-1].middle) < max(1.0, word.size):
            run.append(word)
            continue
        if run:
            yield " ".join(each.text for each in run)
            run = []
        if word.is_hidden:
            run = [word]
    if run:
        yield " ".join(each.text for each in run)


def _is_picture(page: Any, area: float) -> bool:
    paths = 0
    for item in page.get_objects(max_depth=3):
        if item.type == pdfium_c.FPDF_PAGEOBJ_IMAGE:
            left, bottom, right, top = item.get_bounds()
            if (right - left) * (top - bottom) >= _LEAST_PICTURE * area:
                return True
        paths += item.type == pdfium_c.FPDF_PAGEOBJ_PATH
    return paths > _MOST_PATHS


def _links(
    document: Any, page: Any, display: Affine, words: Sequence[Word]
) -> Iterable[DocumentLink]:
    position = ctypes.c_int(0)
    link = pdfium_c.FPDF_LINK()
    for _ in range(_MOST_LINKS):
        if not pdfium_c.FPDFLink_Enumerate(page.raw, position, link):
            return
        action = pdfium_c.FPDFLink_GetAction(link)
        if not action or pdfium_c.FPDFAction_GetType(action) != pdfium_c.PDFACTION_URI:
            continue
        length = pdfium_c.FPDFAction_GetURIPath(document.raw, action, None, 0)
        if not 1 < length <= _LONGEST_ADDRESS:
            continue
        buffer = ctypes.create_string_buffer(length)
        pdfium_c.FPDFAction_GetURIPath(document.raw, action, buffer, length)
        uri = buffer.value.decode("utf-8", "replace").strip()
        if uri.lower().startswith(_SCHEMES):
            yield DocumentLink(uri, _text_under(link, display, words))


def _text_under(link: Any, display: Affine, words: Sequence[Word]) -> str:
    rectangle = pdfium_c.FS_RECTF()
    if not pdfium_c.FPDFLink_GetAnnotRect(link, rectangle):
        return ""
    left, top, right, bottom = display.box(
        rectangle.left, rectangle.bottom, rectangle.right, rectangle.top
    )
    under = [
        word.text
        for word in words
        if left - 1 <= (word.left + word.right) / 2 <= right + 1
        and top - 1 <= word.middle <= bottom + 1
    ]
    return " ".join(under[:40])


def _language_of(document: Any) -> tuple[str, ...]:
    length = pdfium_c.FPDFCatalog_GetLanguage(document.raw, None, 0)
    if not 2 < length <= 64:
        return ()
    buffer = (pdfium_c.FPDF_WCHAR * (length // 2))()
    pdfium_c.FPDFCatalog_GetLanguage(document.raw, buffer, length)
    name = bytes(buffer).decode("utf-16-le", "replace").rstrip("\0").strip()
    return (name,) if name else ()


def _assembled(pages: Sequence[_Page], languages: tuple[str, ...]) -> ReadDocument:
    hidden = tuple(text for page in pages for text in page.hidden)
    letters = sum(len(line.text) for page in pages for line in page.lines)
    links = tuple(dict.fromkeys(link for page in pages for link in page.links))
    if letters < _LEAST_LETTERS and any(page.is_picture for page in pages):
        return ReadDocument((), len(pages), "pdf", "scanned", SCANNED, hidden, links, languages)
    lines = without_hyphenation(
        without_running_lines([(page.height, page.lines) for page in pages])
    )
    return ReadDocument(tuple(lines), len(pages), "pdf", "read", "", hidden, links, languages)
