"""How live streams end: by the clock, with the credential, at a limit, with the server."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack

import asyncpg
import httpx
import pytest
import pytest_asyncio
from websockets.exceptions import InvalidStatus

from tenants.settings import Settings
from tests.fixtures.examined import Examined
from tests.fixtures.sockets import (
    EARS,
    Ear,
    SocketListener,
    dial,
    shown,
    signed_in,
    ticket_of,
)
from tests.fixtures.streams import WAIT, Listener, Server, add
from tests.fixtures.worlds import World

pytestmark = pytest.mark.usefixtures("sequencer")

CREDENTIAL_SECONDS = 5
"""Until a credential ends that a stream was opened with: time enough to open it."""


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def strict(settings: Settings, world: World) -> AsyncIterator[Server]:
    """A server that allows few streams; it is stopped by the last test that asks for it."""
    made = Server(
        settings, INTELLIMATCH_STREAMS_PER_MEMBER="4", INTELLIMATCH_STREAMS_PER_TENANT="6"
    )
    await made.start()
    yield made
    made.kill()


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def short_lived(settings: Settings, world: World) -> AsyncIterator[Server]:
    """A server whose streams last five seconds."""
    made = Server(settings, INTELLIMATCH_STREAM_LIFETIME_SECONDS="5")
    await made.start()
    yield made
    made.kill()


@pytest.fixture
async def opened() -> AsyncIterator[AsyncExitStack]:
    async with AsyncExitStack() as stack:
        yield stack


def farewells(ear: Ear) -> list[str]:
    return ear.tape.farewells


@pytest.mark.slow
async def test_a_heartbeat_comes_within_15_seconds(stream_server: Server, world: World) -> None:
    key = world.acme.members["viewer"].api_key

    async def over_http(client: httpx.AsyncClient) -> float:
        async with client.stream("GET", "/api/v1/stream") as answer:
            lines = answer.aiter_lines()
            while not (await anext(lines)).startswith("data"):
                pass
            began = time.perf_counter()
            while await anext(lines) != ":":
                pass
            return time.perf_counter() - began

    async def over_socket() -> float:
        reader, writer = await asyncio.open_connection("127.0.0.1", stream_server.port)
        writer.write(
            f"GET /api/v1/ws HTTP/1.1\r\nHost: acme.localhost\r\nAuthorization: Bearer {key}\r\n"
            "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n".encode()
        )
        await reader.readuntil(b'"data":{}}')
        began = time.perf_counter()
        assert await reader.readexactly(2) == b"\x89\x00"  # A Ping frame without data.
        writer.close()
        return time.perf_counter() - began

    async with stream_server.client("acme", key) as client:
        waited = await asyncio.gather(over_http(client), over_socket())
    # The clock of the server says 12 to 15; ours begins and ends a little later than it.
    assert all(9 < seconds < 20 for seconds in waited), waited


async def test_a_lifetime_ends_with_a_hint_when_to_come_again(
    short_lived: Server, world: World, opened: AsyncExitStack
) -> None:
    tenant, began = world.acme, time.perf_counter()
    over_http = await EARS["GET /stream"](
        opened, short_lived, "acme", tenant.members["viewer"].api_key
    )
    over_socket = await EARS["GET /ws"](
        opened, short_lived, "acme", tenant.members["admin"].api_key
    )
    assert isinstance(over_socket, SocketListener)
    await over_http.ended()
    await over_socket.ended()
    assert time.perf_counter() - began > 4.4
    assert farewells(over_http) == farewells(over_socket) == ["lifetime"]
    assert (over_socket.close_code, over_socket.close_reason) == (1001, "lifetime")
    assert 500 <= over_socket.tape.retry_ms[-1] <= 5_000


async def test_limits_count_both_forms_together(
    strict: Server, world: World, opened: AsyncExitStack
) -> None:
    admin = world.globex.members["admin"].api_key
    for route in ("GET /stream", "GET /ws", "GET /stream", "GET /ws"):
        await EARS[route](opened, strict, "globex", admin)
    client = await opened.enter_async_context(strict.client("globex", admin))
    refused = await client.get("/api/v1/stream")
    assert (refused.status_code, refused.json()["code"]) == (429, "too_many_streams")
    with pytest.raises(InvalidStatus) as closed:
        await dial(strict, "globex", admin)
    assert closed.value.response.status_code == 429
    assert int(closed.value.response.headers["Retry-After"]) > 0
    viewer = world.globex.members["viewer"].api_key
    await EARS["GET /ws"](opened, strict, "globex", viewer)
    last = await EARS["GET /stream"](opened, strict, "globex", viewer)
    with pytest.raises(InvalidStatus):
        await dial(strict, "globex", world.globex.members["recruiter"].api_key)
    await last.__aexit__()
    await _let_in(strict, "globex", viewer, opened)


async def _let_in(server: Server, slug: str, key: str, opened: AsyncExitStack) -> None:
    """Open a socket as soon as there is room for one: who left is noticed a little later."""
    ends = time.monotonic() + WAIT
    while True:
        try:
            socket = await dial(server, slug, key)
        except InvalidStatus:
            assert time.monotonic() < ends, "there is still no room"
            await asyncio.sleep(0.05)
        else:
            opened.push_async_callback(socket.close)
            return


async def test_many_at_once_do_not_slip_past_a_limit(
    strict: Server, world: World, opened: AsyncExitStack
) -> None:
    key = world.acme.members["recruiter"].api_key

    async def try_one() -> bool:
        try:
            socket = await dial(strict, "acme", key)
        except InvalidStatus:
            return False
        opened.push_async_callback(socket.close)
        return True

    assert sum(await asyncio.gather(*(try_one() for _ in range(30)))) == 4


async def _browser_ears(
    server: Server,
    world: World,
    slug: str,
    opened: AsyncExitStack,
    before: Callable[[], Awaitable[None]],
) -> list[Ear]:
    """Both forms with a session; `before` is done between signing in and the first use."""
    member = world[slug].members["interviewer"]
    browser = await opened.enter_async_context(
        signed_in(server, slug, member.email, member.password)
    )
    await before()
    ticket = await ticket_of(browser)
    cookie = {"Cookie": browser.headers["Cookie"]}
    client = await opened.enter_async_context(server.client(slug, None, **cookie))
    return [
        await opened.enter_async_context(Listener(client)),
        await opened.enter_async_context(
            SocketListener(server, slug, None, ticket=ticket, headers=shown(browser))
        ),
    ]


async def test_a_session_that_expires_takes_its_streams_along(
    stream_server: Server, world: World, opened: AsyncExitStack, database_admin: asyncpg.Connection
) -> None:
    member = world.globex.members["interviewer"]

    async def shorten() -> None:
        await database_admin.execute(
            "UPDATE sessions SET expires_at = now() + $2 * interval '1 s', "
            "idle_until = now() + $2 * interval '1 s' WHERE member_id = $1",
            member.member_id,
            CREDENTIAL_SECONDS,
        )

    began = time.perf_counter()
    ears = await _browser_ears(stream_server, world, "globex", opened, shorten)
    for ear in ears:
        await ear.ended()
        assert farewells(ear) == ["revoked"]
    assert time.perf_counter() - began > CREDENTIAL_SECONDS - 1
    assert isinstance(ears[1], SocketListener)
    assert ears[1].close_code == 1008


async def test_a_key_that_expires_takes_its_streams_along(
    stream_server: Server, world: World, opened: AsyncExitStack, database_admin: asyncpg.Connection
) -> None:
    recruiter = world.globex.members["recruiter"]
    await database_admin.execute(
        "UPDATE api_keys SET expires_at = now() + $2 * interval '1 s' WHERE id = $1",
        recruiter.api_key_id,
        CREDENTIAL_SECONDS,
    )
    ears = [await EARS[route](opened, stream_server, "globex", recruiter.api_key) for route in EARS]
    for ear in ears:
        await ear.ended()
        assert farewells(ear) == ["revoked"]


async def test_a_deactivated_members_streams_end(
    stream_server: Server, world: World, opened: AsyncExitStack, examined: Examined
) -> None:
    async def nothing() -> None:
        return

    member = world.acme.members["interviewer"]
    ears = await _browser_ears(stream_server, world, "acme", opened, nothing)
    ears += [await EARS[route](opened, stream_server, "acme", member.api_key) for route in EARS]
    others = [
        await EARS[route](opened, stream_server, "acme", world.acme.members["viewer"].api_key)
        for route in EARS
    ]
    admin = await opened.enter_async_context(
        stream_server.client("acme", world.acme.members["admin"].api_key)
    )
    answer = await admin.post(f"/api/v1/members/{member.member_id}/deactivate")
    assert answer.status_code == 200, answer.text
    for ear in ears:
        await ear.ended()
        assert farewells(ear) == ["revoked"]
    assert [farewells(ear) for ear in others] == [[], []]
    examined("streams of the member", len(ears))


async def test_a_stopping_server_says_good_bye_and_leaves(
    strict: Server, settings: Settings, world: World, opened: AsyncExitStack
) -> None:
    key = world.acme.members["admin"].api_key
    ears = [await EARS[route](opened, strict, "acme", key) for route in EARS]
    silent = await opened.enter_async_context(dial(strict, "acme", key, close_timeout=0.1))
    assert await strict.stop() < settings.shutdown_grace_seconds
    for ear in ears:
        await ear.ended()
        assert farewells(ear) == ["shutdown"]
    assert isinstance(ears[1], SocketListener)
    assert (ears[1].close_code, ears[1].close_reason) == (1012, "shutdown")
    silent.transport.abort()


async def test_a_server_that_cannot_stop_ends_anyway(settings: Settings) -> None:
    """Planted: a server that waits for ever while it lets go of its connections."""
    stuck = Server(settings, INTELLIMATCH_SHUTDOWN_GRACE_SECONDS="1")
    stuck.module = "tests.fixtures.stuck_server"
    await stuck.start()
    try:
        assert await stuck.stop() < 60
    finally:
        stuck.kill()
    assert stuck.process is not None
    assert stuck.process.returncode == 1


LEFT = (
    'intellimatch_streams_open{form="websocket"} 0.0',
    'intellimatch_streams_ended_total{form="sse",reason="left"} 1.0',
)


async def test_streams_are_not_timed_as_requests(
    settings: Settings, world: World, opened: AsyncExitStack
) -> None:
    server = Server(settings, INTELLIMATCH_METRICS_TOKEN="a token that only operators have")
    await server.start()
    try:
        key = world.acme.members["viewer"].api_key
        ears = [await EARS[route](opened, server, "acme", key) for route in EARS]
        client = await opened.enter_async_context(server.client("acme", None))
        client.headers["Authorization"] = "Bearer a token that only operators have"
        during = (await client.get("/metrics")).text
        assert 'intellimatch_streams_open{form="sse"} 1.0' in during
        await asyncio.sleep(3)
        for ear in ears:
            await ear.__aexit__()
        ends, after = time.monotonic() + WAIT, ""
        while not all(left in after for left in LEFT):
            assert time.monotonic() < ends, after
            await asyncio.sleep(0.1)
            after = (await client.get("/metrics")).text
    finally:
        server.kill()
    for route, status in (("/api/v1/stream", 200), ("/api/v1/ws", 101)):
        quick = f'_bucket{{le="2.5",method="GET",route="{route}",status="{status}"}} 1.0'
        assert quick in after, route


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def faulty(settings: Settings, world: World) -> AsyncIterator[Server]:
    """A server that drops one of fifty events without a word."""
    made = Server(settings)
    made.module = "tests.fixtures.faulty_server"
    await made.start()
    yield made
    made.kill()


@pytest.mark.parametrize("planted", [False, True])
@pytest.mark.parametrize("route", EARS)
async def test_an_event_that_is_left_out_is_noticed(
    route: str,
    world: World,
    opened: AsyncExitStack,
    stream_server: Server,
    faulty: Server,
    database_admin: asyncpg.Connection,
    examined: Examined,
    *,
    planted: bool,
) -> None:
    """Planted: a server that drops one of fifty events without a word."""
    key = world.acme.members["admin"].api_key
    ear = await EARS[route](opened, faulty if planted else stream_server, "acme", key)
    # The last one may be among those that are left out.
    last = await add(database_admin, world, 101)
    await ear.until(last - 1)
    assert bool(ear.tape.holes) is planted
    examined("messages", len(ear.tape.told))
