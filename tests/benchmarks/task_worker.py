"""Our worker as `measure_tasks` starts it: with a subscriber to measure, or with work that is none.

Without a database's address, what is heard is a coroutine that does nothing, on a task of its own
as an attempt is.
"""

import asyncio
import os
from collections.abc import Callable, Sequence

import uvloop

from core.shared.reactions import SUBSCRIBERS
from plugins.postgres.task_claims import Due
from tests.fixtures import effects
from workers.consuming import Consumers
from workers.process import configure_logging, main

QUEUE = "bench"
AT_ONCE = 8


class _Nothing:
    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[None]] = set()

    def handle(self, dues: Sequence[Due], ended: Callable[[], None]) -> None:
        task = asyncio.create_task(self._work(*dues))
        self._tasks.add(task)

        def over(done: "asyncio.Task[None]") -> None:
            self._tasks.discard(done)
            ended()

        task.add_done_callback(over)

    async def _work(self, due: Due) -> None: ...


async def _do_nothing(url: str) -> None:
    consumers = Consumers(url, {QUEUE: AT_ONCE}, _Nothing())
    consumers.start()
    await asyncio.Event().wait()


if __name__ == "__main__":
    if "INTELLIMATCH_DATABASE_URL" in os.environ:
        assert effects.TABLE
        del SUBSCRIBERS["effects.add_in_order"]
        main()
    else:
        configure_logging()
        uvloop.run(_do_nothing(os.environ["BENCH_BROKER_URL"]))
