"""While the database is away workers try again each second: they neither spin nor fill the log."""

import asyncio
from datetime import timedelta

import pytest
from structlog.testing import capture_logs

from tenants.runtime import Runtime
from tenants.tasks import TaskRunner
from workers.relay import Sequencer
from workers.tasks import TaskWorker

NOBODY_LISTENS = "postgresql://intellimatch_relay@127.0.0.1:1/intellimatch"


async def waited(worker: Sequencer | TaskWorker) -> int:
    """How often it tried in less than a second after it was woken while the line was down."""
    worker._awake.set()  # as a lost line or a task that ends does
    with capture_logs() as logs:
        running = asyncio.create_task(worker.run())
        await asyncio.sleep(0.7)
        worker.stop()
        async with asyncio.timeout(5):
            await running
    return len(logs)


@pytest.mark.parametrize("kind", ["sequencer", "tasks"])
async def test_a_worker_sleeps_between_attempts(runtime: Runtime, kind: str) -> None:
    worker = (
        Sequencer(NOBODY_LISTENS, retention=timedelta(days=1))
        if kind == "sequencer"
        else TaskWorker(TaskRunner(runtime), NOBODY_LISTENS)
    )
    assert await waited(worker) == 1
