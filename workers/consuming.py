"""Hears from the broker what is due, and hands it to the loop: one Dramatiq worker for each queue.

Dramatiq fetches and acknowledges, in one thread for each queue. It is given no threads to work in:
what it fetches goes to the process's one loop, as many at once as the queue may run.
"""

import asyncio
import contextlib
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from queue import Empty
from typing import Any, Final, Protocol

import dramatiq
import dramatiq.worker
import structlog
from dramatiq.broker import MessageProxy
from dramatiq.errors import BrokerConnectionError

from core.shared.ids import TenantId
from core.shared.reactions import EVENT_QUEUE
from plugins.dramatiq_broker.broker import ACTOR, read_ring
from plugins.dramatiq_broker.opening import open_broker
from plugins.postgres.task_claims import Due

PREFETCH: Final = 500
"""Messages that a worker fetches ahead; what a dead one had fetched is sent again."""

WAKE_MS: Final = 100
"""Longest time that an idle queue's message waits to be fetched."""

TOGETHER: Final = 25
"""Deliveries of events that are handed over at once, to share a transaction."""

_LOOK: Final = 0.02

# Dramatiq waits three seconds before it connects anew, and reads its own environment for that.
dramatiq.worker.CONSUMER_RESTART_DELAY_SECS = 1.0

log = structlog.get_logger(__name__)


class Handling(Protocol):
    """What makes the attempts; see `workers.attempts`."""

    def handle(self, dues: Sequence[Due], ended: Callable[[], None]) -> None:
        """Begin attempts on the loop, and call `ended` there when they are over.

        There are several only in the queue for events.
        """
        ...


class Consumers:
    """The Dramatiq workers of this process."""

    def __init__(self, url: str, queues: Mapping[str, int], handling: Handling) -> None:
        self.broker = open_broker(url)
        first = next(iter(queues))
        dramatiq.actor(broker=self.broker, actor_name=ACTOR, queue_name=first)(_never_called)
        for queue in queues:
            self.broker.declare_queue(queue)
        loop = asyncio.get_running_loop()
        self._workers = [
            _LoopWorker(
                self.broker,
                queue,
                Handover(loop, handling, number, TOGETHER if queue == EVENT_QUEUE else 1),
            )
            for queue, number in queues.items()
        ]

    def start(self) -> None:
        """Begin to hear."""
        for worker in self._workers:
            worker.start()

    def stop(self, seconds: float) -> None:
        """Hear no more; return when what runs has ended, or after some seconds. Blocks."""
        until = time.monotonic() + seconds
        for worker in self._workers:
            worker.handover.close()
        while time.monotonic() < until and any(each.handover.running for each in self._workers):
            time.sleep(_LOOK)
        stopping = [
            threading.Thread(target=worker.stop, args=(5_000,), daemon=True)
            for worker in self._workers
        ]
        for thread in stopping:
            thread.start()
        for thread in stopping:
            thread.join(5)


class Handover:
    """Where Dramatiq puts what it fetched: its work queue, whose other end is the loop.

    One wake of the loop takes all that was put meanwhile.
    """

    def __init__(
        self, loop: asyncio.AbstractEventLoop, handling: Handling, at_once: int, together: int
    ) -> None:
        self._loop = loop
        self._handling = handling
        self._at_once = at_once
        self._together = together
        self._waiting: deque[Any] = deque()
        self._is_woken = False
        self._is_closed = False
        self.running = 0
        self.done: Callable[[MessageProxy], None] = _unconnected

    def put(self, item: Any) -> None:
        """Take a message from Dramatiq's thread."""
        self._waiting.append(item)
        # When all places are taken, whoever ends next looks here again.
        if not self._is_woken and self.running < self._at_once:
            self._is_woken = True
            self._loop.call_soon_threadsafe(self._take)

    def get_nowait(self) -> Any:
        """Return what was not begun, for Dramatiq to put back. Raises Empty."""
        try:
            return self._waiting.popleft()
        except IndexError:
            raise Empty from None

    def close(self) -> None:
        """Begin nothing more."""
        self._is_closed = True

    def _take(self) -> None:
        # Before looking: what is put from now on wakes the loop again.
        self._is_woken = False
        while self._waiting and self.running < self._at_once and not self._is_closed:
            messages, dues = self._next()
            if not dues:
                return
            self.running += 1
            self._handling.handle(dues, partial(self._ended, messages))

    def _next(self) -> tuple[list[MessageProxy], list[Due]]:
        """Return the next message; and more with it, unless one is to be alone."""
        messages: list[MessageProxy] = []
        dues: list[Due] = []
        while len(dues) < self._together:
            try:
                item = self._waiting.popleft()
            except IndexError:  # Dramatiq took back what waited
                break
            ring = read_ring(item.message.args)
            if ring.alone and dues:
                self._waiting.appendleft(item)
                break
            messages.append(item.message)
            dues.append(Due(TenantId(ring.tenant_id), ring.task_id, "", ring.alone))
            if ring.alone:
                break
        return messages, dues

    def _ended(self, messages: Sequence[MessageProxy]) -> None:
        self.running -= 1
        for message in messages:
            self.done(message)
        if self._waiting and not self._is_woken:
            self._is_woken = True
            self._loop.call_soon(self._take)


class _LoopWorker(dramatiq.Worker):
    """Dramatiq's worker for one queue, without threads of its own to work in."""

    def __init__(self, broker: dramatiq.Broker, queue: str, handover: Handover) -> None:
        super().__init__(broker, queues={queue}, worker_timeout=WAKE_MS, worker_threads=0)
        self.handover = handover
        self.queue_prefetch = PREFETCH
        self.work_queue = handover  # type: ignore[assignment]
        self._queue = queue
        handover.done = self._done

    def _done(self, message: MessageProxy) -> None:
        consumer = self.consumers[self._queue].consumer
        if consumer is not None:
            # Over a line that is gone nothing can be said, and need not be.
            with contextlib.suppress(BrokerConnectionError):
                consumer.ack(message)


def _unconnected(_: MessageProxy) -> None:
    raise RuntimeError("nobody hears what is done")


def _never_called(*_: Any) -> None:
    raise RuntimeError("messages are handed to the loop")
