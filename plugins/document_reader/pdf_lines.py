"""Rows of words to the lines of the port, with their styles. Called by `pdf.py`."""

import re
import unicodedata
from collections import Counter
from collections.abc import Hashable, Iterable, Sequence
from typing import TypeVar

import msgspec

from core.ports.documents import DocumentLine, TextRun
from plugins.document_reader.pdf_glyphs import Word
from plugins.document_reader.pdf_rows import Row

_MARGIN = 0.09
"""Of the height: where running headers and footers stand."""
_PAGE_NUMBER = re.compile(
    r"(?:(?:page|seite|página|pagina|strona|p\.)\s*)?\d{1,3}"
    r"(?:\s*(?:/|of|von|sur|de|di|van|z|\|)\s*\d{1,3})?",
    re.IGNORECASE,
)
_NO_SPACE = 0.12
"""Of the size: words nearer than this belong together."""
_DIGITS = re.compile(r"\d+")
_SOFT_HYPHEN = "\u00ad"
_HYPHENATED = re.compile(r"[^\W\d_]{2,}[-\u00ad\u2010]$")
_LETTERS = re.compile(r"[^\W\d_]+")
_AND = frozenset({"and", "or", "und", "oder", "et", "ou", "y", "o", "e", "en", "of", "i", "lub"})

_Value = TypeVar("_Value", bound=Hashable)


def line_of(row: Row, page: int) -> DocumentLine:
    """Cells become one text with tabs between; parts that look different become runs."""
    parts: list[str] = []
    marks: list[tuple[int, int, Word]] = []
    length = 0
    for number, cell in enumerate(row.cells):
        for position, word in enumerate(cell.words):
            space = _space(cell.words[position - 1], word) if position else "\t" * (number > 0)
            parts.append(space)
            length += len(space)
            text = unicodedata.normalize("NFC", word.text)
            parts.append(text)
            marks.append((length, length + len(text), word))
            length += len(text)
    return DocumentLine(
        text="".join(parts),
        page=page,
        x0=round(min(cell.left for cell in row.cells), 1),
        y0=round(row.top, 1),
        x1=round(max(cell.right for cell in row.cells), 1),
        y1=round(row.bottom, 1),
        font_size=_most((end - start, word.points) for start, end, word in marks),
        bold=_most((end - start, word.style.is_bold) for start, end, word in marks),
        italic=_most((end - start, word.style.is_italic) for start, end, word in marks),
        block=row.block,
        runs=_runs(marks),
    )


def _space(before: Word, word: Word) -> str:
    """A change of style inside a word, or before a comma, is no space."""
    if word.after_space or word.left < before.left:
        return " "
    return " " if word.left - before.right > _NO_SPACE * word.size else ""


def _most(weighted: Iterable[tuple[int, _Value]]) -> _Value:
    weights: Counter[_Value] = Counter()
    for weight, value in weighted:
        weights[value] += weight
    return weights.most_common(1)[0][0]


def _runs(marks: Sequence[tuple[int, int, Word]]) -> tuple[TextRun, ...]:
    runs: list[TextRun] = []
    for start, end, word in marks:
        style = word.style
        last = runs[-1] if runs else None
        if (
            last is not None
            and last.bold == style.is_bold
            and last.italic == style.is_italic
            and last.font_size == word.points
        ):
            runs[-1] = msgspec.structs.replace(last, end=end)
        else:
            runs.append(TextRun(start, end, style.is_bold, style.is_italic, word.points))
    return tuple(runs) if len(runs) > 1 else ()


def without_running_lines(
    pages: Sequence[tuple[float, list[DocumentLine]]],
) -> list[DocumentLine]:
    """Drop page numbers, and headers and footers from the second page on that repeat."""
    counted: Counter[str] = Counter()
    texts: dict[str, set[str]] = {}
    for height, lines in pages:
        margin = [line for line in lines if _is_in_margin(line, height)]
        counted.update({_shape(line) for line in margin})
        for line in margin:
            texts.setdefault(_shape(line), set()).add(line.text)
    kept: list[DocumentLine] = []
    seen: set[str] = set()
    for height, lines in pages:
        for line in lines:
            if _is_in_margin(line, height):
                shape = _shape(line)
                counts_pages = counted[shape] > 1 and len(texts[shape]) > 1
                is_number = bool(_PAGE_NUMBER.fullmatch(line.text.strip()))
                if counts_pages or shape in seen or (is_number and len(line.text) < 12):
                    continue
                seen.add(shape)
            kept.append(line)
    return kept


def _is_in_margin(line: DocumentLine, height: float) -> bool:
    if line.y0 is None or line.y1 is None:
        return False
    return line.y1 < height * _MARGIN or line.y0 > height * (1 - _MARGIN)


def _shape(line: DocumentLine) -> str:
    return _DIGITS.sub("0", line.text.strip().lower())


def without_hyphenation(lines: Sequence[DocumentLine]) -> list[DocumentLine]:
    """Put words that were divided at the end of a line together again, on the upper line."""
    compounds = {
        word.lower()
        for line in lines
        for word in re.findall(r"[^\W\d_]+(?:-[^\W\d_]+)+", line.text)
    }
    result: list[DocumentLine] = []
    for line in lines:
        above = result[-1] if result else None
        joined = _joined(above, line, compounds) if above is not None else None
        if joined is None:
            result.append(line)
            continue
        result[-1] = joined[0]
        if joined[1] is not None:
            result.append(joined[1])
    return [_without_soft_hyphens(line) for line in result]


def _joined(
    above: DocumentLine, line: DocumentLine, compounds: set[str]
) -> tuple[DocumentLine, DocumentLine | None] | None:
    if above.block != line.block or "\t" in above.text or not _HYPHENATED.search(above.text):
        return None
    rest, space, after = line.text.partition(" ")
    begin = above.text.rpartition(" ")[2]
    if not _LETTERS.match(rest) or rest.lower() in _AND or "\t" in rest:
        return None
    keeps_hyphen = begin[-1] == "-" and (
        rest[0].isupper() or (begin + rest).lower().rstrip(".,;:") in compounds
    )
    whole = begin + rest if keeps_hyphen else begin[:-1] + rest
    upper = _retold(above, above.text[: len(above.text) - len(begin)] + whole, 0)
    lower = _retold(line, after, len(rest) + 1) if space and after else None
    return upper, lower


def _retold(line: DocumentLine, text: str, dropped: int) -> DocumentLine:
    """The line with another text: `dropped` characters are gone from its start."""
    runs = [
        TextRun(
            max(0, run.start - dropped),
            len(text) if number == len(line.runs) - 1 else min(len(text), run.end - dropped),
            run.bold,
            run.italic,
            run.font_size,
        )
        for number, run in enumerate(line.runs)
        if run.end > dropped
    ]
    kept = tuple(run for run in runs if run.start < run.end)
    return msgspec.structs.replace(line, text=text, runs=kept if len(kept) > 1 else ())


def _without_soft_hyphens(line: DocumentLine) -> DocumentLine:
    if _SOFT_HYPHEN not in line.text:
        return line
    # Offsets of runs go stale by the few characters dropped, so the runs go too.
    return msgspec.structs.replace(line, text=line.text.replace(_SOFT_HYPHEN, ""), runs=())
