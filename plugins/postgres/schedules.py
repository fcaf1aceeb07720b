"""Finds what schedules are due across tenants and fires them, as the relay role.

Used by `workers.scheduling`. The next times are found in Python, between two statements of one
transaction that holds the schedules; that a time is fired once is the unique row's doing.
"""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, Final

import asyncpg
import msgspec

from core.shared.clock import UtcDatetime
from core.shared.errors import Unavailable
from core.shared.ids import TenantId
from plugins.postgres.database import CONNECTION_LOST, UNAVAILABLE

BATCH: Final = 200


class Unplaced(msgspec.Struct, frozen=True):
    """A schedule of which it isn't known yet when it is due next."""

    tenant_id: TenantId
    name: str
    cron: str
    zone: str


class Due(msgspec.Struct, frozen=True):
    """A schedule whose time has come."""

    tenant_id: TenantId
    name: str
    definition: str
    next_at: UtcDatetime
    moment: UtcDatetime
    """The present one, by the database's clock."""


class Firing(msgspec.Struct, frozen=True):
    """A time of a schedule, and the task to be promised."""

    tenant_id: TenantId
    name: str
    fire_at: UtcDatetime
    kind: str
    queue: str
    payload: dict[str, Any]


class Decision(msgspec.Struct, frozen=True):
    """What is done about a schedule that is due."""

    firings: Sequence[Firing]
    next_at: datetime


class Wanted(msgspec.Struct, frozen=True):
    """A schedule that tenants should have."""

    name: str
    cron: str
    in_tenants_zone: bool
    plugin_id: str | None


class ScheduleCalls:
    """One connection of the relay role."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection

    @classmethod
    async def open(cls, relay_url: str) -> "ScheduleCalls":
        """Connect. Raises Unavailable."""
        try:
            connection = await asyncpg.connect(
                relay_url, server_settings={"application_name": "intellimatch-scheduler"}
            )
        except CONNECTION_LOST as error:
            raise Unavailable(UNAVAILABLE) from error
        return cls(connection)

    async def close(self) -> None:
        """Let go of the connection."""
        self._connection.terminate()

    async def place(
        self, wanted: Sequence[Wanted], next_time: Callable[[Unplaced], datetime]
    ) -> int:
        """Give each tenant the schedules that it should have; return how many were placed."""
        rows = await self._fetch(
            "SELECT * FROM schedules_to_place_v1($1, $2, $3, $4)",
            [each.name for each in wanted],
            [each.cron for each in wanted],
            [each.in_tenants_zone for each in wanted],
            [each.plugin_id for each in wanted],
        )
        if not rows:
            return 0
        unplaced = [Unplaced(*row) for row in rows]
        placed = await self._fetch(
            "SELECT * FROM place_schedules_v1($1, $2, $3, $4)",
            [each.tenant_id for each in unplaced],
            [each.name for each in unplaced],
            [f"{each.cron} {each.zone}" for each in unplaced],
            [next_time(each) for each in unplaced],
        )
        return int(placed[0][0])

    async def fire(
        self, names: Sequence[str], decide: Callable[[Due], Decision], limit: int = BATCH
    ) -> tuple[int, bool]:
        """Deal with a batch of what is due; return how often it fired, and whether more wait.

        Everything of a batch happens, or nothing.
        """
        try:
            async with self._connection.transaction():
                return await self._fire(names, decide, limit)
        except CONNECTION_LOST as error:
            raise Unavailable(UNAVAILABLE) from error

    async def _fire(
        self, names: Sequence[str], decide: Callable[[Due], Decision], limit: int
    ) -> tuple[int, bool]:
        rows = await self._fetch("SELECT * FROM due_schedules_v1($1, $2)", list(names), limit)
        due = [Due(*row) for row in rows]
        if not due:
            return 0, False
        decisions = [decide(each) for each in due]
        firings = [each for decision in decisions for each in decision.firings]
        fired = await self._fetch(
            "SELECT * FROM fire_schedules_v1($1, $2, $3, $4, $5, $6)",
            [each.tenant_id for each in firings],
            [each.name for each in firings],
            [each.fire_at for each in firings],
            [each.kind for each in firings],
            [each.queue for each in firings],
            [msgspec.json.encode(each.payload).decode() for each in firings],
        )
        await self._fetch(
            "SELECT * FROM advance_schedules_v1($1, $2, $3)",
            [each.tenant_id for each in due],
            [each.name for each in due],
            [decision.next_at for decision in decisions],
        )
        behind = any(
            decision.next_at <= each.moment for each, decision in zip(due, decisions, strict=True)
        )
        return int(fired[0][0]), behind or len(due) == limit

    async def _fetch(self, sql: str, *arguments: Any) -> list[Any]:
        try:
            return list(await self._connection.fetch(sql, *arguments))
        except CONNECTION_LOST as error:
            raise Unavailable(UNAVAILABLE) from error
