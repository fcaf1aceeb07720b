"""Makes the attempts that messages ask for: begins each in the database, runs it, keeps its lease.

`workers.consuming` hands over what it hears. Beginnings of the same moment are one call.
"""

import asyncio
import contextlib
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from typing import Final
from weakref import WeakValueDictionary

import structlog

from core.shared.errors import Unavailable
from core.shared.ids import TenantId
from plugins.postgres.task_claims import Claim, Due, TaskLeases
from tenants.attempts import TOGETHER_SECONDS, make_attempt, make_together
from tenants.tasks import TaskRunner
from workers.coalescing import Coalesced, Key
from workers.isolation import Room
from workers.watchdog import Watchdog, Watched

LEASE: Final = timedelta(seconds=20)
"""How long the task of a dead worker waits for another attempt."""

APART: Final = 4
"""Deliveries that were handed over together and are made each by itself beside each other."""

PARTED_SECONDS: Final = 60.0
"""For so long a tenant's subscriber gets no transaction together of which one had failed."""

TRANSACTIONS: Final = 8
"""Of deliveries together, so many beside each other unless it is said otherwise. Further ones wait
here, where their time doesn't run yet, and not for a connection, where it would."""

GATHERED: Final = 50
"""Deliveries at most of one transaction of a subscriber that gathers; its time is bounded."""

BEGINNING_SECONDS: Final = 5.0
"""Longest wait at the end for the database to say what was begun."""

BEAT: Final = 0.25
RECONNECT: Final = 1.0

Turn = tuple[TenantId, str | None]
"""A tenant, and a subscriber of its own transactions, such as one that gathers."""

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
        transactions: int = TRANSACTIONS,
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
        self._parted: dict[Turn, float] = {}
        self._transactions = asyncio.Semaphore(transactions)
        self._turns: WeakValueDictionary[Turn, Coalesced] = WeakValueDictionary()
        self._tasks: set[asyncio.Task[None]] = set()
        self._kept: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Connect, and begin to keep leases. Raises Unavailable."""
        self._leases = await TaskLeases.open(self._relay_url)
        self._kept = asyncio.create_task(self._keep(), name="leases")

    async def stop(self) -> None:
        """Cut short what still runs: it is rolled back, and its attempts are taken back."""
        await self._beginnings.settle(BEGINNING_SECONDS)  # or nobody knew of what is begun by it
        cut_short, turns = list(self._running.values()), list(self._turns.values())
        for each in self._tasks:
            each.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        # These transactions belong to none of the tasks, and hold what is to be given back.
        await asyncio.gather(*(turn.end() for turn in turns))
        if cut_short:
            log.warning("attempts_cut_short", amount=len(cut_short))
            with contextlib.suppress(Unavailable):
                await (await self._connected()).release(cut_short)
        if self._kept is not None:
            self._kept.cancel()
            await asyncio.gather(self._kept, return_exceptions=True)
        if self._leases is not None:
            await self._leases.close()

    def handle(self, dues: Sequence[Due], ended: Callable[[], None]) -> None:
        """Make attempts at tasks that may be due, and call `ended` when they are over."""
        handling = asyncio.create_task(self._handle(dues))
        self._tasks.add(handling)

        def over(done: "asyncio.Task[None]") -> None:
            self._tasks.discard(done)
            ended()
            if not done.cancelled() and done.exception() is not None:
                log.error("attempt_broke_off", exc_info=done.exception())

        handling.add_done_callback(over)

    async def _handle(self, dues: Sequence[Due]) -> None:
        if not any(due.was_interrupted for due in dues):
            async with self._room.shared():
                await self._attempt(dues)
            return
        async with self._room.alone() as is_alone:
            # Otherwise the relay sends it again, perhaps to a worker that has less to do.
            if is_alone:
                await self._attempt(dues)

    async def _attempt(self, dues: Sequence[Due]) -> None:
        # The same task may be sent twice; the second message has nothing to say.
        wanted = {
            key: due
            for due in dues
            if (key := (due.tenant_id, due.task_id)) not in self._running
            and key not in self._beginnings
        }
        try:
            claims = await self._beginnings.ask_all(wanted)
        except Unavailable:
            return
        try:
            await self._make(list(claims.values()))
        finally:
            for key in claims:
                del self._running[key]
        ordered = {key: claim for key, claim in claims.items() if claim.ordering_key is not None}
        if ordered:
            # Otherwise what waits is found some seconds later.
            with contextlib.suppress(Unavailable):
                await self._freed.ask_all(ordered)

    async def _make(self, claims: Sequence[Claim]) -> None:
        """Make the attempts: deliveries together as far as that goes, all others each by itself."""
        together: dict[Turn, list[Claim]] = defaultdict(list)
        apart: list[Claim] = []
        for claim in claims:
            if self._may_be_together(claim):
                gathering = claim.subscriber if self._runner.gathers(claim) else None
                together[claim.tenant_id, gathering].append(claim)
            else:
                apart.append(claim)
        groups = together.items()
        for left in await asyncio.gather(*(self._make_group(*each) for each in groups)):
            apart += left
        for first in range(0, len(apart), APART):
            await asyncio.gather(*(self._make_one(each) for each in apart[first : first + APART]))

    async def _make_group(self, turn: Turn, group: Sequence[Claim]) -> Sequence[Claim]:
        """Make deliveries together and return those that aren't done.

        Those of a subscriber that gathers wait here while others of the tenant are made, and go
        together then: in the database they would wait for one another as well, each with a
        connection and its time running out.
        """
        if turn[1] is None:
            return () if await self._make_together(group) else group
        gathering = self._turns.setdefault(turn, Coalesced(self._make_gathered, GATHERED))
        made = await gathering.ask_all({(each.tenant_id, each.task_id): each for each in group})
        return [each for each in group if (each.tenant_id, each.task_id) not in made]

    async def _make_gathered(self, claims: list[Claim]) -> dict[Key, bool]:
        is_done = await self._make_together(claims)
        return {(each.tenant_id, each.task_id): True for each in claims if is_done}

    def _may_be_together(self, claim: Claim) -> bool:
        parted_until = self._parted.get((claim.tenant_id, claim.subscriber), 0.0)
        return time.monotonic() >= parted_until and self._runner.may_be_together(claim)

    async def _make_together(self, claims: Sequence[Claim]) -> bool:
        async with self._transactions:
            with self._watched(claims[0], TOGETHER_SECONDS):
                is_done = await make_together(self._runner, claims)
        if not is_done:
            # One of them spoils it for the others, and may do so for a while.
            now = time.monotonic()
            self._parted = {turn: until for turn, until in self._parted.items() if until > now}
            until = now + PARTED_SECONDS
            self._parted |= {(claim.tenant_id, claim.subscriber): until for claim in claims}
        return is_done

    async def _make_one(self, claim: Claim) -> None:
        with self._watched(claim, self._runner.limit_seconds(claim)):
            await make_attempt(self._runner, claim)

    @contextlib.contextmanager
    def _watched(self, claim: Claim, limit: float) -> Iterator[None]:
        watched = self._watchdog.enter(
            Watched(str(claim.task_id), claim.kind, time.monotonic() + limit)
        )
        try:
            yield
        finally:
            self._watchdog.leave(watched)

    async def _begin_many(self, dues: list[Due]) -> dict[Key, Claim]:
        claims = await (await self._connected()).begin(dues, self._lease)
        begun = {(claim.tenant_id, claim.task_id): claim for claim in claims}
        self._running |= begun
        return begun

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
