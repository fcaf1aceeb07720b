"""Keeps the search entries of candidates, and finds candidates by them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

import msgspec
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY

from core.candidates.contracts import CandidateFilter, CandidateId, CandidateRow
from core.shared.cursor import decode_cursor, encode_cursor
from core.shared.ids import MemberId
from core.shared.paging import Page, PageRequest
from plugins.postgres.database import TenantReader
from plugins.postgres.search_words import SearchEntry, facet, query_terms
from plugins.postgres.unit import Unit

PUT: Final = sa.text("""
    INSERT INTO candidate_search (tenant_id, candidate_id, created_at, document, ranking)
    VALUES (:tenant, :candidate, :created_at, array_to_tsvector(CAST(:document AS text[])),
            CAST(CAST(:ranking AS text) AS tsvector))
    ON CONFLICT (tenant_id, candidate_id)
    DO UPDATE SET document = excluded.document, ranking = excluded.ranking
""")
# Nobody waits for another's transaction over a word: two that bring it at once are both kept.
PUT_TERMS: Final = sa.text("""
    INSERT INTO candidate_terms (tenant_id, term, candidate_id)
    SELECT :tenant, n.term, n.candidate_id
    FROM unnest(:terms, :owners) AS n (term, candidate_id)
    WHERE NOT EXISTS (
        SELECT 1 FROM candidate_terms t WHERE t.tenant_id = :tenant AND t.term = n.term
    )
    ON CONFLICT DO NOTHING
""").bindparams(
    sa.bindparam("tenant", type_=sa.Uuid()),
    sa.bindparam("terms", type_=ARRAY(sa.Text)),
    sa.bindparam("owners", type_=ARRAY(sa.Uuid())),
)
PASS_ON: Final = sa.text("SELECT pass_on_candidate_terms_v1(:candidate, :keep)").bindparams(
    sa.bindparam("candidate", type_=sa.Uuid()), sa.bindparam("keep", type_=ARRAY(sa.Text))
)

_LONGEST_TEXT: Final = 500


class SearchIndex:
    """Writes search entries in the transaction of the change they follow."""

    def __init__(self, unit: Unit) -> None:
        self._unit = unit

    async def put(self, entries: Sequence[tuple[CandidateId, datetime, SearchEntry]]) -> None:
        """Insert or replace the entries of these candidates."""
        tenant = self._unit.tenant_id
        await self._unit.execute(
            PUT,
            [
                {
                    "tenant": tenant,
                    "candidate": candidate,
                    "created_at": created_at,
                    "document": entry.document,
                    "ranking": entry.ranking,
                }
                for candidate, created_at, entry in entries
            ],
        )
        owners: dict[str, CandidateId] = {}
        for candidate, _, entry in entries:
            for term in entry.terms:
                owners.setdefault(term, candidate)
        await self._unit.execute(
            PUT_TERMS,
            {"tenant": tenant, "terms": list(owners), "owners": list(owners.values())},
        )

    async def pass_on(self, candidate_id: CandidateId, keep: Sequence[str]) -> None:
        """Give the candidate's words, save those in `keep`, to others who have them too."""
        await self._unit.execute(PASS_ON, {"candidate": candidate_id, "keep": list(keep)})


class _Found(msgspec.Struct, array_like=True, frozen=True):
    """Cursor of a search: the sort key of its last row."""

    score: int
    created_at: datetime
    id: UUID


async def find_candidates(
    reader: TenantReader,
    where: CandidateFilter,
    request: PageRequest,
    only_for: MemberId | None,
) -> Page[CandidateRow]:
    """Return a page of what `where` finds, the best match first."""
    terms = query_terms((where.text or "")[:_LONGEST_TEXT])
    if where.text is not None and not terms:
        return Page([])
    named = (("skill", where.skill), ("tag", where.tag), ("source", where.source))
    facets = [facet(kind, value) for kind, value in named if value is not None]
    after: _Found | None = None
    if request.cursor is not None:
        after = decode_cursor(request.cursor, _Found)
    rows = await reader.call(
        "find_candidates_v1",
        terms,
        facets,
        where.job_id,
        where.stage,
        where.assignee,
        where.created_from,
        where.created_to,
        only_for,
        after and after.score,
        after and after.created_at,
        after and after.id,
        request.limit + 1,
    )
    items = [CandidateRow(*row[:-1]) for row in rows[: request.limit]]
    if len(rows) <= request.limit:
        return Page(items)
    last = rows[request.limit - 1]
    return Page(items, encode_cursor(_Found(last["score"], last["created_at"], last["id"])))
