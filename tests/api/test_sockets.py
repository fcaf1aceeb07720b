"""The WebSocket: the same events as over HTTP, what its clients may say, and who gets none."""

import asyncio
from collections.abc import AsyncIterator

import asyncpg
import httpx
import pytest
from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.frames import Frame, Opcode

from tests.fixtures.examined import Examined
from tests.fixtures.sockets import SocketListener, dial, next_message, shown, signed_in, ticket_of
from tests.fixtures.streams import WAIT, Message, People, Server, add, head
from tests.fixtures.worlds import World

pytestmark = pytest.mark.usefixtures("sequencer")


@pytest.fixture
def key(world: World) -> str:
    return world.acme.members["admin"].api_key


async def test_both_forms_tell_the_same(
    stream_server: Server,
    world: World,
    people: People,
    key: str,
    database_admin: asyncpg.Connection,
) -> None:
    start = await head(database_admin, world)
    over_http = await people.listener()
    async with (
        SocketListener(stream_server, "acme", key) as socket,
        SocketListener(stream_server, "acme", key, after=0) as from_the_start,
    ):
        last = await add(database_admin, world, 150)
        for listener in (over_http, socket, from_the_start):
            await listener.until(last)
            assert listener.tape.holes == []
        assert socket.tape.told == over_http.tape.told
        assert [told.id for told in socket.tape.told] == list(range(start + 1, last + 1))
        assert from_the_start.tape.told[-150:] == socket.tape.told


async def test_a_gap_is_told_of(
    stream_server: Server, world: World, key: str, database_admin: asyncpg.Connection
) -> None:
    last = await add(database_admin, world, 1)
    async with dial(stream_server, "acme", key, query=f"?after={last + 1_000}") as socket:
        told = await next_message(socket)
        assert (told.name, told.id, told.data["reason"]) == ("gap", last, "unknown")


async def test_topics_change_without_a_hole(
    stream_server: Server, world: World, key: str, database_admin: asyncpg.Connection
) -> None:
    last = await add(database_admin, world, 1)
    async with dial(stream_server, "acme", key, query="?topics=application") as socket:
        ready = await next_message(socket)
        while ready.id != last:  # its server may hear a little later what the database knows
            ready = await next_message(socket)
        hidden = await add(database_admin, world, 3)
        checkpoint = await next_message(socket)
        assert checkpoint.data == {"after": ready.id, "position": hidden}
        await socket.send('{"topics": ["job", "candidate"]}')
        told = await next_message(socket)
        assert (told.name, told.id) == ("subscribed", hidden)
        assert told.data == {"topics": ["candidate", "job"]}
        shown = await add(database_admin, world, 2)
        assert [(await next_message(socket)).id for _ in range(2)] == [shown - 1, shown]
        await socket.send('{"topics": []}')
        assert (await next_message(socket)).data == {"topics": []}


async def test_the_first_message_may_resume(
    stream_server: Server, world: World, key: str, database_admin: asyncpg.Connection
) -> None:
    last = await add(database_admin, world, 120)
    async with dial(stream_server, "acme", key) as socket:
        assert (await next_message(socket)).name == "ready"
        await socket.send(f'{{"after": {last - 110}}}')
        told = await next_message(socket)
        assert (told.name, told.id) == ("subscribed", last - 110)
        ids = [(await next_message(socket)).id for _ in range(110)]
        assert ids == list(range(last - 109, last + 1))
        await socket.send(f'{{"after": {last - 110}}}')
        with pytest.raises(ConnectionClosed) as closed:
            await next_message(socket)
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == 1008


async def test_pings_are_answered(stream_server: Server, key: str) -> None:
    async with dial(stream_server, "acme", key) as socket:
        await next_message(socket)
        await asyncio.wait_for(await socket.ping(), WAIT)
        await socket.send('{"ping": "are you there"}')
        assert await next_message(socket) == Message("pong", None, {"": "are you there"})


WRONG: dict[str, tuple[str | bytes, int]] = {
    "no JSON": ("hello", 1008),
    "nothing": ("{}", 1008),
    "a list": ("[]", 1008),
    "an unknown field": ('{"topics": [], "role": "admin"}', 1008),
    "an unknown topic": ('{"topics": ["salaries"]}', 1008),
    "topics that this role hears nothing of": ('{"topics": ["api_key"]}', 1008),
    "a negative position": ('{"after": -1}', 1008),
    "bytes": (b"{}", 1008),
    "too long": ('{"topics": ["' + "x" * 5_000 + '"]}', 1009),
    "a long ping": ('{"ping": "' + "x" * 100 + '"}', 1008),
}


@pytest.mark.parametrize("name", WRONG)
async def test_whatever_else_a_client_says_ends_it(
    stream_server: Server, world: World, name: str
) -> None:
    message, code = WRONG[name]
    viewer = world.acme.members["viewer"].api_key
    async with dial(stream_server, "acme", viewer) as socket:
        await next_message(socket)
        await socket.send(message)
        with pytest.raises(ConnectionClosed) as closed:
            await next_message(socket)
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == code
    assert closed.value.rcvd.reason


async def test_a_client_that_talks_on_and_on_is_shown_out(stream_server: Server, key: str) -> None:
    async with dial(stream_server, "acme", key) as socket:
        await next_message(socket)
        with pytest.raises(ConnectionClosed):
            await talk(socket)
        assert (socket.close_code, socket.close_reason) == (1008, "too many messages")


async def talk(socket: ClientConnection) -> None:
    for number in range(200):
        await socket.send(f'{{"ping": "{number}"}}')
        await next_message(socket)


async def test_fragments_are_one_message(stream_server: Server, key: str) -> None:
    async with dial(stream_server, "acme", key) as socket:
        await next_message(socket)
        await socket.send(["{", '"topics":', ' ["job"]}'])
        assert (await next_message(socket)).data == {"topics": ["job"]}
        await socket.send(["x" * 1_000] * 5)
        with pytest.raises(ConnectionClosed):
            await next_message(socket)
        assert socket.close_code == 1009


async def test_broken_frames_end_it(stream_server: Server, world: World, key: str) -> None:
    for name, data in {
        "not masked": Frame(Opcode.TEXT, b"{}").serialize(mask=False),
        "a reserved bit": bytes([0xC1, 0x80, 0, 0, 0, 0]),
        "a continuation of nothing": Frame(Opcode.CONT, b"x").serialize(mask=True),
    }.items():
        async with dial(stream_server, "acme", key) as socket:
            await next_message(socket)
            socket.transport.write(data)
            with pytest.raises(ConnectionClosed):
                await next_message(socket)
            assert socket.close_code == 1002, name


@pytest.fixture
async def browser(stream_server: Server, world: World) -> AsyncIterator[httpx.AsyncClient]:
    """A signed-in browser at acme, and how it changes things."""
    member = world.acme.members["recruiter"]
    async with signed_in(stream_server, "acme", member.email, member.password) as client:
        yield client


async def test_a_browser_opens_one_with_a_ticket_once(
    stream_server: Server, browser: httpx.AsyncClient
) -> None:
    query = f"?ticket={await ticket_of(browser)}"
    async with dial(stream_server, "acme", query=query, headers=shown(browser)) as socket:
        assert (await next_message(socket)).name == "ready"
    with pytest.raises(InvalidStatus) as refused:
        await dial(stream_server, "acme", query=query, headers=shown(browser))
    assert b"ticket_needed" in (refused.value.response.body or b"")


async def test_other_sites_pages_open_none(
    stream_server: Server, world: World, browser: httpx.AsyncClient, examined: Examined
) -> None:
    """Cross-site WebSocket hijacking: the cookie alone, or another page's Origin."""
    good = await ticket_of(browser)
    port = stream_server.port
    key = world.acme.members["recruiter"].api_key
    async with stream_server.client("acme", key) as program:
        key_ticket = await program.post("/api/v1/stream/ticket")
    tries: dict[str, tuple[str, dict[str, str], int]] = {
        "no Origin": (f"?ticket={good}", shown(browser, Origin=""), 403),
        "another site": (f"?ticket={good}", shown(browser, Origin="https://evil.example"), 403),
        "a sibling": (
            f"?ticket={good}",
            shown(browser, Origin=f"http://globex.localhost:{port}"),
            403,
        ),
        "null": (f"?ticket={good}", shown(browser, Origin="null"), 403),
        "no ticket": ("", shown(browser), 403),
        "a made-up ticket": ("?ticket=abc", shown(browser), 403),
        "a ticket of another credential": (
            f"?ticket={key_ticket.json()['ticket']}",
            shown(browser),
            403,
        ),
        "a ticket and nothing else": (f"?ticket={good}", {}, 401),
    }
    for name, (query, headers, status) in tries.items():
        with pytest.raises(InvalidStatus) as refused:
            await dial(stream_server, "acme", query=query, headers=headers)
        assert refused.value.response.status_code == status, name
    # None of these used it up, since none was sent by a page of ours.
    async with dial(
        stream_server, "acme", query=f"?ticket={good}", headers=shown(browser)
    ) as socket:
        await next_message(socket)
    examined("ways in", len(tries))


async def test_who_does_not_ask_for_a_websocket_is_told(people: People) -> None:
    client = await people.client()
    answer = await client.get("/api/v1/ws")
    assert (answer.status_code, answer.json()["code"]) == (426, "upgrade_required")
    assert answer.headers["upgrade"] == "websocket"
    asked = {"Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13"}
    for key in ("", "short", "!" * 24):
        answer = await client.get("/api/v1/ws", headers={**asked, "Sec-WebSocket-Key": key})
        assert (answer.status_code, answer.json()["code"]) == (400, "bad_request")


async def test_a_plain_request_with_an_upgrade_is_answered(people: People) -> None:
    client = await people.client()
    headers = {"Connection": "Upgrade", "Upgrade": "websocket"}
    answer = await client.get("/api/v1/me", headers=headers, timeout=WAIT)
    assert answer.status_code == 200
