"""Facts about résumés, told as facts about their candidates. They carry no personal data."""

from typing import ClassVar
from uuid import UUID

from core.shared.events import Event


class ResumeEvent(Event, frozen=True, kw_only=True):
    """Base: `aggregate_id` is the candidate's id, `file_id` the file that is the résumé."""

    aggregate: ClassVar[str] = "candidate"
    file_id: UUID


class ResumeRequested(ResumeEvent, frozen=True, kw_only=True):
    """Somebody asked for a file to be read again."""

    type: ClassVar[str] = "candidate.resume_requested"


class ResumeParsed(ResumeEvent, frozen=True, kw_only=True):
    """Reading a file ended; `state` says how: `parsed`, `scanned`, `encrypted`, ..."""

    type: ClassVar[str] = "candidate.resume_parsed"
    state: str


class ResumeCorrected(ResumeEvent, frozen=True, kw_only=True):
    """Somebody put fields right, or took their corrections back."""

    type: ClassVar[str] = "candidate.resume_corrected"
    fields: tuple[str, ...]
