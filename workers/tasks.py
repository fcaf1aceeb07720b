"""The worker: runs due tasks of all tenants, and sleeps until the next is due.

A NOTIFY wakes it; polling is only for what falls due by the clock or when a notice was lost.
"""

import asyncio
import contextlib
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Final

import structlog

from core.shared.errors import Unavailable
from plugins.postgres.task_claims import TaskClaims
from tenants.due_work import DueWork, known_queues
from tenants.tasks import TaskRunner

LONGEST_SLEEP: Final = 15.0
"""Seconds between looks at the clock when no notice comes."""

RECONNECT: Final = 1.0
"""Seconds to wait when the database is away."""

log = structlog.get_logger(__name__)


class TaskWorker:
    """Runs tasks until it is stopped."""

    def __init__(
        self,
        runner: TaskRunner,
        relay_url: str,
        *,
        periodic: Mapping[str, timedelta] | None = None,
    ) -> None:
        self._due = DueWork(runner, relay_url)
        self._relay_url = relay_url
        self._periodic = dict(periodic or {})
        self._awake = asyncio.Event()
        self._stopping = False

    def stop(self) -> None:
        """Claim nothing more; `run` returns when what runs has ended."""
        self._stopping = True
        self._awake.set()

    async def run(self) -> None:
        """Work until `stop` is called. While the database is away, try again each second."""
        while not self._stopping:
            try:
                await self._work()
            except Unavailable:
                log.warning("worker_waits_for_database")
                if not self._stopping:
                    self._awake.clear()
                await self._sleep(RECONNECT)

    async def _work(self) -> None:
        claims = await TaskClaims.open(self._relay_url, self._awake.set)
        try:
            while not self._stopping and not claims.lost.is_set():
                self._awake.clear()
                await self._promise(claims)
                await self._due.run_due()
                await self._sleep(_seconds_until(await claims.next_at(known_queues())))
        finally:
            await claims.close()

    async def _promise(self, claims: TaskClaims) -> None:
        """Promise each periodic task for the present slot; a slot is promised once, by whomever."""
        now = datetime.now(UTC)
        for kind, every in self._periodic.items():
            slot = int(now.timestamp() // every.total_seconds())
            await claims.promise_periodic(kind, str(slot))

    async def _sleep(self, seconds: float) -> None:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._awake.wait(), min(seconds, LONGEST_SLEEP))


def _seconds_until(due: datetime | None) -> float:
    if due is None:
        return LONGEST_SLEEP
    return max(0.05, (due - datetime.now(UTC)).total_seconds())
