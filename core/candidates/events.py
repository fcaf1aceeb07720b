"""Facts about candidates. They carry ids and names of fields, never personal data."""

from typing import ClassVar
from uuid import UUID

from core.shared.events import Event


class CandidateEvent(Event, frozen=True, kw_only=True):
    """Base: `aggregate_id` is the candidate's id."""

    aggregate: ClassVar[str] = "candidate"


class CandidateCreated(CandidateEvent, frozen=True, kw_only=True):
    """A candidate was added."""

    type: ClassVar[str] = "candidate.created"


class CandidateUpdated(CandidateEvent, frozen=True, kw_only=True):
    """Fields of a candidate changed."""

    type: ClassVar[str] = "candidate.updated"
    fields: tuple[str, ...]


class CandidateDeleted(CandidateEvent, frozen=True, kw_only=True):
    """A candidate was removed for good."""

    type: ClassVar[str] = "candidate.deleted"


class CandidatesMerged(CandidateEvent, frozen=True, kw_only=True):
    """`merged_id` lives on as the candidate."""

    type: ClassVar[str] = "candidate.merged"
    merge_id: UUID
    merged_id: UUID


class CandidateMergeUndone(CandidateEvent, frozen=True, kw_only=True):
    """`merged_id` is a candidate of its own again."""

    type: ClassVar[str] = "candidate.merge_undone"
    merge_id: UUID
    merged_id: UUID


class NoteAdded(CandidateEvent, frozen=True, kw_only=True):
    """A note was written about a candidate."""

    type: ClassVar[str] = "candidate.note_added"
    note_id: UUID


class NoteEdited(CandidateEvent, frozen=True, kw_only=True):
    """A note was changed by its author."""

    type: ClassVar[str] = "candidate.note_edited"
    note_id: UUID


class NoteDeleted(CandidateEvent, frozen=True, kw_only=True):
    """A note was removed by its author."""

    type: ClassVar[str] = "candidate.note_deleted"
    note_id: UUID


class FileAdded(CandidateEvent, frozen=True, kw_only=True):
    """A file was attached to a candidate."""

    type: ClassVar[str] = "candidate.file_added"
    file_id: UUID


class FileDeleted(CandidateEvent, frozen=True, kw_only=True):
    """A candidate's file was removed."""

    type: ClassVar[str] = "candidate.file_deleted"
    file_id: UUID
