"""Makes the attempts that messages ask for: begins each in the database, runs it, keeps its lease.

`workers.consuming` hands over what it hears. Beginnings of the same moment are one call.
"""

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

import structlog

from core.shared.errors import Unavailable
from core.shared.ids import TenantId
from plugins.postgres.task_claims import Claim, Due, TaskLeases
from tenants.attempts import make_attempt
from tenants.tasks import TaskRunner
from workers.isolation import Room
from workers.watchdog import Watchdog, Watched

LEASE: Final = timedelta(seconds=20)
"""How long the task of a dead worker waits for another attempt."""

BEAT: Final = 0.25
RECONNECT: Final = 1.0

Key = tuple[TenantId, UUID]

log = structlog.get_logger(__name__)


class Attempts:
    """What runs in this process."""

    def __init__(
        self,
        runner: TaskRunner,
        relay_url: str,
        watchdog: Watchdog,
        *,
        lease: timedelta = LEASE,
    ) -> None:
        self._runner = runner
        self._relay_url = relay_url
        self._watchdog = watchdog
        self._lease = lease
        self._room = Room()
        self._leases: TaskLeases | None = None
        self._beginnings = Coalesced(self._begin_many)
        self._freed = Coalesced(self._free_many)
        self._running: dict[Key, Claim] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._kept: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Connect, and begin to keep leases. Raises Unavailable."""
        self._leases = await TaskLeases.open(self._relay_url)
        self._kept = asyncio.create_task(self._keep(), name="leases")

    async def stop(self) -> None:
        """Cut short what still runs: it is rolled back, and its attempts are taken back."""
        cut_short = list(self._running.values())
        for each in self._tasks:
            each.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if cut_short:
            log.warning("attempts_cut_short", amount=len(cut_short))
            with contextlib.suppress(Unavailable):
                await (await self._connected()).release(cut_short)
        if self._kept is not None:
            self._kept.cancel()
            await asyncio.gather(self._kept, return_exceptions=True)
        if self._leases is not None:
            await self._leases.close()

    def handle(self, due: Due, ended: Callable[[], None]) -> None:
        """Make an attempt at a task that may be due, and call `ended` when it is over."""
        handling = asyncio.create_task(self._handle(due))
        self._tasks.add(handling)

        def over(done: "asyncio.Task[None]") -> None:
            self._tasks.discard(done)
            ended()
            if not done.cancelled() and done.exception() is not None:
                log.error("attempt_broke_off", exc_info=done.exception())

        handling.add_done_callback(over)

    async def _handle(self, due: Due) -> None:
        if not due.was_interrupted:
            async with self._room.shared():
                await self._attempt(due)
            return
        async with self._room.alone() as is_alone:
            # Otherwise the relay sends it again, perhaps to a worker that has less to do.
            if is_alone:
                await self._attempt(due)

    async def _attempt(self, due: Due) -> None:
        key = (due.tenant_id, due.task_id)
        # The same task may be sent twice; the second message has nothing to say.
        if key in self._running or key in self._beginnings:
            return
        try:
            claim = await self._beginnings.ask(key, due)
        except Unavailable:
            return
        if claim is None:
            return
        limit = self._runner.limit_seconds(claim)
        watched = self._watchdog.enter(
            Watched(str(claim.task_id), claim.kind, time.monotonic() + limit)
        )
        self._running[key] = claim
        try:
            await make_attempt(self._runner, claim)
        finally:
            self._watchdog.leave(watched)
            del self._running[key]
        if claim.ordering_key is not None:
            # Otherwise what waits is found some seconds later.
            with contextlib.suppress(Unavailable):
                await self._freed.ask(key, claim)

    async def _begin_many(self, dues: list[Due]) -> dict[Key, Claim]:
        claims = await (await self._connected()).begin(dues, self._lease)
        return {(claim.tenant_id, claim.task_id): claim for claim in claims}

    async def _free_many(self, claims: list[Claim]) -> dict[Key, None]:
        await (await self._connected()).free_next(claims)
        return {}

    async def _keep(self) -> None:
        """Keep the leases of what runs, and show the watchdog that the loop does."""
        renewed_at = time.monotonic()
        while True:
            self._watchdog.beat()
            await asyncio.sleep(BEAT)
            if time.monotonic() - renewed_at < self._lease.total_seconds() / 3:
                continue
            renewed_at = time.monotonic()
            if self._running:
                with contextlib.suppress(Unavailable):
                    leases = await self._connected()
                    await leases.renew(list(self._running.values()), self._lease)

    async def _connected(self) -> TaskLeases:
        if self._leases is None or self._leases.lost.is_set():
            self._leases = await TaskLeases.open(self._relay_url)
        return self._leases


class Coalesced:
    """Asks for many things in one call: what comes during a call goes into the next one."""

    def __init__(self, call: Callable[[list[Any]], Awaitable[dict[Key, Any]]]) -> None:
        self._call = call
        self._waiting: dict[Key, tuple[Any, asyncio.Future[Any]]] = {}
        self._asked: set[Key] = set()
        self._flushing: asyncio.Task[None] | None = None

    def __contains__(self, key: Key) -> bool:
        return key in self._waiting or key in self._asked

    async def ask(self, key: Key, request: Any) -> Any:
        """Return what the call says of `key`; None when nothing. Raises what the call raises."""
        future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._waiting[key] = (request, future)
        if self._flushing is None:
            self._flushing = asyncio.create_task(self._flush())
        return await future

    async def _flush(self) -> None:
        try:
            while self._waiting:
                batch, self._waiting = self._waiting, {}
                self._asked = set(batch)
                await self._answer(batch)
                self._asked = set()
        finally:
            self._flushing = None

    async def _answer(self, batch: dict[Key, tuple[Any, "asyncio.Future[Any]"]]) -> None:
        try:
            answers = await self._call([request for request, _ in batch.values()])
        except Exception as error:  # noqa: BLE001 - whoever asked is told
            for _, future in batch.values():
                if not future.done():
                    future.set_exception(error)
            return
        for key, (_, future) in batch.items():
            if not future.done():
                future.set_result(answers.get(key))
