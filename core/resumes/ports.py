"""What this slice needs from outside: who reads and understands files, and where that is kept."""

from datetime import date
from typing import Protocol

import msgspec

from core.candidates.contracts import CandidateId, Education, Experience, FileId
from core.ports.documents import ReadDocument
from core.resumes.contracts.readings import ProfileField, RunNumber
from core.resumes.contracts.structure import ParsedResume
from core.resumes.model import Reading
from core.shared.clock import UtcDatetime
from core.shared.ids import MemberId


class ReadResume(msgspec.Struct, frozen=True):
    """A file as it was read, and what was understood of it."""

    document: ReadDocument
    parsed: ParsedResume | None
    """None when the parser couldn't cope with it."""
    parser: str
    """`structure` is our own, `plugin:<id>` a plugin."""
    parser_version: str
    note: str = ""
    """What people should know of how it was parsed; empty when there is nothing to say."""


class ResumeReader(Protocol):
    """Reads files of strangers and parses them, apart from this process and within limits."""

    async def read(self, content: bytes, file_name: str, today: date) -> ReadResume:
        """Read and parse one file; whatever is wrong with it is a state of the document.

        Raises Unavailable when nothing can be read at the moment.
        """
        ...


class ReadingRepository(Protocol):
    """Keeps what is known of files as résumés."""

    async def begin(self, file_id: FileId, now: UtcDatetime) -> RunNumber | None:
        """Note that a file is to be read. None when it is gone, or was asked for before."""
        ...

    async def of_file(self, file_id: FileId) -> Reading | None:
        """Return the reading of a file wherever it hangs, locked. None when it is gone."""
        ...

    async def get(self, candidate_id: CandidateId, file_id: FileId) -> Reading:
        """Return the reading of a candidate's file, locked; an unread one if nobody asked yet.

        Raises CandidateNotFound, CandidateMerged and ResumeFileNotFound.
        """
        ...

    async def save(self, reading: Reading) -> None:
        """Keep a new or changed reading."""
        ...


class ReadingQueries(Protocol):
    """Reads without changing."""

    async def get(
        self, candidate_id: CandidateId, file_id: FileId, only_for: MemberId | None = None
    ) -> Reading:
        """Return the reading of a file; `only_for` is the member to whom the answer is limited.

        Raises CandidateNotFound, CandidateMerged and ResumeFileNotFound.
        """
        ...


class OfferedProfile(msgspec.Struct, frozen=True, kw_only=True):
    """What a résumé could give to a profile; what it doesn't say is empty."""

    emails: tuple[str, ...] = ()
    phones: tuple[str, ...] = ()
    location: str | None = None
    links: tuple[str, ...] = ()
    headline: str | None = None
    skills: tuple[str, ...] = ()
    experience: tuple[Experience, ...] = ()
    education: tuple[Education, ...] = ()
    resume_text: str | None = None


class Filled(msgspec.Struct, frozen=True):
    """What was empty in a profile and isn't any more."""

    fields: tuple[ProfileField, ...]
    version_before: int
    version: int


class CandidateProfiles(Protocol):
    """The profiles of candidates, as far as this slice may touch them."""

    async def fill_gaps(
        self,
        candidate_id: CandidateId,
        offered: OfferedProfile,
        fields: tuple[ProfileField, ...],
        now: UtcDatetime,
    ) -> Filled:
        """Give what is offered to those of `fields` that are empty; what isn't fit is left out.

        Raises CandidateNotFound and CandidateMerged.
        """
        ...
