"""HTTP that goes out: a thousand deliveries that are due at once, as plugins make them in workers.

Ours calls from a plugin's thread through its context's door: the guard checks the address, the
host's loop makes the call, and the call log writes it to PostgreSQL. The peer is httpx with one
client and as many connections, without guard or log. A client that is asked for no more than its
connections carry is faster than one that has deliveries waiting; that is shown as well.
"""

import asyncio
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import partial
from typing import Final

import click
import httpx

from plugins.outbound.network import OutboundNetwork
from plugins.postgres.database import Database, DatabaseSettings
from plugins.system.clock import SystemClock
from plugins.system.ids import RandomIds
from tenants.plugins.call_log import CallLog
from tenants.plugins.doors import HttpDoor
from tenants.plugins.marshalling import Marshal
from tests.benchmarks.databases import BENCH
from tests.benchmarks.machine import pin
from tests.benchmarks.results import Row, ratio_of
from tests.benchmarks.servers import clean_environment
from tests.benchmarks.setting import Setting
from tests.benchmarks.stream_servers import StreamDatabase, connected, stream_database
from tests.fixtures.repository import ROOT

DUE: Final = 1_000
AIMS: Final = {8: 5.0, 64: 30.0}
"""By how many are in flight: at least so many times the peer."""
_TURNS: Final = 4
"""Of ours in a round, so that it lasts about as long as the peer's one."""
_PATIENT: Final = 120.0
"""Seconds: those that wait longest are sent last."""
_HEADERS: Final = {"webhook-id": "msg_" + "a" * 26, "webhook-signature": "v1," + "b" * 44}
_BODY: Final = {"id": "c" * 36, "type": "application.created", "data": {"text": "d" * 300}}
_ACCEPTED: Final = 202

Send = Callable[[], Awaitable[int]]


async def measure(setting: Setting) -> list[Row]:
    """Ours, and the peer with deliveries waiting and without, in turn in each round."""
    rows: list[Row] = []
    async with (
        _receiver(setting) as url,
        stream_database(setting.admin_url) as database,
        _door(database, url) as (door, log),
    ):
        for in_flight, aim in AIMS.items():
            ours, peer, in_step = [], [], []
            for _ in range(setting.rounds):
                peer.append(await _httpx_at_once(url, in_flight))
                ours.append(await asyncio.to_thread(_from_a_plugin, door, url, in_flight))
                in_step.append(await _httpx_in_step(url, in_flight))
                click.echo(f"  {in_flight}: {ours[-1]:,.0f}, httpx {peer[-1]:,.0f}")
            rows += _rows(setting, in_flight, aim, ours, peer, in_step)
        await log.stop()
        async with connected(database) as connection:
            written = await connection.fetchval("SELECT count(*) FROM plugin_calls")
        if written != DUE * _TURNS * setting.rounds * len(AIMS):
            raise RuntimeError(f"the log has {written} calls")
    return rows


def _from_a_plugin(door: HttpDoor, url: str, in_flight: int) -> float:
    """Run on a thread with a loop of its own, as a plugin does."""

    async def send() -> int:
        answer = await door.request("POST", url, headers=_HEADERS, json=_BODY)
        return answer.status

    return asyncio.run(_in_step(send, DUE * _TURNS, in_flight))


async def _httpx_at_once(url: str, in_flight: int) -> float:
    limits = httpx.Limits(max_connections=in_flight, max_keepalive_connections=in_flight)
    async with httpx.AsyncClient(limits=limits, timeout=_PATIENT) as client:
        began = time.perf_counter()
        statuses = await asyncio.gather(*(_post(client, url) for _ in range(DUE)))
        assert set(statuses) == {_ACCEPTED}
        return DUE / (time.perf_counter() - began)


async def _httpx_in_step(url: str, in_flight: int) -> float:
    async with httpx.AsyncClient() as client:
        return await _in_step(partial(_post, client, url), DUE, in_flight)


async def _post(client: httpx.AsyncClient, url: str) -> int:
    return (await client.post(url, headers=_HEADERS, json=_BODY)).status_code


async def _in_step(send: Send, amount: int, in_flight: int) -> float:
    """Send the next one when one before has ended; return how many a second."""
    numbers = iter(range(amount))

    async def work() -> None:
        for _ in numbers:
            assert await send() == _ACCEPTED

    began = time.perf_counter()
    await asyncio.gather(*(work() for _ in range(in_flight)))
    return amount / (time.perf_counter() - began)


@asynccontextmanager
async def _door(database: StreamDatabase, url: str) -> AsyncIterator[tuple[HttpDoor, CallLog]]:
    """The way out of a plugin's context, and the log that it writes."""
    port = int(url.rpartition(":")[2])
    network = OutboundNetwork(networks=("127.0.0.1/32",), ports=(port,))
    opened = await Database.open(DatabaseSettings(url=database.app_url))
    log = CallLog(opened, SystemClock(), RandomIds())
    try:
        note = partial(log.note, BENCH.id, "bench")
        yield HttpDoor(network.http(frozenset({"*"})), Marshal(), note), log
    finally:
        await log.stop()
        await opened.close()
        await network.close()


@asynccontextmanager
async def _receiver(setting: Setting) -> AsyncIterator[str]:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.benchmarks.peers.receiver"),
        cwd=ROOT,
        env=clean_environment(),
        stdout=subprocess.PIPE,
    )
    assert process.stdout is not None
    try:
        port = int(await process.stdout.readline())
        pin(process.pid, setting.cores.server)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        await process.wait()


def _rows(
    setting: Setting,
    in_flight: int,
    aim: float,
    ours: list[float],
    peer: list[float],
    in_step: list[float],
) -> list[Row]:
    return [
        Row(
            name=f"HTTP deliveries of plugins, {in_flight} in flight, {other}",
            unit="calls/s",
            peer=f"httpx, {other}",
            ours_rounds=ours,
            peer_rounds=theirs,
            aim=f"at least {aim:g} times the peer",
            is_met=ratio_of(ours, theirs) >= aim,
            is_aim=is_aim,
            ratio=ratio_of(ours, theirs),
            machine=setting.machine_line,
            note=note,
        )
        for other, theirs, is_aim, note in (
            (
                f"{DUE:,} waiting",
                peer,
                True,
                f"{in_flight} connections each; ours with guard, a plugin's thread and the log.",
            ),
            ("none waiting", in_step, False, "The same of ours; httpx is asked for no more."),
        )
    ]
