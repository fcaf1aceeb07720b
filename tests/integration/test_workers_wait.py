"""While the database is away workers try again each second: they neither spin nor fill the log."""

import asyncio
from collections.abc import Iterable, Sequence
from datetime import timedelta

import pytest
from structlog.testing import capture_logs

from plugins.dramatiq_broker.broker import Look, Ring
from tests.fixtures.streams import until
from workers.relay import Sequencer
from workers.sending import Sender

NOBODY_LISTENS = "postgresql://intellimatch_relay@127.0.0.1:1/intellimatch"


class SilentBroker:
    def look(self, queues: Sequence[str]) -> Look:
        return Look(dict.fromkeys(queues, 0), was_emptied=False)

    def ring(self, queue: str, rings: Iterable[Ring]) -> None:
        raise AssertionError(f"nothing is due: {queue} {rings}")

    def close(self) -> None: ...


async def waited(worker: Sequencer | Sender) -> int:
    """How often it tried right after it was woken while the line was down."""
    worker._awake.set()  # as a lost line or a task that ends does
    with capture_logs() as logs:
        running = asyncio.create_task(worker.run())
        async with asyncio.timeout(30):
            await until(lambda: bool(logs), "it never tried")
            await asyncio.sleep(0.3)
            worker.stop()
            await running
    return len(logs)


@pytest.mark.parametrize("kind", ["sequencer", "sender"])
async def test_a_worker_sleeps_between_attempts(kind: str) -> None:
    worker = (
        Sequencer(NOBODY_LISTENS, retention=timedelta(days=1))
        if kind == "sequencer"
        else Sender(NOBODY_LISTENS, SilentBroker(), ("default",))
    )
    assert await waited(worker) == 1
