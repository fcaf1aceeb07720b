"""Hears from the broker what is due, and hands it to the loop: one Dramatiq worker for each queue.

Dramatiq's threads only wait: as many as the queue may run at once. The work is done by coroutines
on the process's one loop.
"""

import asyncio
import threading
from collections.abc import Mapping
from typing import Any, Final

import dramatiq
import dramatiq.worker
import structlog

from core.shared.ids import TenantId
from plugins.dramatiq_broker.broker import ACTOR, read_ring
from plugins.dramatiq_broker.opening import open_broker
from plugins.postgres.task_claims import Due
from workers.attempts import Attempts

PREFETCH: Final = 500
"""Messages that a worker fetches ahead; what a dead one had fetched is sent again."""

WAKE_MS: Final = 100
"""Longest time that an idle queue's message waits to be fetched."""

# Dramatiq waits three seconds before it connects anew, and reads its own environment for that.
dramatiq.worker.CONSUMER_RESTART_DELAY_SECS = 1.0

log = structlog.get_logger(__name__)


class Consumers:
    """The Dramatiq workers of this process."""

    def __init__(self, url: str, queues: Mapping[str, int], attempts: Attempts) -> None:
        self._attempts = attempts
        self._loop = asyncio.get_running_loop()
        self.broker = open_broker(url)
        self._stopping = False
        first = next(iter(queues))
        dramatiq.actor(broker=self.broker, actor_name=ACTOR, queue_name=first)(self._run_task)
        for queue in queues:
            self.broker.declare_queue(queue)
        self._workers = [self._worker(queue, number) for queue, number in queues.items()]

    def start(self) -> None:
        """Begin to hear."""
        for worker in self._workers:
            worker.start()

    def stop(self, seconds: float) -> None:
        """Hear no more; return when what runs has ended, or after some seconds. Blocks."""
        self._stopping = True
        stopping = [
            threading.Thread(target=worker.stop, args=(int(seconds * 1000),), daemon=True)
            for worker in self._workers
        ]
        for thread in stopping:
            thread.start()
        for thread in stopping:
            thread.join(seconds + 5)

    def _worker(self, queue: str, number: int) -> dramatiq.Worker:
        worker = dramatiq.Worker(
            self.broker, queues={queue}, worker_timeout=WAKE_MS, worker_threads=number
        )
        worker.queue_prefetch = PREFETCH
        return worker

    def _run_task(self, *arguments: Any) -> None:
        """The actor: runs in a thread of Dramatiq's, and waits until the attempt is over."""
        if self._stopping:
            return
        ring = read_ring(arguments)
        due = Due(TenantId(ring.tenant_id), ring.task_id, "", was_interrupted=ring.alone)
        is_over = threading.Lock()
        is_over.acquire()
        self._loop.call_soon_threadsafe(self._attempts.handle, due, is_over.release)
        is_over.acquire()
