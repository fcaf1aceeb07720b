"""From the commit of an event to its bytes at a client, under 200 events a second.

One process each of the API and of a worker. The time runs from just before COMMIT is sent, so it
holds the durable commit, the sequencer's own, two notices, the read of the log and the write.
"""

import asyncio
import statistics
import time
from contextlib import AsyncExitStack
from typing import Final

import asyncpg
import click

from tests.benchmarks.results import Row, percentile
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


async def measure(setting: Setting) -> list[Row]:
    """The aim is set for one stream; a hundred are there to compare."""
    if not has_compiler():
        click.echo("  skipped: there is no C compiler (`cc`) for the client: apt-get install gcc")
        return []
    rounds: dict[int, list[list[float]]] = {streams: [] for streams in STREAMS}
    async with (
        stream_database(setting.admin_url) as database,
        our_streams(setting, database) as server,
    ):
        for _ in range(setting.rounds):
            for streams in STREAMS:
                latencies = await _round(setting, database, server, streams)
                rounds[streams].append(latencies)
                click.echo(
                    f"  {streams} streams: p50 {percentile(latencies, 0.5):.1f}, "
                    f"p99 {percentile(latencies, 0.99):.1f} ms"
                )
    return [_row(setting, streams, rounds[streams]) for streams in STREAMS]


async def _round(
    setting: Setting, database: StreamDatabase, server: StreamServer, streams: int
) -> list[float]:
    amount = _WARM + round(RATE * setting.seconds)
    core = setting.cores.others
    async with StreamClient(server.port, server.ask, streams, amount, core) as client:
        committed = await _write(database, amount)
        # Four write at once, so the last to commit needn't be the last by its number.
        for number in range(amount):
            await client.until(number, 20)
        receipts = await client.receipts()
    return [
        (at - committed[number]) / 1e6 for number in range(_WARM, amount) for at in receipts[number]
    ]


async def _write(database: StreamDatabase, amount: int) -> list[int]:
    """Write events at their times and return when each was about to be committed, in ns."""
    committed = [0] * amount
    numbers = iter(range(amount))

    async def write(connection: asyncpg.Connection) -> None:
        for number in numbers:
            await asyncio.sleep(began + number / RATE - time.monotonic())
            transaction = connection.transaction()
            await transaction.start()
            await write_event(connection, number)
            committed[number] = time.monotonic_ns()
            await transaction.commit()

    async with AsyncExitStack() as opened:
        connections = [
            await opened.enter_async_context(connected(database)) for _ in range(WRITERS)
        ]
        began = time.monotonic()
        await asyncio.gather(*(write(each) for each in connections))
        seconds = time.monotonic() - began
    if seconds > amount / RATE * 1.1:
        raise RuntimeError(f"{amount} events took {seconds:.1f} s to write: no {RATE} a second")
    return committed


def _row(setting: Setting, streams: int, rounds: list[list[float]]) -> Row:
    p99 = [percentile(latencies, 0.99) for latencies in rounds]
    is_aim = streams == 1
    middle = statistics.median(percentile(latencies, 0.5) for latencies in rounds)
    return Row(
        name=f"commit of an event to its bytes at {_clients(streams)}, {RATE} events/s, p99",
        unit="ms",
        peer="",
        ours_rounds=p99,
        peer_rounds=[],
        aim="below 50 ms" if is_aim else "for comparison",
        is_met=not is_aim or statistics.median(p99) < 50,
        is_aim=is_aim,
        ratio=None,
        machine=setting.machine_line,
        note=f"The median is {middle:.1f} ms. The time runs from just before COMMIT is sent.",
    )


def _clients(streams: int) -> str:
    return "a stream" if streams == 1 else f"each of {streams} streams"
