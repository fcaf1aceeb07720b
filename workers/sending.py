"""The relay: tells workers what is due, by way of the broker, until the database says it is done.

A NOTIFY wakes it; polling is only for what falls due by the clock or when a notice was lost. Any
number may run side by side: claims skip what another holds. What was sent is sent again when nobody
has begun it after a while, and at once when the broker has lost its data.
"""

import asyncio
import contextlib
from collections import defaultdict
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Final

import structlog

from core.shared.errors import Unavailable
from plugins.dramatiq_broker.broker import Ring, TaskBroker
from plugins.postgres.task_claims import Due, TaskClaims

RESEND: Final = timedelta(seconds=15)
"""A message that led to nothing for so long is taken for lost."""

MOST_WAITING: Final = 1_000
"""Messages of a queue that wait in the broker; the rest waits in the database, where it is safe."""

BATCH: Final = 500
LONGEST_SLEEP: Final = 15.0
"""Seconds between looks when no notice comes."""

SHORTEST_SLEEP: Final = 0.05
RECONNECT: Final = 1.0
"""Seconds to wait when the database or the broker is away."""

log = structlog.get_logger(__name__)


class Sender:
    """Sends until it is stopped."""

    def __init__(
        self,
        relay_url: str,
        broker: TaskBroker,
        queues: Sequence[str],
        *,
        resend_after: timedelta = RESEND,
    ) -> None:
        self._relay_url = relay_url
        self._broker = broker
        self._queues = tuple(queues)
        self._resend_after = resend_after
        self._awake = asyncio.Event()
        self._stopping = False
        # One thread, since a connection to RabbitMQ belongs to the thread that made it.
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="broker")

    def stop(self) -> None:
        """Send nothing more; `run` returns soon."""
        self._stopping = True
        self._awake.set()

    async def run(self) -> None:
        """Send until `stop`. While database or broker is away, try again each second."""
        try:
            while not self._stopping:
                try:
                    await self._work()
                except Unavailable as error:
                    log.warning("relay_waits", error=str(error))
                    if not self._stopping:
                        self._awake.clear()  # a lost line set it, and nobody would sleep again
                    await self._sleep(RECONNECT)
        finally:
            self._thread.shutdown(wait=False)

    async def _work(self) -> None:
        claims = await TaskClaims.open(self._relay_url, self._awake.set)
        try:
            while not self._stopping and not claims.lost.is_set():
                self._awake.clear()
                if not await self._send(claims):
                    await self._sleep(_seconds_until(await claims.next_at(self._queues)))
        finally:
            await claims.close()

    async def _send(self, claims: TaskClaims) -> bool:
        """Send a batch of what is due; return whether more may be due that there is room for."""
        loop = asyncio.get_running_loop()
        look = await loop.run_in_executor(self._thread, self._broker.look, self._queues)
        if look.was_emptied and (lost := await claims.forget_sent()):
            log.warning("broker_was_emptied", lost=lost)
        limits = {
            queue: min(BATCH, MOST_WAITING - look.waiting[queue])
            for queue in self._queues
            if look.waiting[queue] < MOST_WAITING
        }
        due, is_more = await claims.claim(limits, self._resend_after)
        for queue, each in _by_queue(due).items():
            rings = [Ring(one.tenant_id, one.task_id, one.was_interrupted) for one in each]
            await loop.run_in_executor(self._thread, self._broker.ring, queue, rings)
        return is_more

    async def _sleep(self, seconds: float) -> None:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._awake.wait(), seconds)


def _by_queue(dues: Sequence[Due]) -> dict[str, list[Due]]:
    queues: dict[str, list[Due]] = defaultdict(list)
    for each in dues:
        queues[each.queue].append(each)
    return queues


def _seconds_until(due: datetime | None) -> float:
    if due is None:
        return LONGEST_SLEEP
    left = (due - datetime.now(UTC)).total_seconds()
    return min(max(SHORTEST_SLEEP, left), LONGEST_SLEEP)
