"""Candidates in PostgreSQL: rows to aggregates and back, and the views of lists and single ones."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from core.candidates.contracts import (
    CandidateFilter,
    CandidateId,
    CandidateRow,
    CandidateView,
    Education,
    Experience,
    ProfileLink,
)
from core.candidates.errors import CandidateChanged, CandidateMerged, CandidateNotFound
from core.candidates.model import Candidate, Profile
from core.shared.clock import UtcDatetime
from core.shared.cursor import decode_cursor, encode_cursor
from core.shared.ids import MemberId
from core.shared.paging import Page, PageRequest
from plugins.postgres.candidate_search import SearchIndex, find_candidates
from plugins.postgres.candidate_tables import (
    candidate_keys,
    candidate_merges,
    candidate_notes,
    candidates,
)
from plugins.postgres.database import TenantReader
from plugins.postgres.search_words import search_entry
from plugins.postgres.unit import Unit

_LISTS = {
    "links": tuple[ProfileLink, ...],
    "experience": tuple[Experience, ...],
    "education": tuple[Education, ...],
}


class PostgresCandidates:
    """Implements `core.candidates.ports.CandidateRepository`."""

    def __init__(self, unit: Unit) -> None:
        self._unit = unit
        self._search = SearchIndex(unit)

    async def get(self, candidate_id: CandidateId) -> Candidate:
        """Return the candidate, locked until the transaction ends."""
        row = await self._unit.one_or_none(
            sa.select(candidates).where(candidates.c.id == candidate_id).with_for_update()
        )
        if row is None:
            raise await self._absent(candidate_id)
        return candidate_from(row)

    async def add(self, candidate: Candidate) -> None:
        """Insert one candidate."""
        await self.add_all((candidate,))

    async def add_all(self, added: Sequence[Candidate]) -> None:
        """Insert many candidates in a few statements."""
        await self._unit.execute(
            sa.insert(candidates), [self._values(candidate) for candidate in added]
        )
        await self._insert_keys(added)
        await self._search.put(
            [(each.id, each.created_at, search_entry(each.profile)) for each in added]
        )

    async def save(self, candidate: Candidate, seen_version: int) -> None:
        """Update one candidate, its keys and its search entry."""
        values = self._values(candidate)
        result = await self._unit.execute(
            sa.update(candidates)
            .where(candidates.c.id == candidate.id, candidates.c.version == seen_version)
            .values(**{name: values[name] for name in values.keys() - {"tenant_id", "id"}})
        )
        if result.rowcount != 1:
            raise _changed()
        await self._unit.execute(
            sa.delete(candidate_keys).where(candidate_keys.c.candidate_id == candidate.id)
        )
        await self._insert_keys((candidate,))
        await self.refresh_search(candidate)

    async def refresh_search(self, candidate: Candidate) -> None:
        """Bring the search entry up to the candidate's profile and notes."""
        rows = await self._unit.all(
            sa.select(candidate_notes.c.text)
            .where(candidate_notes.c.candidate_id == candidate.id)
            .order_by(candidate_notes.c.created_at.desc())
        )
        entry = search_entry(candidate.profile, (row.text for row in rows))
        await self._search.put([(candidate.id, candidate.created_at, entry)])
        await self._search.pass_on(candidate.id, keep=entry.terms)

    async def remove(self, candidate_id: CandidateId, seen_version: int) -> None:
        """Delete the row; foreign keys take everything else with it."""
        await self._search.pass_on(candidate_id, keep=())
        result = await self._unit.execute(
            sa.delete(candidates).where(
                candidates.c.id == candidate_id, candidates.c.version == seen_version
            )
        )
        if result.rowcount != 1:
            raise _changed()

    def _values(self, candidate: Candidate) -> dict[str, Any]:
        profile = candidate.profile
        return {
            "tenant_id": self._unit.tenant_id,
            "id": candidate.id,
            "full_name": profile.full_name,
            "preferred_name": profile.preferred_name,
            "emails": list(profile.emails),
            "phones": list(profile.phones),
            "links": msgspec.to_builtins(profile.links),
            "headline": profile.headline,
            "location": profile.location,
            "skills": list(profile.skills),
            "experience": msgspec.to_builtins(profile.experience),
            "education": msgspec.to_builtins(profile.education),
            "source": profile.source,
            "tags": list(profile.tags),
            "resume_text": profile.resume_text,
            "version": candidate.version,
            "created_at": candidate.created_at,
            "updated_at": candidate.updated_at,
            "created_by": candidate.created_by,
        }

    async def _insert_keys(self, added: Iterable[Candidate]) -> None:
        rows = [
            {
                "tenant_id": self._unit.tenant_id,
                "kind": key.kind,
                "value": key.value,
                "candidate_id": candidate.id,
            }
            for candidate in added
            for key in candidate.profile.keys
        ]
        if rows:
            await self._unit.execute(postgresql.insert(candidate_keys), rows)

    async def _absent(self, candidate_id: CandidateId) -> CandidateNotFound | CandidateMerged:
        row = await self._unit.one_or_none(
            sa.select(candidate_merges.c.holder_id)
            .where(
                candidate_merges.c.merged_id == candidate_id,
                candidate_merges.c.undone_at.is_(None),
            )
            .order_by(candidate_merges.c.merged_at.desc())
            .limit(1)
        )
        return absent(row.holder_id if row else None)


def candidate_from(row: sa.Row[Any]) -> Candidate:
    """Return the aggregate of a row of `candidates`."""
    lists = {name: msgspec.convert(getattr(row, name), kind) for name, kind in _LISTS.items()}
    return Candidate(
        id=CandidateId(row.id),
        profile=Profile(
            full_name=row.full_name,
            preferred_name=row.preferred_name,
            emails=tuple(row.emails),
            phones=tuple(row.phones),
            links=lists["links"],
            headline=row.headline,
            location=row.location,
            skills=tuple(row.skills),
            experience=lists["experience"],
            education=lists["education"],
            source=row.source,
            tags=tuple(row.tags),
            resume_text=row.resume_text,
        ),
        version=row.version,
        created_at=row.created_at,
        updated_at=row.updated_at,
        created_by=row.created_by,
    )


def absent(merged_into: UUID | None) -> CandidateNotFound | CandidateMerged:
    """Return what is said of a candidate that isn't there."""
    if merged_into is None:
        return CandidateNotFound("There is no such candidate.")
    return CandidateMerged("This candidate was merged into another.", merged_into=str(merged_into))


def _changed() -> CandidateChanged:
    return CandidateChanged("This candidate was changed by someone else. Read it again.")


class _Newest(msgspec.Struct, array_like=True, frozen=True):
    """Cursor of the unfiltered list."""

    created_at: datetime
    id: UUID


class PostgresCandidateQueries:
    """Implements `core.candidates.ports.CandidateQueries`: one round trip a page."""

    def __init__(self, reader: TenantReader) -> None:
        self._reader = reader

    async def get(
        self, candidate_id: CandidateId, only_for: MemberId | None = None
    ) -> CandidateView:
        """Return one candidate."""
        rows = await self._reader.call("get_candidate_v1", candidate_id, only_for)
        if not rows:
            raise absent(None)
        values = dict(rows[0])
        merged_into = values.pop("merged_into")
        if merged_into is not None:
            raise absent(merged_into)
        return msgspec.convert(values, CandidateView)

    async def whole(self, ids: Sequence[UUID]) -> list[CandidateView]:
        """Return many candidates."""
        rows = await self._reader.select(
            sa.select(candidates).where(
                candidates.c.tenant_id == self._reader.tenant_id, candidates.c.id.in_(ids)
            )
        )
        found = {row.id: candidate_from(row).view() for row in rows}
        return [found[each] for each in ids if each in found]

    async def page(
        self,
        where: CandidateFilter,
        request: PageRequest,
        only_for: MemberId | None = None,
    ) -> Page[CandidateRow]:
        """Return a page of the list or of what search finds."""
        if not where.is_empty:
            return await find_candidates(self._reader, where, request, only_for)
        at = after = None
        if request.cursor is not None:
            cursor = decode_cursor(request.cursor, _Newest)
            at, after = UtcDatetime(cursor.created_at), cursor.id
        rows = await self._reader.call("list_candidates_v1", request.limit + 1, at, after, only_for)
        items = [CandidateRow(*row) for row in rows[: request.limit]]
        if len(rows) <= request.limit:
            return Page(items)
        last = items[-1]
        return Page(items, encode_cursor(_Newest(last.created_at, last.id)))
