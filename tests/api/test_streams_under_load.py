"""Live streams when clients don't read, drop, and the server restarts."""

import asyncio
import random
import socket
import time

import asyncpg
import httpx
import psutil
import pytest
from websockets.exceptions import InvalidHandshake

from tenants.settings import Settings
from tests.fixtures.examined import Examined
from tests.fixtures.sockets import Ear, SocketListener
from tests.fixtures.streams import Listener, People, Server, add, until
from tests.fixtures.worlds import World

CLIENTS = 1_000
"""One in four over a WebSocket."""

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
    sockets = [open_and_never_read(stream_server, world, number) for number in range(100)]
    try:
        wanted = before_them + len(sockets)
        await until(lambda: connections(process) >= wanted, "not all of them are connected")
        before, most, slowest = process.memory_info().rss, 0, 0.0
        for _ in range(10):
            began = time.perf_counter()
            await listener.until(await add(database_admin, world, 100, size=10_000))
            slowest = max(slowest, time.perf_counter() - began)
            most = max(most, process.memory_info().rss)
        assert listener.tape.holes == []
        assert listener.tape.gaps == []
        assert slowest < 10
        assert most - before < 150_000_000
        await until(lambda: connections(process) <= before_them + 1, "they are still there")
    finally:
        for each in sockets:
            each.close()
    examined("clients that don't read, each sent 10 MB", len(sockets))


@pytest.mark.slow
async def test_a_little_that_nobody_reads_does_not_hold_a_stopping_server(
    settings: Settings, world: World, database_admin: asyncpg.Connection, examined: Examined
) -> None:
    """What the kernel takes differs; some of these leave just a little in the server's own buffer.

    So little doesn't count as not reading, and yet a connection that closes waits for it: once, a
    server waited for its whole grace period.
    """
    server = Server(
        settings,
        INTELLIMATCH_STREAMS_PER_MEMBER="400",
        INTELLIMATCH_SHUTDOWN_GRACE_SECONDS="20",
    )
    await server.start()
    last = await add(database_admin, world, 400, size=10_000)
    sockets = [
        open_and_never_read(server, world, 1, after=last - unread) for unread in range(0, 400, 5)
    ]
    try:
        await asyncio.sleep(4)
        assert await server.stop() < 15
    finally:
        for each in sockets:
            each.close()
        server.kill()
    examined("clients with something unread", len(sockets))


def open_and_never_read(
    server: Server, world: World, number: int, after: int | None = None
) -> socket.socket:
    """Every other one is a WebSocket."""
    query = "" if after is None else f"?after={after}"
    opened = socket.socket()
    opened.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    opened.connect(("127.0.0.1", server.port))
    key = world.acme.members["viewer"].api_key
    asked = f"Host: acme.localhost\r\nAuthorization: Bearer {key}\r\n"
    if number % 2:
        request = f"GET /api/v1/stream{query} HTTP/1.1\r\n{asked}\r\n"
    else:
        request = (
            f"GET /api/v1/ws{query} HTTP/1.1\r\n{asked}"
            "Connection: Upgrade\r\nUpgrade: websocket\r\n"
            "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
        )
    opened.sendall(request.encode())
    return opened


def connections(server: psutil.Process) -> int:
    return sum(each.status == "ESTABLISHED" for each in server.net_connections("tcp"))


@pytest.mark.slow
@pytest.mark.timeout(600)
async def test_listeners_that_drop_miss_nothing_through_a_restart(
    settings: Settings, world: World, database_admin: asyncpg.Connection, examined: Examined
) -> None:
    server = Server(
        settings, INTELLIMATCH_STREAMS_PER_MEMBER="2000", INTELLIMATCH_STREAMS_PER_TENANT="2000"
    )
    await server.start()
    chance = random.Random(7)
    begin = await add(database_admin, world, 1)
    goal = begin + 200
    key = world.acme.members["recruiter"].api_key

    async def follow(seed: int, client: httpx.AsyncClient) -> Ear:
        drops = random.Random(seed)
        listener: Ear = Listener(client, after=begin)
        if seed % 4 == 0:
            listener = SocketListener(server, "acme", key, after=begin)
        while (listener.tape.position or 0) < goal:
            pause = drops.random()
            try:
                await asyncio.wait_for(listener.listen(drops.randint(20, 250), goal), 60)
            except (httpx.HTTPError, InvalidHandshake, OSError, TimeoutError):
                pause += 2
            await asyncio.sleep(pause)
        return listener

    try:
        async with server.client("acme", key) as client:
            following = asyncio.gather(*(follow(seed, client) for seed in range(CLIENTS)))
            for step in range(20):
                await add(database_admin, world, 10)
                await asyncio.sleep(chance.random() * 0.1)
                if step == 8:
                    # A thousand clients in one process take their time to notice on a busy machine.
                    assert await server.stop() < 8 * settings.shutdown_grace_seconds
                    await server.start()
            listeners = await asyncio.wait_for(following, 400)
    finally:
        server.kill()
    for listener in listeners:
        assert listener.tape.holes == []
        assert listener.tape.gaps == []
        told = [message.id for message in listener.tape.told]
        assert told == list(range(begin + 1, begin + 1 + len(told)))
    assert any("shutdown" in listener.tape.farewells for listener in listeners)
    examined("clients", len(listeners))
    examined("connections", sum(listener.tape.connections for listener in listeners))
