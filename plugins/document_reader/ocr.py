"""Recognises text on scanned pages with Debian's tesseract, where it is installed.

Called by `reading.py` in the reading process; tesseract runs under the same limits.
"""

import math
import shutil
import subprocess
import time
from functools import cache
from typing import Any

import msgspec
import pypdfium2 as pdfium

from core.ports.documents import DocumentLine, ReadDocument
from plugins.document_reader.limits import Limits

_DOTS_PER_POINT = 200 / 72
_MOST_PAGES = 4
_MOST_PIXELS = 6_000_000
_SECONDS = 6.0
"""For all pages together; the reading process has a little more."""
_LEAST_SECONDS = 1.0
_LEAST_CONFIDENCE = 40.0
_COLUMNS = 12
_WORD_LEVEL = "5"
UNAVAILABLE = (
    "The pages are pictures without text, and text recognition (tesseract) isn't installed here. "
    "Ask for a file with text."
)


@cache
def tesseract() -> str | None:
    """Where the program is, or None."""
    return shutil.which("tesseract")


def recognised(
    content: bytes, scanned: ReadDocument, languages: str, limits: Limits
) -> ReadDocument:
    """Return the scanned document with the lines that tesseract finds, or why it has none."""
    program = tesseract()
    if program is None:
        return msgspec.structs.replace(scanned, detail=UNAVAILABLE)
    document = pdfium.PdfDocument(content)
    try:
        lines: list[DocumentLine] = []
        deadline = time.monotonic() + _SECONDS
        for index in range(min(len(document), _MOST_PAGES)):
            left = deadline - time.monotonic()
            if left < _LEAST_SECONDS:
                break
            lines += _page(program, document[index], index + 1, languages, left)
    except (subprocess.SubprocessError, OSError):
        return msgspec.structs.replace(
            scanned, detail="The pages are pictures, and recognising their text failed."
        )
    finally:
        document.close()
    if sum(len(line.text) for line in lines) > limits.characters or not lines:
        return msgspec.structs.replace(
            scanned, detail="The pages are pictures in which no text was recognised."
        )
    detail = "The text was recognised from pictures of pages and may have mistakes."
    return msgspec.structs.replace(scanned, state="read", detail=detail, lines=tuple(lines))


def _page(
    program: str, page: Any, number: int, languages: str, seconds: float
) -> list[DocumentLine]:
    width, height = page.get_size()
    scale = min(_DOTS_PER_POINT, math.sqrt(_MOST_PIXELS / max(1.0, width * height)))
    bitmap = page.render(scale=scale, grayscale=True)
    picture = _portable_graymap(bitmap)
    bitmap.close()
    done = subprocess.run(  # noqa: S603 - a fixed program; the languages are a setting
        [program, "stdin", "stdout", "-l", languages, "--dpi", str(round(scale * 72)), "tsv"],
        input=picture,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        timeout=seconds,
        check=True,
        env={"OMP_THREAD_LIMIT": "1", "LC_ALL": "C.UTF-8"},
    )
    return lines_of_tsv(done.stdout.decode("utf-8", "replace"), number, scale)


def _portable_graymap(bitmap: Any) -> bytes:
    rows = bytes(bitmap.buffer)
    packed = b"".join(
        rows[row * bitmap.stride : row * bitmap.stride + bitmap.width]
        for row in range(bitmap.height)
    )
    return f"P5 {bitmap.width} {bitmap.height} 255\n".encode() + packed


def lines_of_tsv(table: str, page: int, scale: float) -> list[DocumentLine]:
    """Put tesseract's words together to its lines; `scale` is pixels to a point."""
    grouped: dict[tuple[str, str, str], list[list[str]]] = {}
    for row in table.splitlines()[1:]:
        cells = row.split("\t")
        is_word = len(cells) == _COLUMNS and cells[0] == _WORD_LEVEL and cells[11].strip()
        if is_word and float(cells[10]) >= _LEAST_CONFIDENCE:
            grouped.setdefault((cells[2], cells[3], cells[4]), []).append(cells)
    blocks = {key: number for number, key in enumerate(dict.fromkeys(k[:2] for k in grouped))}
    return [_line(words, page, blocks[key[:2]], scale) for key, words in grouped.items()]


def _line(words: list[list[str]], page: int, block: int, scale: float) -> DocumentLine:
    text, right = "", 0.0
    boxes = []
    for cells in words:
        left, top, width, height = (float(each) / scale for each in cells[6:10])
        gap = "\t" if left - right > 1.5 * height else " "
        text += (gap if text else "") + cells[11].strip()
        right = left + width
        boxes.append((left, top, right, top + height))
    x0, y0 = min(box[0] for box in boxes), min(box[1] for box in boxes)
    y1 = max(box[3] for box in boxes)
    return DocumentLine(
        text, page=page, x0=round(x0, 1), y0=round(y0, 1), x1=round(right, 1), y1=round(y1, 1),
        font_size=round(y1 - y0), block=block,
    )  # fmt: skip
