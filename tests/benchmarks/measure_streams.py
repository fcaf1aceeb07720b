"""One event to 1,000, 5,000 and 10,000 streams of one process: how many, how late, at what cost.

Contenders take turns with a fresh server each. Every stream must get every event once and in order.
"""

import asyncio
import statistics
import time
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import Final

import click
import msgspec

from tests.benchmarks.planted_loss import prove
from tests.benchmarks.results import Row, percentile, ratio_of
from tests.benchmarks.setting import Setting
from tests.benchmarks.stream_client import StreamClient, has_compiler
from tests.benchmarks.stream_servers import (
    StreamServer,
    has_nchan,
    many_files,
    nchan,
    our_streams,
    socketio,
    stream_database,
)

SIZES: Final = (1_000, 5_000, 10_000)
JUDGED: Final = 5_000
"""Streams at which the aims against python-socketio are set."""
BURST: Final = 20
WARM: Final = 20
_FEWER = 3
"""Most rounds at the other numbers: with 10,000 streams a peer's turn takes a minute."""
_PACED_DELIVERIES = 50_000
_PAUSE = 0.05
_FILES_BESIDE = 200

OURS, SOCKETIO, NCHAN = "ours", "python-socketio", "nginx with nchan"
Contender = Callable[[], AbstractAsyncContextManager[StreamServer]]


class Turn(msgspec.Struct, frozen=True):
    """What one contender did with one number of streams."""

    per_second: float
    """Deliveries, of events that are published one right after the other."""
    p50: float
    p99: float
    """Milliseconds from just before one event is published to a stream that has it, when no other
    event is under way."""
    spread: float
    """p99 of the milliseconds from the first stream that has an event: the fan-out alone."""
    cpu: float
    """Microseconds of the server for one such delivery."""
    memory: float
    """KiB for each stream, after all deliveries."""
    server_share: float
    """Of its core, in the burst."""
    client_share: float
    """Of the other, in the burst."""


async def measure(setting: Setting) -> list[Row]:
    """Rows for each number of streams and each peer."""
    if not has_compiler():
        click.echo("  skipped: there is no C compiler (`cc`) for the client: apt-get install gcc")
        return []
    peers = [SOCKETIO, NCHAN]
    if not has_nchan():
        click.echo("  nchan skipped: apt-get install nginx libnginx-mod-nchan")
        peers = [SOCKETIO]
    rows: list[Row] = []
    found = await prove(setting.cores.others)
    click.echo(f"  the client finds {found} of {found} planted defects")
    with many_files() as files:
        async with stream_database(setting.admin_url) as database:
            contenders: dict[str, Contender] = {
                OURS: lambda: our_streams(setting, database),
                SOCKETIO: lambda: socketio(setting),
                NCHAN: lambda: nchan(setting),
            }
            for size in SIZES:
                if size + _FILES_BESIDE > files:
                    click.echo(f"  {size:,} streams skipped: {files:,} open files are allowed")
                    continue
                turns = await _turns(
                    setting, {name: contenders[name] for name in (OURS, *peers)}, size
                )
                rows += _rows(setting, size, turns)
    return rows


async def _turns(
    setting: Setting, contenders: dict[str, Contender], size: int
) -> dict[str, list[Turn]]:
    turns: dict[str, list[Turn]] = {name: [] for name in contenders}
    for _ in range(setting.rounds if size == JUDGED else min(setting.rounds, _FEWER)):
        for name, contender in contenders.items():
            async with contender() as server:
                turn = await _turn(setting, server, size)
            turns[name].append(turn)
            click.echo(
                f"  {size:,} {name}: {turn.per_second:,.0f}/s, p50 {turn.p50:.1f}, "
                f"p99 {turn.p99:.1f}, fan-out alone {turn.spread:.1f} ms, {turn.cpu:.2f} us, "
                f"{turn.memory:.1f} KiB; server {turn.server_share:.0%}, "
                f"client {turn.client_share:.0%}"
            )
    return turns


async def _turn(setting: Setting, server: StreamServer, size: int) -> Turn:
    core = setting.cores.others
    async with StreamClient(server.port, server.ask, WARM, 5, core) as warm:
        for number in range(5):
            await server.publish(number)
            await warm.until(number)
    await asyncio.sleep(0.5)
    before = server.memory_kib()
    paced = max(10, _PACED_DELIVERIES // size)
    async with StreamClient(server.port, server.ask, size, 1 + paced + BURST, core) as client:
        await server.publish(0)
        await client.until(0)
        sent, used = [0], server.server.cpu_seconds()
        for number in range(1, 1 + paced):
            await asyncio.sleep(_PAUSE)
            sent.append(time.monotonic_ns())
            await server.publish(number)
            await client.until(number)
        cpu = server.server.cpu_seconds() - used
        used, client_used = server.server.cpu_seconds(), client.cpu_seconds()
        began = time.monotonic_ns()
        for number in range(1 + paced, 1 + paced + BURST):
            await server.publish(number)
        ended = await client.until(paced + BURST)
        seconds = (ended - began) / 1e9
        used, client_used = server.server.cpu_seconds() - used, client.cpu_seconds() - client_used
        await client.check()
        memory = server.memory_kib() - before
        receipts = await client.receipts()
    latencies = [
        (at - sent[number]) / 1e6 for number in range(1, 1 + paced) for at in receipts[number]
    ]
    first = [min(times) for times in receipts]
    spread = [
        (at - first[number]) / 1e6 for number in range(1, 1 + paced) for at in receipts[number]
    ]
    return Turn(
        per_second=BURST * size / seconds,
        p50=percentile(latencies, 0.5),
        p99=percentile(latencies, 0.99),
        spread=percentile(spread, 0.99),
        cpu=cpu / (paced * size) * 1e6,
        memory=memory / size,
        server_share=used / seconds,
        client_share=client_used / seconds,
    )


def _rows(setting: Setting, size: int, turns: dict[str, list[Turn]]) -> list[Row]:
    against = f"{size:,} streams"
    ours = turns[OURS]
    rows = []
    if theirs := turns.get(SOCKETIO):
        judged = size == JUDGED
        rows += [
            _row(
                setting,
                f"events delivered to {against}",
                "deliveries/s",
                SOCKETIO,
                ([each.per_second for each in ours], [each.per_second for each in theirs]),
                ("at least 8 times", lambda ratio: ratio >= 8) if judged else None,
                note=_shares(turns),
            ),
            _row(
                setting,
                f"p99 of one event to {against}",
                "ms",
                SOCKETIO,
                ([each.p99 for each in ours], [each.p99 for each in theirs]),
                ("at most 1/10", lambda ratio: ratio <= 1 / 10) if judged else None,
            ),
            _row(
                setting,
                f"memory of each of {against}",
                "KiB",
                SOCKETIO,
                ([each.memory for each in ours], [each.memory for each in theirs]),
                ("at most 1/3", lambda ratio: ratio <= 1 / 3) if judged else None,
            ),
        ]
    if theirs := turns.get(NCHAN):
        rows += [
            _row(
                setting,
                f"events delivered to {against}",
                "deliveries/s",
                NCHAN,
                ([each.per_second for each in ours], [each.per_second for each in theirs]),
                None,
            ),
            _row(
                setting,
                f"CPU of the server for one delivery to {against}",
                "us",
                NCHAN,
                ([each.cpu for each in ours], [each.cpu for each in theirs]),
                ("at most 1.3 times", lambda ratio: ratio <= 1.3),
            ),
            _row(
                setting,
                f"p99 of one event to {against}",
                "ms",
                NCHAN,
                ([each.p99 for each in ours], [each.p99 for each in theirs]),
                ("at most 1.5 times", lambda ratio: ratio <= 1.5),
            ),
            _row(
                setting,
                f"p99 from the first of {against} to have an event to the others",
                "ms",
                NCHAN,
                ([each.spread for each in ours], [each.spread for each in theirs]),
                None,
            ),
        ]
    if size == max(SIZES):
        p99, memory = [each.p99 for each in ours], [each.memory for each in ours]
        rows += [
            _figure(setting, f"p99 of one event to {against}", "ms", p99, 250),
            _figure(setting, f"memory of each of {against}", "KiB", memory, 12),
        ]
    return rows


def _row(
    setting: Setting,
    name: str,
    unit: str,
    peer: str,
    rounds: tuple[list[float], list[float]],
    aim: tuple[str, Callable[[float], bool]] | None,
    note: str = "",
) -> Row:
    ratio = ratio_of(*rounds)
    return Row(
        name=name,
        unit=unit,
        peer=peer,
        ours_rounds=rounds[0],
        peer_rounds=rounds[1],
        aim="for comparison" if aim is None else aim[0],
        is_met=aim is None or aim[1](ratio),
        is_aim=aim is not None,
        ratio=ratio,
        machine=setting.machine_line,
        note=note,
    )


def _figure(setting: Setting, name: str, unit: str, rounds: list[float], most: float) -> Row:
    return Row(
        name=name,
        unit=unit,
        peer="",
        ours_rounds=rounds,
        peer_rounds=[],
        aim=f"at most {most:g} {unit}, none lost",
        is_met=statistics.median(rounds) <= most,
        ratio=None,
        machine=setting.machine_line,
    )


def _shares(turns: dict[str, list[Turn]]) -> str:
    """How busy servers and client were: who was measured."""
    shares = ", ".join(
        f"{name} {statistics.median(each.server_share for each in rounds):.0%} of its core and the "
        f"client {max(each.client_share for each in rounds):.0%} at most of the other"
        for name, rounds in turns.items()
    )
    return f"Every stream had each event once and in order. In the burst {shares}."
