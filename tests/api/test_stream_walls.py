"""Nobody hears over any live route what isn't theirs: each one, opened as everybody."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack
from typing import Final

import asyncpg
import httpx
import pytest
from websockets.exceptions import InvalidStatus

from api.app import Application
from core.shared.actor import ROLES, Role
from core.shared.audience import AUDIENCES, PERSONAL
from core.shared.permissions import PERMISSIONS
from tenants.runtime import Runtime
from tests.fixtures.examined import Examined
from tests.fixtures.hiring import Hiring
from tests.fixtures.probes.exemptions import EXEMPT, LIVE
from tests.fixtures.probes.operations import operations
from tests.fixtures.sockets import EARS, Ear, dial
from tests.fixtures.streams import WAIT, Message, Server, add, head, messages
from tests.fixtures.worlds import World

pytestmark = pytest.mark.usefixtures("sequencer")

Status = Callable[[Server, str, dict[str, str]], Awaitable[int]]
"""Opens a route at a host with headers; 0 when it lets the caller in."""


async def sse_status(server: Server, host: str, headers: dict[str, str]) -> int:
    async with (
        httpx.AsyncClient(timeout=60) as client,
        client.stream(
            "GET",
            f"http://127.0.0.1:{server.port}/api/v1/stream",
            headers={"Host": host, **headers},
        ) as answer,
    ):
        return 0 if answer.status_code == 200 else answer.status_code


async def socket_status(server: Server, host: str, headers: dict[str, str]) -> int:
    try:
        async with dial(server, "", host=f"{host}:{server.port}", headers=headers):
            return 0
    except InvalidStatus as refused:
        return refused.response.status_code


STATUS: Final[Mapping[str, Status]] = {"GET /stream": sse_status, "GET /ws": socket_status}


def test_each_live_route_is_probed(app: Application, examined: Examined) -> None:
    """A route that answers with a stream can't be called as others are; it has to be here."""
    endless = {name for name, reason in EXEMPT.items() if "Never ends" in reason}
    assert endless == EARS.keys() == STATUS.keys() == set(LIVE)
    assert endless <= operations(app).keys()
    examined("live routes", len(endless))


@pytest.mark.parametrize("route", EARS)
async def test_who_may_not_is_refused_by_status(
    route: str, stream_server: Server, world: World, examined: Examined
) -> None:
    status_of = STATUS[route]
    keys = {
        slug: {"Authorization": f"Bearer {world[slug].members['admin'].api_key}"}
        for slug in ("acme", "globex")
    }
    acme, globex = "acme.localhost", "globex.localhost"
    tries: dict[str, tuple[str, dict[str, str], int]] = {
        "its own": (acme, keys["acme"], 0),
        "another tenant's key": (acme, keys["globex"], 401),
        "the key at another tenant's": (globex, keys["acme"], 401),
        "no credential": (acme, {}, 401),
        "a made-up key": (acme, {"Authorization": "Bearer im_made_up"}, 401),
        "a made-up session": (acme, {"Cookie": "intellimatch_session=made-up"}, 401),
        "the key in a cookie": (
            acme,
            {"Cookie": f"intellimatch_session={world.acme.members['admin'].api_key}"},
            401,
        ),
        "an unknown host": ("initech.localhost", keys["acme"], 404),
        "no host of ours": ("evil.example", keys["acme"], 404),
        "a stranger at the bare domain": ("localhost", {}, 401),
    }
    for name, (host, headers, expected) in tries.items():
        assert await status_of(stream_server, host, headers) == expected, name
    examined(f"ways into {route}", len(tries))


async def test_the_stream_of_statuses_goes_on_where_it_ended_and_tells_nothing_else(
    stream_server: Server,
    runtime: Runtime,
    world: World,
    database_admin: asyncpg.Connection,
    examined: Examined,
) -> None:
    url = f"http://127.0.0.1:{stream_server.port}/api/status/updates"
    start = await head(database_admin, world)
    hiring = Hiring(runtime, world)
    application = await hiring.apply(await hiring.open_job())
    await add(database_admin, world, 3)
    told = 0
    hears: dict[Role, bool] = {"recruiter": True, "interviewer": False}
    for role, expected in hears.items():
        headers = {
            "Host": "acme.localhost",
            "Accept": "text/event-stream",
            "Authorization": f"Bearer {world.acme.members[role].api_key}",
            "Last-Event-ID": str(start),
        }
        end = await head(database_admin, world)
        heard: list[Message] = []
        async with (
            asyncio.timeout(WAIT),
            httpx.AsyncClient(timeout=WAIT) as client,
            client.stream("GET", url, headers=headers) as answer,
        ):
            assert answer.headers["content-type"] == "text/event-stream; charset=utf-8"
            async for message in messages(answer):
                heard.append(message)
                if message.id is not None and message.id >= end:
                    break
        names = {message.name for message in heard} - {"checkpoint"}
        assert names == ({"application.created"} if expected else set()), role
        told += len(heard)
    page = f"{url}?after={start}"
    async with httpx.AsyncClient(timeout=WAIT) as client:
        headers = {
            "Host": "acme.localhost",
            "Authorization": f"Bearer {world.acme.members['recruiter'].api_key}",
        }
        events = (await client.get(page, headers=headers)).json()["events"]
    assert [each["aggregate_id"] for each in events] == [str(application.id)]
    examined("messages", told)


@pytest.fixture
async def ears(
    stream_server: Server, world: World
) -> AsyncIterator[Callable[[str, str, str], Awaitable[Ear]]]:
    async with AsyncExitStack() as opened:

        async def open_ear(route: str, slug: str, key: str) -> Ear:
            return await EARS[route](opened, stream_server, slug, key)

        yield open_ear


@pytest.mark.parametrize("planted", [False, True])
@pytest.mark.parametrize("route", EARS)
async def test_each_role_and_the_other_tenant(
    route: str,
    runtime: Runtime,
    world: World,
    ears: Callable[[str, str, str], Awaitable[Ear]],
    database_admin: asyncpg.Connection,
    examined: Examined,
    *,
    planted: bool,
) -> None:
    """Planted: an event of one tenant that lies in another's log, and nothing else is wrong."""
    await head(database_admin, world)
    ours = {role: await ears(route, "acme", world.acme.members[role].api_key) for role in ROLES}
    theirs = {
        role: await ears(route, "globex", world.globex.members[role].api_key) for role in ROLES
    }
    hiring = Hiring(runtime, world)
    job = await hiring.open_job()
    application = await hiring.apply(job)
    await database_admin.execute(
        "INSERT INTO outbox (tenant_id, id, type, version, aggregate, aggregate_id, payload,"
        " occurred_at, request_id) SELECT $1, gen_random_uuid(), name, 1,"
        " split_part(name, '.', 1), $1, '{}', now(), 'test' FROM unnest($2::text[]) AS name",
        world.acme.id,
        list(AUDIENCES),
    )
    if planted:
        await database_admin.execute(
            "INSERT INTO outbox SELECT $1, gen_random_uuid(), type, version, aggregate, "
            "aggregate_id, payload, occurred_at, request_id FROM outbox WHERE aggregate_id = $2",
            world.globex.id,
            application.id,
        )
    here = await head(database_admin, world)
    there = await add(database_admin, world, 1, "globex")
    for ear in ours.values():
        await ear.until(here)
    for ear in theirs.values():
        await ear.until(there)
    messages = 0
    for role, ear in ours.items():
        allowed = {name for name, action in AUDIENCES.items() if PERMISSIONS[action][role] == "yes"}
        allowed -= PERSONAL  # These name nobody: tests/api/test_personal_events.py.
        nobodys = {name for name, action in AUDIENCES.items() if PERMISSIONS[action][role] == "no"}
        heard = set(ear.tape.types)
        assert allowed <= heard, role
        assert not heard & (nobodys | PERSONAL), role
        assert ear.tape.holes == []
        messages += len(ear.tape.told)
    found = {
        role: [told for told in ear.tape.told if told.data["aggregate_id"] == str(application.id)]
        for role, ear in theirs.items()
    }
    leaked = sorted(role for role, told in found.items() if told)
    assert leaked == (["admin", "recruiter", "viewer"] if planted else [])
    examined(f"messages over {route}", messages)


@pytest.mark.parametrize("route", EARS)
async def test_a_key_hears_what_its_scopes_say(
    route: str,
    runtime: Runtime,
    world: World,
    stream_server: Server,
    ears: Callable[[str, str, str], Awaitable[Ear]],
    database_admin: asyncpg.Connection,
) -> None:
    admin = stream_server.client("acme", world.acme.members["admin"].api_key)
    async with admin:
        keys = {}
        for scope in ("jobs:read", "audit:read"):
            answer = await admin.post("/api/v1/api-keys", json={"name": "K", "scopes": [scope]})
            assert answer.status_code == 201, answer.text
            keys[scope] = answer.json()["secret"]
    status_of = STATUS[route]
    deaf = {"Authorization": f"Bearer {keys['audit:read']}"}
    assert await status_of(stream_server, "acme.localhost", deaf) == 403
    await head(database_admin, world)
    ear = await ears(route, "acme", keys["jobs:read"])
    hiring = Hiring(runtime, world)
    await hiring.apply(await hiring.open_job())
    await ear.until(await head(database_admin, world))
    assert {name.partition(".")[0] for name in ear.tape.types} <= {"job", "pipeline"}
    assert ear.tape.types
    assert ear.tape.holes == []
