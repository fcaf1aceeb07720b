"""Finds candidates who share a contact, and lists merges."""

from datetime import datetime
from typing import Any, Final
from uuid import UUID

import msgspec
import sqlalchemy as sa

from core.candidates.contracts import CandidateId, CandidateRow
from core.candidates.duplicates import Duplicate, DuplicateGroup, DuplicateReason, MergeView
from core.candidates.normalisation import KeyKind
from core.shared.cursor import decode_cursor, encode_cursor
from core.shared.paging import Page, PageRequest
from plugins.postgres.candidate_tables import candidate_keys, candidate_merges, candidates
from plugins.postgres.database import TenantReader
from plugins.postgres.merges import merge_from

_MOST_DUPLICATES: Final = 50
_OF_ROW: Final = (
    "id",
    "full_name",
    "headline",
    "location",
    "emails",
    "skills",
    "tags",
    "source",
    "created_at",
    "version",
)
"""Columns that `candidate_row` needs; a résumé's text isn't among them."""
_LOOKED_AT: Final = 30_000
"""Keys that one page of groups looks at: some ten milliseconds."""


class _Shared(msgspec.Struct, array_like=True, frozen=True):
    kind: KeyKind
    value: str


_FIRST: Final = _Shared("email", "")


class _Merged(msgspec.Struct, array_like=True, frozen=True):
    at: datetime
    id: UUID


class PostgresDuplicateQueries:
    """Implements `core.candidates.ports.DuplicateQueries`."""

    def __init__(self, reader: TenantReader) -> None:
        self._reader = reader

    async def of(self, candidate_id: CandidateId) -> Page[Duplicate]:
        """Return up to fifty duplicates of a candidate."""
        mine, theirs = candidate_keys.alias("mine"), candidate_keys.alias("theirs")
        rows = await self._reader.select(
            sa.select(
                theirs.c.candidate_id,
                sa.func.array_agg(mine.c.kind).label("kinds"),
                sa.func.array_agg(mine.c.value).label("keys"),
            )
            .join(
                theirs,
                (theirs.c.tenant_id == mine.c.tenant_id)
                & (theirs.c.kind == mine.c.kind)
                & (theirs.c.value == mine.c.value)
                & (theirs.c.candidate_id != mine.c.candidate_id),
            )
            .where(mine.c.tenant_id == self._reader.tenant_id, mine.c.candidate_id == candidate_id)
            .group_by(theirs.c.candidate_id)
            .order_by(theirs.c.candidate_id.desc())
            .limit(_MOST_DUPLICATES)
        )
        people = await self._people([row.candidate_id for row in rows])
        return Page(
            [
                Duplicate(
                    people[row.candidate_id],
                    tuple(
                        DuplicateReason(kind, value)
                        for kind, value in sorted(zip(row.kinds, row.keys, strict=True))
                    ),
                )
                for row in rows
                if row.candidate_id in people
            ]
        )

    async def groups(self, request: PageRequest) -> Page[DuplicateGroup]:
        """Return contacts that several candidates share, in the order of kind and value."""
        after = _FIRST if request.cursor is None else decode_cursor(request.cursor, _Shared)
        rows = await self._reader.call(
            "list_shared_contacts_v1", request.limit + 1, after.kind, after.value, _LOOKED_AT
        )
        found = [row for row in rows if row["total"]]
        shown = found[: request.limit]
        people = await self._people([each for row in shown for each in row["ids"]])
        groups = [
            DuplicateGroup(
                row["kind"],
                row["value"],
                row["total"],
                tuple(people[each] for each in row["ids"] if each in people),
            )
            for row in shown
        ]
        if len(found) > len(shown):
            last = shown[-1]
        elif len(rows) > len(found):
            last = rows[-1]  # where it stopped looking
        else:
            return Page(groups)
        return Page(groups, encode_cursor(_Shared(last["kind"], last["value"])))

    async def merges(self, candidate_id: CandidateId, request: PageRequest) -> Page[MergeView]:
        """Return the merges into a candidate, newest first."""
        table = candidate_merges
        statement = (
            sa.select(table)
            .where(table.c.tenant_id == self._reader.tenant_id, table.c.holder_id == candidate_id)
            .order_by(table.c.merged_at.desc(), table.c.id.desc())
            .limit(request.limit + 1)
        )
        if request.cursor is not None:
            after = decode_cursor(request.cursor, _Merged)
            statement = statement.where(
                sa.tuple_(table.c.merged_at, table.c.id) < (after.at, after.id)
            )
        rows = await self._reader.select(statement)
        views = [merge_from(row) for row in rows[: request.limit]]
        if len(rows) <= request.limit:
            return Page(views)
        return Page(views, encode_cursor(_Merged(views[-1].merged_at, views[-1].id)))

    async def _people(self, ids: list[UUID]) -> dict[UUID, CandidateRow]:
        if not ids:
            return {}
        rows = await self._reader.select(
            sa.select(*(candidates.c[name] for name in _OF_ROW)).where(
                candidates.c.tenant_id == self._reader.tenant_id, candidates.c.id.in_(ids)
            )
        )
        return {row.id: candidate_row(row) for row in rows}


def candidate_row(row: sa.Row[Any]) -> CandidateRow:
    """Return the list view of a row of `candidates`, or of those columns of it that it needs."""
    return CandidateRow(
        row.id,
        row.full_name,
        row.headline,
        row.location,
        row.emails[0] if row.emails else None,
        row.skills[:5],
        row.tags,
        row.source,
        row.created_at,
        row.version,
    )
