"""What this slice needs from outside: someone who understands a résumé's text."""

from datetime import date
from typing import Protocol

from core.ports.documents import ReadDocument
from core.resumes.contracts.structure import ParsedResume


class ResumeParser(Protocol):
    """Finds the structure in the lines of a document."""

    def parse(self, document: ReadDocument, today: date) -> ParsedResume:
        """Return what the lines say; `today` is the end of what goes on.

        A document whose state isn't `read` gives an empty résumé with its hidden text.
        """
        ...
