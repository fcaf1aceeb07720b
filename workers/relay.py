"""The sequencer: gives each committed event its place in its tenant's log and hands it to its
subscribers, and removes old ones.

A NOTIFY from the recorder's transaction wakes it; polling is only for a notice that was lost. Any
number may run side by side, since the database's function locks a tenant's log for the moment.
"""

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from typing import Final

import asyncpg
import structlog

from core.shared.errors import Unavailable
from core.shared.ids import TenantId
from core.shared.reactions import Subscription
from plugins.postgres.sequencing import Sequencing

POLL_SECONDS: Final = 2.0
"""Longest time that an event waits whose notice was lost."""

DISPATCH_APART: Final = 0.02
"""Events that come within it after others go to their subscribers together, in seconds: in a rush
each message, attempt and transaction is then for several. Streams don't wait for it."""

PRUNE_SECONDS: Final = 600.0
"""Between removals of old events."""

RECONNECT_SECONDS: Final = 1.0

Subscriptions = Callable[[TenantId], Awaitable[Sequence[Subscription]]]
"""What the subscribers of a tenant want to hear of."""

log = structlog.get_logger(__name__)


class Sequencer:
    """Runs until it is stopped."""

    def __init__(
        self,
        relay_url: str,
        *,
        retention: timedelta,
        subscriptions: Subscriptions | None = None,
        poll_seconds: float = POLL_SECONDS,
    ) -> None:
        self._relay_url = relay_url
        self._retention = retention
        self._subscriptions = subscriptions
        self._poll_seconds = poll_seconds
        self._awake = asyncio.Event()
        self._lost = False
        self._stopping = False

    def stop(self) -> None:
        """Begin no other batch; `run` returns after the present one."""
        self._stopping = True
        self._awake.set()

    async def run(self) -> None:
        """Sequence until `stop`. While the database is away, try again each second."""
        while not self._stopping:
            try:
                await self._work()
            except (Unavailable, asyncpg.PostgresError) as error:
                log.warning("sequencer_waits", error=type(error).__name__)
                if not self._stopping:
                    self._awake.clear()  # the lost line set it, and nobody would sleep again
                await self._sleep(RECONNECT_SECONDS)

    async def _work(self) -> None:
        self._lost = False
        sequencing = await Sequencing.open(self._relay_url, self._awake.set, self._line_lost)
        pruned_at = dispatched_at = 0.0
        is_new = True
        try:
            while not self._stopping and not self._lost:
                if is_new:
                    self._awake.clear()
                    await self._sequence(sequencing)
                pause = self._poll_seconds
                if self._subscriptions is not None:
                    left = dispatched_at + DISPATCH_APART - time.monotonic()
                    if left <= 0:
                        dispatched_at = time.monotonic()
                        await self._dispatch(sequencing, self._subscriptions)
                    else:
                        pause = min(pause, left)
                if time.monotonic() - pruned_at >= PRUNE_SECONDS:
                    await self._prune(sequencing)
                    pruned_at = time.monotonic()
                await self._sleep(pause)
                is_new = self._awake.is_set() or pause == self._poll_seconds
        finally:
            await sequencing.close()

    async def _sequence(self, sequencing: Sequencing) -> None:
        more = True
        while more and not self._stopping:
            _, more = await sequencing.sequence()

    async def _dispatch(self, sequencing: Sequencing, subscriptions: Subscriptions) -> None:
        for tenant_id in await sequencing.to_dispatch():
            more = True
            while more and not self._stopping:
                try:
                    wanted = await subscriptions(tenant_id)
                except Unavailable:
                    raise
                except Exception:  # one tenant's plugins must not hold up the others
                    log.exception("subscriptions_unknown", tenant_id=str(tenant_id))
                    break
                _, more = await sequencing.dispatch(tenant_id, wanted)

    async def _prune(self, sequencing: Sequencing) -> None:
        more, removed = True, 0
        while more and not self._stopping:
            amount, more = await sequencing.prune(self._retention)
            removed += amount
        if removed:
            log.info("old_events_removed", removed=removed)

    def _line_lost(self) -> None:
        self._lost = True
        self._awake.set()

    async def _sleep(self, seconds: float) -> None:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._awake.wait(), seconds)
