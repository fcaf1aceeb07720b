"""What this slice needs from outside: storage for candidates, and lists of them."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol
from uuid import UUID

from core.candidates.contracts import (
    CandidateFilter,
    CandidateId,
    CandidateRow,
    CandidateView,
    FileId,
    FileView,
    MergeId,
    NoteId,
    NoteView,
)
from core.candidates.duplicates import Duplicate, DuplicateGroup, MergeView
from core.candidates.merging import MergeRecord, Moved
from core.candidates.model import Candidate
from core.ports.personal_data import KnownPerson
from core.shared.clock import UtcDatetime
from core.shared.ids import MemberId
from core.shared.paging import Page, PageRequest


class CandidateRepository(Protocol):
    """Loads and keeps candidates; whatever it changes, search follows in the same transaction."""

    async def get(self, candidate_id: CandidateId) -> Candidate:
        """Return the candidate.

        Raises CandidateNotFound, or CandidateMerged when it lives on as another.
        """
        ...

    async def add(self, candidate: Candidate) -> None:
        """Keep a new candidate."""
        ...

    async def save(self, candidate: Candidate, seen_version: int) -> None:
        """Keep a changed candidate. Raises CandidateChanged when `seen_version` is no more."""
        ...

    async def refresh_search(self, candidate: Candidate) -> None:
        """Let search know the candidate's notes, after these changed hands."""
        ...

    async def remove(self, candidate_id: CandidateId, seen_version: int) -> None:
        """Delete the candidate with all that hangs on it. Raises CandidateChanged."""
        ...


class CandidateQueries(Protocol):
    """Reads views straight from rows.

    `only_for` is the member to whom the answer is limited: what is assigned to them.
    """

    async def get(
        self, candidate_id: CandidateId, only_for: MemberId | None = None
    ) -> CandidateView:
        """Return one candidate. Raises CandidateNotFound or CandidateMerged."""
        ...

    async def whole(self, ids: Sequence[UUID]) -> list[CandidateView]:
        """Return those of the candidates that exist, in the order of `ids`."""
        ...

    async def page(
        self,
        where: CandidateFilter,
        request: PageRequest,
        only_for: MemberId | None = None,
    ) -> Page[CandidateRow]:
        """Return a page of candidates. Raises InvalidInput for a cursor that isn't ours."""
        ...


class NoteRepository(Protocol):
    """Keeps notes; search follows in the same transaction."""

    async def get(self, candidate_id: CandidateId, note_id: NoteId) -> NoteView:
        """Return a note, locked. Raises NoteNotFound."""
        ...

    async def save(self, note: NoteView) -> None:
        """Keep a new or changed note."""
        ...

    async def remove(self, note: NoteView) -> None:
        """Delete a note."""
        ...


class FileRepository(Protocol):
    """Keeps what is known of files."""

    async def add(self, file: FileView, sha256: bytes) -> None:
        """Keep a new file's record."""
        ...

    async def remove(self, candidate_id: CandidateId, file_id: FileId) -> None:
        """Delete a file's record. Raises FileNotFound."""
        ...

    async def ids(self, candidate_id: CandidateId) -> tuple[FileId, ...]:
        """Return every file of a candidate."""
        ...

    async def known(self, file_ids: Sequence[UUID]) -> set[UUID]:
        """Return which of these have a record."""
        ...


class AttachmentQueries(Protocol):
    """Reads notes and files."""

    async def notes(self, candidate_id: CandidateId, request: PageRequest) -> Page[NoteView]:
        """Return notes, newest first."""
        ...

    async def files(self, candidate_id: CandidateId, request: PageRequest) -> Page[FileView]:
        """Return files, newest first."""
        ...

    async def file(self, candidate_id: CandidateId, file_id: FileId) -> FileView:
        """Return one file's record. Raises FileNotFound."""
        ...


class MergeRepository(Protocol):
    """Moves what hangs on candidates, and keeps what undoing a merge needs."""

    async def move(self, other: CandidateId, survivor: CandidateId, now: UtcDatetime) -> Moved:
        """Move applications, notes, files and earlier merges from `other` to `survivor`.

        Of two active applications for one job the older stays, the other is withdrawn.
        """
        ...

    async def move_back(
        self, moved: Moved, other: CandidateId, survivor: CandidateId, now: UtcDatetime
    ) -> tuple[UUID, ...]:
        """Undo `move` for what is still there.

        Returns the applications that stay withdrawn because they were changed since.
        """
        ...

    async def add(self, merge: MergeView, record: MergeRecord) -> None:
        """Keep a merge."""
        ...

    async def get(self, merge_id: MergeId) -> tuple[MergeView, MergeRecord]:
        """Return a merge that can be undone, locked.

        Raises MergeNotFound, MergeUndone, and MergeBuriedByLater when its survivor was merged too.
        """
        ...

    async def mark_undone(self, merge_id: MergeId, at: UtcDatetime) -> None:
        """Say that the merge was undone, and forget the personal data in its record."""
        ...


class KnownPersons(Protocol):
    """Says as whom a candidate is known."""

    async def known(self, candidate_id: CandidateId) -> KnownPerson:
        """Return the candidate's ids and addresses, those of merged and of messages among them."""
        ...


class PersonQueries(KnownPersons, Protocol):
    """Reads everything about one candidate."""

    async def records(
        self, candidate_id: CandidateId
    ) -> Mapping[str, tuple[Mapping[str, Any], ...]]:
        """Return every row about the candidate save the profile, by the table that holds it."""
        ...


class DuplicateQueries(Protocol):
    """Finds candidates that may be one person."""

    async def of(self, candidate_id: CandidateId) -> Page[Duplicate]:
        """Return up to fifty duplicates of a candidate, the newest first."""
        ...

    async def groups(self, request: PageRequest) -> Page[DuplicateGroup]:
        """Return contacts that several candidates share."""
        ...

    async def merges(self, candidate_id: CandidateId, request: PageRequest) -> Page[MergeView]:
        """Return the merges into a candidate, newest first."""
        ...
