"""Where each field of a résumé came from, and how sure we are of it."""

from core.ports.documents import ReadDocument
from core.resumes.contracts.structure import SourceSpan
from plugins.resume_parser.rows import Row


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
            start = self._lines[index].text.find(text)
            if start >= 0:
                page = self._lines[index].page
                self.spans[path] = SourceSpan(index, start, index, start + len(text), page)
                return
        # As written it is spelled otherwise (a date) or runs over lines: all of them then.
        end = len(self._lines[last].text)
        self.spans[path] = SourceSpan(first, 0, last, end, self._lines[first].page)
