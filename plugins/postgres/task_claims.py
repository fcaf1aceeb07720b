"""Claims due tasks across tenants as the relay role, which may do nothing else with them."""

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg
import msgspec

from core.ports.tasks import MAX_ATTEMPTS
from core.shared.errors import Unavailable
from core.shared.ids import TenantId
from plugins.postgres.database import CONNECTION_LOST, UNAVAILABLE
from plugins.postgres.tasks import CHANNEL


class Claim(msgspec.Struct, frozen=True):
    """A task that this worker may run until its lease ends."""

    tenant_id: TenantId
    task_id: UUID
    kind: str
    attempt: int


class TaskClaims:
    """One connection of the relay role, which also hears of new tasks."""

    def __init__(self, connection: Any, lease: timedelta) -> None:
        self._connection = connection
        self._lease = lease
        self._one_at_a_time = asyncio.Lock()
        self.lost = asyncio.Event()
        """Set when the connection is gone; open another one then."""
        connection.add_termination_listener(lambda _: self.lost.set())

    @classmethod
    async def open(
        cls, relay_url: str, lease: timedelta, heard: Callable[[], None]
    ) -> "TaskClaims":
        """Connect and call `heard` whenever tasks were promised. Raises Unavailable."""
        try:
            connection = await asyncpg.connect(
                relay_url, server_settings={"application_name": "intellimatch-worker"}
            )
            claims = cls(connection, lease)
            await connection.add_listener(CHANNEL, lambda *_: heard())
        except CONNECTION_LOST as error:
            raise Unavailable(UNAVAILABLE) from error
        return claims

    async def close(self) -> None:
        """Let go of the connection."""
        self._connection.terminate()

    async def claim(self, limit: int) -> list[Claim]:
        """Lease up to `limit` due tasks; each attempt is counted before its work begins."""
        rows = await self._fetch(
            "SELECT * FROM claim_tasks_v1($1, $2, $3)", limit, self._lease, MAX_ATTEMPTS
        )
        return [Claim(*row) for row in rows]

    async def next_at(self) -> datetime | None:
        """Return when the next task falls due, None when none waits."""
        due: datetime | None = (await self._fetch("SELECT * FROM next_task_at_v1()"))[0][0]
        return due

    async def promise_periodic(self, kind: str, slot: str) -> int:
        """Promise a task of `kind` to every tenant that has none for `slot`; return how many."""
        rows = await self._fetch("SELECT * FROM promise_periodic_v1($1, $2)", kind, slot)
        return int(rows[0][0])

    async def _fetch(self, sql: str, *arguments: Any) -> list[Any]:
        async with self._one_at_a_time:
            try:
                return list(await self._connection.fetch(sql, *arguments))
            except CONNECTION_LOST as error:
                self.lost.set()
                raise Unavailable(UNAVAILABLE) from error
