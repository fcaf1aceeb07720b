"""Reads a tenant's event log for the live streams; `sql/event_log.sql` holds the statements."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import msgspec

from core.shared.clock import UtcDatetime
from core.shared.ids import MemberId
from plugins.postgres.database import TenantReader


class LoggedEvent(msgspec.Struct, frozen=True):
    """An event at its place in the log."""

    position: int
    type: str
    version: int
    aggregate: str
    aggregate_id: UUID
    payload: dict[str, Any]
    occurred_at: UtcDatetime


class Bounds(msgspec.Struct, frozen=True):
    """Where a log begins and ends; `last` is less than `first` while it is empty."""

    first: int
    last: int


class EventLog:
    """One tenant's log."""

    def __init__(self, reader: TenantReader) -> None:
        self._reader = reader

    async def bounds(self) -> Bounds:
        """Return where the log begins and ends."""
        return Bounds(*(await self._reader.call("event_log_bounds_v1"))[0])

    async def after(self, position: int, limit: int) -> list[LoggedEvent]:
        """Return up to `limit` events that follow `position`, in order."""
        rows = await self._reader.call("events_after_v1", position, limit)
        return [LoggedEvent(*row) for row in rows]

    async def assigned(self, member_id: MemberId, positions: Sequence[int]) -> frozenset[int]:
        """Return those of `positions` that are about what an interviewer may see now."""
        rows = await self._reader.call("assigned_events_v1", member_id, list(positions))
        return frozenset(row[0] for row in rows)
