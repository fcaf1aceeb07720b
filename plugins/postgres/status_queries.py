"""Reads histories, activity, sources and what candidates see. `sql/status.sql` asks."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
import sqlalchemy as sa

from core.candidates.contracts import CandidateId
from core.shared.cursor import encode_cursor
from core.shared.ids import MemberId
from core.shared.paging import Page, PageRequest
from core.status.contracts.activity import ActivityEntry
from core.status.contracts.history import (
    ShowStatusHistory,
    Standing,
    StatusEntry,
    StatusHistory,
)
from core.status.contracts.preferences import StatusPreferences
from core.status.contracts.sources import SourceId, Sources, SourceView, Target
from core.status.errors import SourceNotFound
from core.status.model import Source
from plugins.postgres.database import TenantReader
from plugins.postgres.job_queries import after
from plugins.postgres.status_tables import status_preferences, status_sources

REPORTS_TO = "/api/status/webhook?source="
"""Where reports go, and whose they are."""


class PostgresStatusQueries:
    """Implements `core.status.ports.StatusQueries`."""

    def __init__(self, reader: TenantReader) -> None:
        self._reader = reader

    async def history(
        self, query: ShowStatusHistory, only_for: MemberId | None
    ) -> StatusHistory | None:
        """Return a page of the history, and where the applications stood."""
        about = (only_for, query.application_id, query.candidate_id, query.as_of)
        limit = query.page.limit
        places = await self._reader.call("status_standing_v1", *about)
        if not places:
            return None
        rows = await self._reader.call(
            "status_history_v1", limit + 1, *_after(query.page.cursor), *about
        )
        items = [msgspec.convert(dict(row), StatusEntry) for row in rows[:limit]]
        return StatusHistory(
            items=tuple(items),
            next_cursor=_next(items, limit, len(rows)),
            standing=tuple(
                msgspec.convert(dict(row), Standing) for row in places if row["since"] is not None
            ),
        )

    async def activity(
        self, candidate_id: CandidateId, page: PageRequest, only_for: MemberId | None
    ) -> Page[ActivityEntry] | None:
        """Return a page of what members did."""
        rows = await self._reader.call(
            "list_activity_v1", page.limit + 1, *_after(page.cursor), only_for, candidate_id
        )
        if not rows:
            return None
        found = [row for row in rows if row["id"] is not None]
        items = [msgspec.convert(dict(row), ActivityEntry) for row in found[: page.limit]]
        return Page(items, _next(items, page.limit, len(found)))

    async def preferences(self) -> StatusPreferences:
        """Return what candidates see."""
        return preferences_of(await self._reader.select(sa.select(status_preferences)))


class PostgresSourceQueries:
    """Implements `core.status.ports.SourceQueries`."""

    def __init__(self, reader: TenantReader) -> None:
        self._reader = reader

    async def all(self) -> Sources:
        """Return everybody, those that may report first."""
        rows = await self._reader.call("list_status_sources_v1", None)
        return Sources(tuple(source_view(row) for row in rows))

    async def one(self, source_id: SourceId) -> SourceView:
        """Return one."""
        rows = await self._reader.call("list_status_sources_v1", source_id)
        if not rows:
            raise SourceNotFound("There is no such source.")
        return source_view(rows[0])

    async def reporting(self, source_id: SourceId) -> Source | None:
        """Return one that wasn't revoked."""
        rows = await self._reader.select(
            sa.select(status_sources).where(
                status_sources.c.id == source_id, status_sources.c.revoked_at.is_(None)
            )
        )
        return source_of(rows[0]) if rows else None


def source_view(row: Mapping[str, Any]) -> SourceView:
    """Return a source as others see it."""
    return msgspec.convert({**row, "path": f"{REPORTS_TO}{row['id']}"}, SourceView)


def source_of(row: Any) -> Source:
    """Return the source that a row holds."""
    values = {name: getattr(row, name) for name in Source.__dataclass_fields__}
    values["mapping"] = msgspec.convert(row.mapping, dict[str, Target])
    return Source(**values)


def preferences_of(rows: Sequence[Any]) -> StatusPreferences:
    """Return what candidates see, from its row if there is one."""
    if not rows:
        return StatusPreferences()
    row = rows[0]
    return msgspec.convert(
        {"shown": row.shown, "names": row.names, "version": row.version}, StatusPreferences
    )


def _after(cursor: str | None) -> tuple[Any, Any]:
    return (None, None) if cursor is None else after(cursor)


def _next(
    items: Sequence[StatusEntry] | Sequence[ActivityEntry], limit: int, found: int
) -> str | None:
    return encode_cursor((items[-1].at, items[-1].id)) if found > limit else None
