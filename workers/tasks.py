"""The worker: claims due tasks of all tenants, runs a few at a time, sleeps until the next is due.

A NOTIFY wakes it; polling is only for what falls due by the clock or when a notice was lost. Any
number of workers may run side by side: claims skip what another holds.
"""

import asyncio
import contextlib
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Final

import structlog

from core.shared.errors import Unavailable
from plugins.postgres.task_claims import Claim, TaskClaims
from tenants.tasks import TaskRunner

LEASE: Final = timedelta(seconds=60)
"""How long a dead worker's task waits for another; renewed while the work goes on."""

LONGEST_SLEEP: Final = 15.0
"""Seconds between looks at the clock when no notice comes."""

RECONNECT: Final = 1.0
"""Seconds to wait when the database is away."""

log = structlog.get_logger(__name__)


class TaskWorker:
    """Runs tasks until it is stopped; then lets those that run come to their end."""

    def __init__(
        self,
        runner: TaskRunner,
        relay_url: str,
        *,
        at_once: int = 4,
        lease: timedelta = LEASE,
        periodic: Mapping[str, timedelta] | None = None,
    ) -> None:
        self._runner = runner
        self._relay_url = relay_url
        self._at_once = at_once
        self._lease = lease
        self._periodic = dict(periodic or {})
        self._awake = asyncio.Event()
        self._stopping = False
        self._running: set[asyncio.Task[None]] = set()

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
                    self._awake.clear()  # a task that ended meanwhile set it
                await self._sleep(RECONNECT)
        await self._drain()

    async def run_due(self) -> int:
        """Run everything that is due now, to its end, and return how many tasks that were."""
        claims = await TaskClaims.open(self._relay_url, self._lease, self._awake.set)
        ran = 0
        try:
            while claimed := await claims.claim(self._at_once):
                ran += len(claimed)
                await asyncio.gather(*(self._run_one(claim) for claim in claimed))
        finally:
            await claims.close()
        return ran

    async def _work(self) -> None:
        claims = await TaskClaims.open(self._relay_url, self._lease, self._awake.set)
        try:
            while not self._stopping and not claims.lost.is_set():
                self._awake.clear()
                await self._promise(claims)
                free = self._at_once - len(self._running)
                for claim in await claims.claim(free) if free else []:
                    self._start(claim)
                if len(self._running) < self._at_once:
                    await self._sleep(_seconds_until(await claims.next_at()))
                else:
                    await self._sleep(LONGEST_SLEEP)
        finally:
            await claims.close()

    async def _promise(self, claims: TaskClaims) -> None:
        """Promise each periodic task for the present slot; a slot is promised once, by whomever."""
        now = datetime.now(UTC)
        for kind, every in self._periodic.items():
            slot = int(now.timestamp() // every.total_seconds())
            await claims.promise_periodic(kind, str(slot))

    def _start(self, claim: Claim) -> None:
        running = asyncio.create_task(self._run_one(claim), name=f"task-{claim.task_id}")
        self._running.add(running)
        running.add_done_callback(self._ended)

    def _ended(self, running: "asyncio.Task[None]") -> None:
        self._running.discard(running)
        self._awake.set()

    async def _run_one(self, claim: Claim) -> None:
        bound = log.bind(
            task_id=str(claim.task_id), tenant_id=str(claim.tenant_id), kind=claim.kind
        )
        renewing = asyncio.create_task(self._renew(claim))
        try:
            await self._runner.run(claim)
            bound.info("task_done", attempt=claim.attempt)
        except Exception as error:  # noqa: BLE001 - a task's failure is kept, never the worker's end
            bound.warning("task_failed", attempt=claim.attempt, error=type(error).__name__)
            # With the database away, the lease runs out and another attempt follows by itself.
            with contextlib.suppress(Unavailable):
                if not await self._runner.fail(claim, error):
                    bound.error("task_dead")
        finally:
            renewing.cancel()
            await asyncio.gather(renewing, return_exceptions=True)

    async def _renew(self, claim: Claim) -> None:
        while True:
            await asyncio.sleep(self._lease.total_seconds() / 3)
            with contextlib.suppress(Unavailable):
                await self._runner.renew(claim, self._lease)

    async def _sleep(self, seconds: float) -> None:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._awake.wait(), min(seconds, LONGEST_SLEEP))

    async def _drain(self) -> None:
        if self._running:
            await asyncio.gather(*self._running, return_exceptions=True)


def _seconds_until(due: datetime | None) -> float:
    if due is None:
        return LONGEST_SLEEP
    return max(0.05, (due - datetime.now(UTC)).total_seconds())
