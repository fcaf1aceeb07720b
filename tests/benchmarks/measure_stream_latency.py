"""From the commit of an event to its bytes at a client, under 200 events a second.

One process each of the API and of a worker. The time runs from just before COMMIT is sent, so it
holds the durable commit, the sequencer's own, two notices, the read of the log and the write.
Beside it stands what PostgreSQL alone takes with the same commits, until a bare listener hears of
them: what the machine's other work adds is in both.
"""

import asyncio
import statistics
import time
from collections import deque
from contextlib import AsyncExitStack
from typing import Final

import asyncpg
import click
import msgspec

from plugins.postgres.outbox import CHANNEL
from tests.benchmarks.results import Row, percentile, ratio_of
from tests.benchmarks.setting import Setting
from tests.benchmarks.stream_client import StreamClient, has_compiler
from tests.benchmarks.stream_servers import (
    StreamDatabase,
    StreamServer,
    connected,
    our_streams,
    stream_database,
    write_event,
)

RATE: Final = 200
"""Events a second, each in a transaction of its own, at fixed times."""
WRITERS: Final = 4
STREAMS: Final = (1, 100)
_WARM: Final = 50
_HEARD_SECONDS: Final = 20.0
_ENOUGH: Final = 0.95
"""Of the rate, below which the aim isn't met whatever the times."""


class Round(msgspec.Struct, frozen=True):
    """Milliseconds from just before COMMIT."""

    p50: float
    p99: float
    """To the bytes at a client."""
    notice_p99: float
    """To PostgreSQL's notice at a connection that does nothing else."""
    rate: float
    """Events a second that the writers came to; a busy machine may not let them reach RATE."""


async def measure(setting: Setting) -> list[Row]:
    """The aim is set for one stream; a hundred are there to compare."""
    if not has_compiler():
        click.echo("  skipped: there is no C compiler (`cc`) for the client: apt-get install gcc")
        return []
    rounds: dict[int, list[Round]] = {streams: [] for streams in STREAMS}
    async with (
        stream_database(setting.admin_url) as database,
        our_streams(setting, database) as server,
    ):
        for _ in range(setting.rounds):
            for streams in STREAMS:
                done = await _round(setting, database, server, streams)
                rounds[streams].append(done)
                click.echo(
                    f"  {streams} streams: p50 {done.p50:.1f}, p99 {done.p99:.1f} ms; "
                    f"the notice alone p99 {done.notice_p99:.1f} ms"
                )
    return [_row(setting, streams, rounds[streams]) for streams in STREAMS]


async def _round(
    setting: Setting, database: StreamDatabase, server: StreamServer, streams: int
) -> Round:
    amount = _WARM + round(RATE * setting.seconds)
    core = setting.cores.others
    async with StreamClient(server.port, server.ask, streams, amount, core) as client:
        committed, heard, rate = await _write(database, amount)
        # Four write at once, so the last to commit needn't be the last by its number.
        for number in range(amount):
            await client.until(number, 20)
        receipts = await client.receipts()
    counted = range(_WARM, amount)
    latencies = [(at - committed[each]) / 1e6 for each in counted for at in receipts[each]]
    notices = [(heard[each] - committed[each]) / 1e6 for each in counted]
    return Round(
        p50=percentile(latencies, 0.5),
        p99=percentile(latencies, 0.99),
        notice_p99=percentile(notices, 0.99),
        rate=rate,
    )


class _Notices:
    """When a bare listener had the notice of each commit."""

    def __init__(self, amount: int) -> None:
        self.heard_at = [0] * amount
        # By the process that serves the writer: its commits are heard in their order.
        self._unheard: dict[int, deque[int]] = {}
        self._missing = amount
        self.all_heard = asyncio.Event()

    def expect(self, connection: asyncpg.Connection, number: int) -> None:
        self._unheard.setdefault(connection.get_server_pid(), deque()).append(number)

    def hear(self, _: object, writer: int, *__: object) -> None:
        if self._unheard.get(writer):
            self.heard_at[self._unheard[writer].popleft()] = time.monotonic_ns()
            self._missing -= 1
            if not self._missing:
                self.all_heard.set()


async def _write(database: StreamDatabase, amount: int) -> tuple[list[int], list[int], float]:
    """Write events at their times.

    Return when each was about to be committed, when a listener had the notice of it, in ns, and how
    many a second there were.
    """
    committed, notices = [0] * amount, _Notices(amount)
    numbers = iter(range(amount))

    async def write(connection: asyncpg.Connection) -> None:
        for number in numbers:
            await asyncio.sleep(began + number / RATE - time.monotonic())
            transaction = connection.transaction()
            await transaction.start()
            await write_event(connection, number)
            notices.expect(connection, number)
            committed[number] = time.monotonic_ns()
            await transaction.commit()

    async with AsyncExitStack() as opened:
        *writers, listener = [
            await opened.enter_async_context(connected(database)) for _ in range(WRITERS + 1)
        ]
        await listener.add_listener(CHANNEL, notices.hear)
        began = time.monotonic()
        await asyncio.gather(*(write(each) for each in writers))
        seconds = time.monotonic() - began
        await asyncio.wait_for(notices.all_heard.wait(), _HEARD_SECONDS)
    return committed, notices.heard_at, amount / seconds


def _row(setting: Setting, streams: int, rounds: list[Round]) -> Row:
    p99, notices = [each.p99 for each in rounds], [each.notice_p99 for each in rounds]
    is_aim = streams == 1
    middle = statistics.median(each.p50 for each in rounds)
    rate = statistics.median(each.rate for each in rounds)
    return Row(
        name=f"commit of an event to its bytes at {_clients(streams)}, {RATE} events/s, p99",
        unit="ms",
        peer="PostgreSQL's notice of the same commits",
        ours_rounds=p99,
        peer_rounds=notices,
        aim="below 50 ms" if is_aim else "for comparison",
        is_met=not is_aim or (statistics.median(p99) < 50 and rate > RATE * _ENOUGH),
        is_aim=is_aim,
        ratio=ratio_of(p99, notices),
        machine=setting.machine_line,
        note=f"The median is {middle:.1f} ms, at {rate:.0f} events/s. The time runs from just "
        "before COMMIT is sent.",
    )


def _clients(streams: int) -> str:
    return "a stream" if streams == 1 else f"each of {streams} streams"
