"""Gives events their positions and hands them to their subscribers, as the relay role.

Used by `workers.relay` and `tenants.due_work`.
"""

from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any, Final

import asyncpg

from core.shared.errors import Unavailable
from core.shared.ids import TenantId
from core.shared.reactions import Subscription
from plugins.postgres.database import CONNECTION_LOST, UNAVAILABLE
from plugins.postgres.outbox import CHANNEL

BATCH: Final = 500
"""Rows of one tenant that one transaction sequences or removes; it holds the log meanwhile."""


class Sequencing:
    """One connection of the relay role, which also hears of commits."""

    def __init__(self, connection: Any, lost: Callable[[], None]) -> None:
        self._connection = connection
        connection.add_termination_listener(lambda _: lost())

    @classmethod
    async def open(
        cls, relay_url: str, heard: Callable[[], None], lost: Callable[[], None]
    ) -> "Sequencing":
        """Connect; call `heard` at commits and `lost` when the line drops. Raises Unavailable."""
        try:
            connection = await asyncpg.connect(
                relay_url, server_settings={"application_name": "intellimatch-sequencer"}
            )
            sequencing = cls(connection, lost)
            await connection.add_listener(CHANNEL, lambda *_: heard())
        except CONNECTION_LOST as error:
            raise Unavailable(UNAVAILABLE) from error
        return sequencing

    async def close(self) -> None:
        """Let go of the connection."""
        self._connection.terminate()

    async def sequence(self, limit: int = BATCH) -> tuple[int, bool]:
        """Sequence a batch per tenant; return how many rows, and whether more may wait."""
        rows = await self._fetch("SELECT sequenced FROM sequence_outbox_v1($1)", limit)
        amounts = [int(row[0]) for row in rows]
        return sum(amounts), limit in amounts

    async def to_dispatch(self) -> list[TenantId]:
        """Return the tenants whose events weren't all handed over yet."""
        return [row[0] for row in await self._fetch("SELECT * FROM tenants_to_dispatch_v1()")]

    async def dispatch(
        self, tenant_id: TenantId, subscriptions: Sequence[Subscription], limit: int = BATCH
    ) -> tuple[int, bool]:
        """Hand a batch of a tenant's events over; return how many tasks, and whether more wait."""
        wanted = [(kind, each) for each in subscriptions for kind in each.event_types]
        rows = await self._fetch(
            "SELECT * FROM dispatch_events_v1($1, $2, $3, $4, $5, $6)",
            tenant_id,
            [kind for kind, _ in wanted],
            [each.subscriber for _, each in wanted],
            [each.queue for _, each in wanted],
            [each.ordered for _, each in wanted],
            limit,
        )
        dispatched, made = rows[0]
        return int(made), dispatched >= limit

    async def prune(self, keep: timedelta, limit: int = BATCH) -> tuple[int, bool]:
        """Remove a batch of old events per tenant; return how many, and whether more may be old."""
        rows = await self._fetch("SELECT removed FROM prune_event_logs_v1($1, $2)", keep, limit)
        amounts = [int(row[0]) for row in rows]
        return sum(amounts), any(amount >= limit for amount in amounts)

    async def _fetch(self, sql: str, *arguments: Any) -> list[Any]:
        try:
            return list(await self._connection.fetch(sql, *arguments))
        except CONNECTION_LOST as error:
            raise Unavailable(UNAVAILABLE) from error
