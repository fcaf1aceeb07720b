"""Candidates that may be one person, and merging them: commands, queries and views.

Called by the API through `merge_usecases`; nothing in other slices needs it.
"""

from datetime import datetime
from typing import Literal
from uuid import UUID

import msgspec

from core.candidates.contracts import CandidateId, CandidateRow, CandidateView, MergeId
from core.candidates.normalisation import KeyKind
from core.shared.clock import UtcDatetime
from core.shared.ids import MemberId
from core.shared.paging import DEFAULT_LIMIT, Limit, Page
from core.shared.usecase import Command, Query


class DuplicateReason(msgspec.Struct, frozen=True):
    """A contact that both have, in its normalised form."""

    kind: KeyKind
    value: str


class Duplicate(msgspec.Struct, frozen=True):
    """Another candidate who may be the same person, and why."""

    candidate: CandidateRow
    reasons: tuple[DuplicateReason, ...]


class DuplicateGroup(msgspec.Struct, frozen=True):
    """Candidates who share one contact."""

    kind: KeyKind
    value: str
    total: int
    candidates: tuple[CandidateRow, ...]
    """The twenty newest of them."""


class FindDuplicates(Query[Page[Duplicate]], frozen=True, kw_only=True):
    """Who may be the same person as this candidate; at most fifty."""

    candidate_id: CandidateId


class ListDuplicates(Query[Page[DuplicateGroup]], frozen=True, kw_only=True):
    """Every contact that more than one candidate has.

    A page may hold fewer than asked for, even none, and still be followed by another: each looks
    through a part of the contacts only.
    """

    limit: Limit = DEFAULT_LIMIT
    cursor: str | None = None


Choice = Literal["survivor", "other"]


class MergeChoices(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Whose value is kept where both have one; the survivor's unless said otherwise."""

    full_name: Choice = "survivor"
    preferred_name: Choice = "survivor"
    headline: Choice = "survivor"
    location: Choice = "survivor"
    source: Choice = "survivor"
    experience: Choice = "survivor"
    education: Choice = "survivor"
    resume_text: Choice = "survivor"


class MergeView(msgspec.Struct, frozen=True, kw_only=True):
    """One merge, undone or not."""

    id: MergeId
    survivor_id: CandidateId
    merged_id: CandidateId
    merged_at: UtcDatetime
    merged_by: MemberId | None
    undone_at: UtcDatetime | None


class Merged(msgspec.Struct, frozen=True, kw_only=True):
    """The survivor after a merge."""

    merge: MergeView
    candidate: CandidateView
    moved_applications: int
    withdrawn_applications: tuple[UUID, ...]
    """Of two active applications for one job the older stays, these were withdrawn."""


class Unmerged(msgspec.Struct, frozen=True, kw_only=True):
    """Both candidates after a merge was undone."""

    merge: MergeView
    survivor: CandidateView
    restored: CandidateView
    kept_fields: tuple[str, ...]
    """Fields of the survivor that were changed after the merge and stay as they are."""
    left_withdrawn: tuple[UUID, ...]
    """Applications that stay withdrawn, since they were changed after the merge."""


class MergeCandidates(Command[Merged], frozen=True, kw_only=True):
    """Make `other_id` a part of the candidate."""

    candidate_id: CandidateId
    other_id: CandidateId
    choices: MergeChoices = MergeChoices()


class UndoMerge(Command[Unmerged], frozen=True, kw_only=True):
    """Make both candidates what they were. What changed since stays with the survivor."""

    merge_id: MergeId


class ListMerges(Query[Page[MergeView]], frozen=True, kw_only=True):
    """The merges into a candidate, newest first."""

    candidate_id: CandidateId
    limit: Limit = DEFAULT_LIMIT
    cursor: str | None = None


class MergedApplication(msgspec.Struct, frozen=True):
    """An application that changed hands, as it was before."""

    id: UUID
    job_id: UUID
    disposition: str
    withdrawn_version: int | None = None
    """The version that withdrawing gave it; None when it was only moved."""
    withdrawn_at: datetime | None = None
