"""The rules of merging two profiles into one, and of taking them apart again."""

from dataclasses import fields
from typing import Any, Final
from uuid import UUID

import msgspec

from core.candidates.contracts import CandidateId
from core.candidates.duplicates import MergeChoices, MergedApplication
from core.candidates.model import Candidate, Profile
from core.shared.clock import UtcDatetime
from core.shared.ids import MemberId

_UNITED: Final = ("emails", "phones", "links", "skills", "tags")
_MOST: Final = {"emails": 10, "phones": 10, "links": 20, "skills": 100, "tags": 50}


class Former(msgspec.Struct, frozen=True):
    """A candidate as it was before it was merged away."""

    id: CandidateId
    profile: Profile
    version: int
    created_at: UtcDatetime
    updated_at: UtcDatetime
    created_by: MemberId | None

    @classmethod
    def of(cls, candidate: Candidate) -> "Former":
        """Return what `candidate` is now."""
        return cls(
            candidate.id,
            candidate.profile,
            candidate.version,
            candidate.created_at,
            candidate.updated_at,
            candidate.created_by,
        )

    def again(self) -> Candidate:
        """Return the candidate as it was."""
        return Candidate(**msgspec.structs.asdict(self))


class Moved(msgspec.Struct, frozen=True, kw_only=True):
    """What went from one candidate to the other."""

    applications: tuple[UUID, ...] = ()
    withdrawn: tuple[MergedApplication, ...] = ()
    notes: tuple[UUID, ...] = ()
    files: tuple[UUID, ...] = ()
    merges: tuple[UUID, ...] = ()
    """Earlier merges into the one that is now merged away."""


class MergeRecord(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that undoing needs."""

    before: Profile
    """The survivor's profile before the merge."""
    after: Profile
    """The survivor's profile as the merge left it."""
    other: Former
    moved: Moved


def merged_profile(survivor: Profile, other: Profile, choices: MergeChoices) -> Profile:
    """Return one profile of two: lists of contacts, skills and tags united, one value of the rest.

    A value that only one of them has is kept anyway. Lists stop at their largest length.
    """
    values: dict[str, Any] = {}
    for field in fields(Profile):
        ours, theirs = getattr(survivor, field.name), getattr(other, field.name)
        if field.name in _UNITED:
            values[field.name] = _united(ours, theirs)[: _MOST[field.name]]
        else:
            first, second = (ours, theirs)
            if getattr(choices, field.name) == "other":
                first, second = theirs, ours
            values[field.name] = first or second
    return Profile(**values)


def unmerged_profile(now: Profile, record: MergeRecord) -> tuple[Profile, tuple[str, ...]]:
    """Return the survivor's profile without what the merge brought, and the fields changed since.

    What was changed after the merge stays: a changed value as a whole, in lists each entry that was
    added or taken out.
    """
    values: dict[str, Any] = {}
    kept: list[str] = []
    for field in fields(Profile):
        present = getattr(now, field.name)
        before, after = getattr(record.before, field.name), getattr(record.after, field.name)
        if present == after:
            values[field.name] = before
            continue
        kept.append(field.name)
        values[field.name] = _replayed(before, after, present) if field.name in _UNITED else present
    return Profile(**values), tuple(kept)


def _same(value: Any) -> Any:
    return value.casefold() if isinstance(value, str) else value


def _united(ours: tuple[Any, ...], theirs: tuple[Any, ...]) -> tuple[Any, ...]:
    kept = {_same(value): value for value in reversed((*ours, *theirs))}
    return tuple(kept[key] for key in dict.fromkeys(_same(value) for value in (*ours, *theirs)))


def _replayed(
    before: tuple[Any, ...], after: tuple[Any, ...], now: tuple[Any, ...]
) -> tuple[Any, ...]:
    """Return `before` with the additions and removals that led from `after` to `now`."""
    stayed = tuple(value for value in before if value in now or value not in after)
    return stayed + tuple(value for value in now if value not in after and value not in stayed)
