"""Where each field of a résumé came from, and how sure we are of it."""

import re
from typing import Final

from core.ports.documents import ReadDocument
from core.resumes.contracts.structure import SourceSpan
from plugins.resume_parser.rows import Row

_NUMBER: Final = re.compile(r"[+(]?\d[\d\s().\-/–]{4,24}\d")
_TELLING: Final = 6
"""So many last digits tell a phone number from others on its line."""


class Sources:
    """Collects confidence and place of fields by path, such as `experience.0.company`."""

    def __init__(self, document: ReadDocument) -> None:
        self._lines = document.lines
        self.confidence: dict[str, float] = {}
        self.spans: dict[str, SourceSpan] = {}

    def add(self, path: str, text: str, row: Row | None, confidence: float) -> None:
        """Remember the field. Without a row it came from a link that lies on no words."""
        self.confidence[path] = round(confidence, 2)
        if row is None:
            return
        first, last = row.index, row.last_index
        for index in [row.index, *(tail.index for tail in row.tail)]:
            place = _place(self._lines[index].text, text)
            if place is not None:
                page = self._lines[index].page
                self.spans[path] = SourceSpan(index, place[0], index, place[1], page)
                return
        # As written it is spelled otherwise (a date) or runs over lines: all of them then.
        end = len(self._lines[last].text)
        self.spans[path] = SourceSpan(first, 0, last, end, self._lines[first].page)


def _place(line: str, text: str) -> tuple[int, int] | None:
    """Where `text` stands in the line: as it is, set in other capitals, or a number's digits."""
    start = line.find(text)
    if start < 0 and len(line.lower()) == len(line):
        start = line.lower().find(text.lower())
    if start >= 0:
        return start, start + len(text)
    digits = "".join(each for each in text if each.isdigit())
    if len(digits) < _TELLING or not text.lstrip("+").isdigit():
        return None
    for match in _NUMBER.finditer(line):
        if re.sub(r"\D", "", match[0]).endswith(digits[-_TELLING:]):
            return match.span()
    return None
