"""What the relay and the workers do with tasks across tenants, as the relay role.

No payload is seen here; a worker reads that as the tenant. Each object holds one connection.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Self
from uuid import UUID

import asyncpg
import msgspec

from core.ports.tasks import MAX_ATTEMPTS
from core.shared.errors import Unavailable
from core.shared.ids import TenantId
from plugins.postgres.database import CONNECTION_LOST, UNAVAILABLE
from plugins.postgres.tasks import CHANNEL


class Due(msgspec.Struct, frozen=True):
    """A task that a worker is to be told of."""

    tenant_id: TenantId
    task_id: UUID
    queue: str
    was_interrupted: bool = False
    """A worker ended during an earlier attempt: the next one runs alone in its process."""


class Claim(msgspec.Struct, frozen=True):
    """An attempt that this worker may make until its lease ends; it is counted already."""

    tenant_id: TenantId
    task_id: UUID
    kind: str
    subscriber: str | None
    ordering_key: str | None
    request_id: str | None
    attempt: int


class RelayConnection:
    """One connection of the relay role, for one statement at a time."""

    APPLICATION = "intellimatch-worker"

    def __init__(self, connection: Any) -> None:
        self._connection = connection
        self._one_at_a_time = asyncio.Lock()
        self.lost = asyncio.Event()
        """Set when the connection is gone; open another one then."""
        connection.add_termination_listener(lambda _: self.lost.set())

    @classmethod
    async def open(cls, relay_url: str, heard: Callable[[], None] | None = None) -> Self:
        """Connect, and call `heard` whenever tasks were promised. Raises Unavailable."""
        try:
            connection = await asyncpg.connect(
                relay_url, server_settings={"application_name": cls.APPLICATION}
            )
            opened = cls(connection)
            if heard is not None:
                await connection.add_listener(CHANNEL, lambda *_: heard())
        except CONNECTION_LOST as error:
            raise Unavailable(UNAVAILABLE) from error
        return opened

    async def close(self) -> None:
        """Let go of the connection."""
        self._connection.terminate()

    async def _fetch(self, sql: str, *arguments: Any) -> list[Any]:
        async with self._one_at_a_time:
            try:
                return list(await self._connection.fetch(sql, *arguments))
            except CONNECTION_LOST as error:
                self.lost.set()
                raise Unavailable(UNAVAILABLE) from error


class TaskClaims(RelayConnection):
    """The relay's side: what is due."""

    APPLICATION = "intellimatch-relay"

    async def claim(
        self, limits: Mapping[str, int], resend_after: timedelta
    ) -> tuple[list[Due], bool]:
        """Take due tasks, up to a number for each queue; return them and whether more may be due.

        They are due again `resend_after` from now unless a worker has begun them by then.
        """
        rows = await self._fetch(
            "SELECT * FROM claim_tasks_v2($1, $2, $3, $4)",
            list(limits),
            list(limits.values()),
            resend_after,
            MAX_ATTEMPTS,
        )
        seen = dict.fromkeys(limits, 0)
        for row in rows:
            seen[row[2]] += 1
        due = [Due(*row[:4]) for row in rows if not row[4]]
        return due, any(seen[queue] >= limit > 0 for queue, limit in limits.items())

    async def next_at(self, queues: Sequence[str]) -> datetime | None:
        """Return when the next task of these queues falls due, None when none waits."""
        rows = await self._fetch("SELECT * FROM next_task_at_v2($1)", list(queues))
        due: datetime | None = rows[0][0]
        return due

    async def forget_sent(self) -> int:
        """Let all be claimed again that was sent and not begun; return how many tasks that is."""
        return int((await self._fetch("SELECT * FROM forget_sent_v1()"))[0][0])


class TaskLeases(RelayConnection):
    """The worker's side: attempts that begin, go on, are given back or have ended."""

    async def begin(self, tasks: Sequence[Due], lease: timedelta) -> list[Claim]:
        """Count an attempt at each task and lease it; return those that may be worked on."""
        rows = await self._fetch(
            "SELECT * FROM begin_tasks_v1($1, $2, $3, $4, $5)",
            [each.tenant_id for each in tasks],
            [each.task_id for each in tasks],
            [each.was_interrupted for each in tasks],
            lease,
            MAX_ATTEMPTS,
        )
        return [Claim(*row) for row in rows]

    async def renew(self, claims: Sequence[Claim], lease: timedelta) -> None:
        """Keep the leases of attempts that go on."""
        await self._fetch("SELECT * FROM renew_tasks_v1($1, $2, $3, $4)", *_columns(claims), lease)

    async def release(self, claims: Sequence[Claim]) -> None:
        """Take back attempts that were cut short by us; they don't count."""
        await self._fetch("SELECT * FROM release_tasks_v1($1, $2, $3)", *_columns(claims))

    async def free_next(self, claims: Sequence[Claim]) -> None:
        """Let those be claimed at once that waited, in their order, for these to be done."""
        await self._fetch(
            "SELECT * FROM free_next_tasks_v1($1, $2, $3)",
            [each.tenant_id for each in claims],
            [each.subscriber for each in claims],
            [each.ordering_key for each in claims],
        )


def _columns(claims: Sequence[Claim]) -> tuple[list[UUID], list[UUID], list[int]]:
    return (
        [each.tenant_id for each in claims],
        [each.task_id for each in claims],
        [each.attempt for each in claims],
    )
