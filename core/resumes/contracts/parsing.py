"""The port of those who find the structure of a résumé; the SDK offers it to plugins.

The default adapter is `plugins.resume_parser`, which works within the process that reads the file.
A tenant's plugin is asked instead when the tenant enabled one; `tenants.resume_plugins` does so.
"""

from datetime import date
from typing import Protocol

from core.ports.documents import ReadDocument
from core.resumes.contracts.structure import ParsedResume


class ResumeParser(Protocol):
    """Finds the structure in the lines of a document."""

    async def parse(self, document: ReadDocument, today: date) -> ParsedResume:
        """Return what the lines say; `today` is the end of what goes on.

        The document was read already, within limits, and is without what it hides. Each value must
        stand in it: what doesn't, or not at the place that `sources` names for it, is left out, as
        `core.resumes.contracts.witness` says. Values without a place are looked for. The years of
        experience and the hidden text are made by the platform, whatever the answer says of them.
        Raises ParsingRefused and ParsingUnavailable; the default parser's answer is then kept.
        """
        ...


class ParsingError(Exception):
    """Base of what a parser says on purpose; its text is shown to people."""


class ParsingRefused(ParsingError):
    """It won't parse this document, now or later."""


class ParsingUnavailable(ParsingError):
    """It can't just now; asking again does no harm."""
