"""Live streams when clients don't read, drop, and the server restarts."""

import asyncio
import random
import socket
import time

import asyncpg
import httpx
import psutil
import pytest

from tenants.settings import Settings
from tests.fixtures.examined import Examined
from tests.fixtures.streams import Listener, People, Server, add
from tests.fixtures.worlds import World

pytestmark = pytest.mark.usefixtures("sequencer")


@pytest.mark.slow
async def test_who_does_not_read_harms_nobody(
    stream_server: Server,
    world: World,
    people: People,
    database_admin: asyncpg.Connection,
    examined: Examined,
) -> None:
    assert stream_server.process is not None
    process = psutil.Process(stream_server.process.pid)
    listener = await people.listener(topics="application")
    before_them = connections(process)
    sockets = [open_and_never_read(stream_server, world) for _ in range(100)]
    try:
        await asyncio.sleep(1)
        assert connections(process) >= before_them + len(sockets)
        before, most, slowest = process.memory_info().rss, 0, 0.0
        for _ in range(10):
            began = time.perf_counter()
            await listener.until(await add(database_admin, world, 100, size=10_000))
            slowest = max(slowest, time.perf_counter() - began)
            most = max(most, process.memory_info().rss)
        assert listener.tape.holes == []
        assert listener.tape.gaps == []
        assert slowest < 3
        assert most - before < 150_000_000
        assert connections(process) <= before_them + 1
    finally:
        for each in sockets:
            each.close()
    examined("clients that don't read, each sent 10 MB", len(sockets))


def open_and_never_read(server: Server, world: World) -> socket.socket:
    opened = socket.socket()
    opened.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    opened.connect(("127.0.0.1", server.port))
    key = world.acme.members["viewer"].api_key
    opened.sendall(
        f"GET /api/v1/stream HTTP/1.1\r\nHost: acme.localhost\r\n"
        f"Authorization: Bearer {key}\r\n\r\n".encode()
    )
    return opened


def connections(server: psutil.Process) -> int:
    return sum(each.status == "ESTABLISHED" for each in server.net_connections("tcp"))


@pytest.mark.slow
async def test_listeners_that_drop_miss_nothing_through_a_restart(
    settings: Settings, world: World, database_admin: asyncpg.Connection, examined: Examined
) -> None:
    server = Server(
        settings, INTELLIMATCH_STREAMS_PER_MEMBER="400", INTELLIMATCH_STREAMS_PER_TENANT="450"
    )
    await server.start()
    chance = random.Random(7)
    begin = await add(database_admin, world, 1)
    goal = begin + 200
    key = world.acme.members["recruiter"].api_key

    async def follow(seed: int, client: httpx.AsyncClient) -> Listener:
        drops = random.Random(seed)
        listener = Listener(client, after=begin)
        while (listener.tape.position or 0) < goal:
            pause = drops.random()
            try:
                await asyncio.wait_for(listener.listen(drops.randint(20, 250), goal), 20)
            except (httpx.HTTPError, TimeoutError):
                pause += 2
            await asyncio.sleep(pause)
        return listener

    try:
        async with server.client("acme", key) as client:
            following = asyncio.gather(*(follow(seed, client) for seed in range(200)))
            for step in range(20):
                await add(database_admin, world, 10)
                await asyncio.sleep(chance.random() * 0.1)
                if step == 8:
                    assert await server.stop() < settings.shutdown_grace_seconds
                    await server.start()
            listeners = await asyncio.wait_for(following, 40)
    finally:
        server.kill()
    for listener in listeners:
        assert listener.tape.holes == []
        assert listener.tape.gaps == []
        told = [message.id for message in listener.tape.told]
        assert told == list(range(begin + 1, begin + 1 + len(told)))
    assert any("shutdown" in listener.tape.farewells for listener in listeners)
    examined("connections", sum(listener.tape.connections for listener in listeners))
