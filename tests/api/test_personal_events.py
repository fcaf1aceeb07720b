"""What only one member is told of, no other hears: over each live route, and by polling."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack
from uuid import UUID, uuid4

import asyncpg
import pytest

from api.streams.view import View
from core.notifications.events import NotificationCreated
from core.shared.actor import ROLES, Role
from core.shared.audience import PERSONAL
from plugins.postgres.event_log import EventLog
from tenants.runtime import Runtime
from tests.fixtures.examined import Examined
from tests.fixtures.sockets import EARS, Ear
from tests.fixtures.streams import Message, People, Server, head
from tests.fixtures.worlds import World

pytestmark = pytest.mark.usefixtures("sequencer")

Owners = Mapping[str, Role]
"""Whose a notification is, by its id."""

_INSERT = """
    INSERT INTO outbox (tenant_id, id, type, version, aggregate, aggregate_id, payload,
                        occurred_at, request_id)
    VALUES ($1, gen_random_uuid(), $2, 1, 'notification', $3,
            jsonb_build_object('member_id', $4::text, 'unread', 3, 'count', 1,
                               'pops_up', true, 'notification_type', 'mention'), now(), 'test')
"""


@pytest.fixture
async def ears(
    stream_server: Server, world: World
) -> AsyncIterator[Callable[[str, str, str], Awaitable[Ear]]]:
    async with AsyncExitStack() as opened:

        async def open_ear(route: str, slug: str, key: str) -> Ear:
            return await EARS[route](opened, stream_server, slug, key)

        yield open_ear


async def tell_everybody(
    admin: asyncpg.Connection, world: World, *, to: Role | None = None
) -> Owners:
    """Write an event of each personal type for each role's member.

    With `to` all name that member, as if whoever wrote them had mixed members up.
    """
    owners: dict[str, Role] = {}
    for role in ROLES:
        for name in sorted(PERSONAL):
            notification_id = uuid4()
            owners[str(notification_id)] = role
            named = world.acme.members[to or role].member_id
            await admin.execute(_INSERT, world.acme.id, name, notification_id, str(named))
    await admin.execute("SELECT pg_notify('outbox_written', '')")
    return owners


def overheard(role: Role, told: list[Message], owners: Owners) -> list[str]:
    """What a role's member was told of that is another's."""
    return [
        each.name
        for each in told
        if each.name in PERSONAL and owners.get(each.data["aggregate_id"], role) != role
    ]


@pytest.mark.parametrize("planted", [False, True])
@pytest.mark.parametrize("route", EARS)
async def test_nobody_hears_what_is_anothers(
    route: str,
    world: World,
    ears: Callable[[str, str, str], Awaitable[Ear]],
    database_admin: asyncpg.Connection,
    examined: Examined,
    *,
    planted: bool,
) -> None:
    """Planted: events that name another member than the one whose notification it is."""
    await head(database_admin, world)
    keys = {role: world.acme.members[role].api_key for role in ROLES}
    listening = {role: await ears(route, "acme", key) for role, key in keys.items()}
    owners = await tell_everybody(database_admin, world, to="viewer" if planted else None)
    here = await head(database_admin, world)
    found: dict[Role, list[str]] = {}
    for role, ear in listening.items():
        await ear.until(here)
        assert ear.tape.holes == [], "positions are contiguous for each"
        found[role] = overheard(role, ear.tape.told, owners)
        mine = [each for each in ear.tape.told if owners.get(each.data["aggregate_id"]) == role]
        if not planted:
            assert {each.name for each in mine} == PERSONAL, role
            assert "member_id" not in mine[0].data["payload"], "ids of members aren't shown"
            assert mine[0].data["payload"]["unread"] == 3
    assert [role for role, names in found.items() if names] == (["viewer"] if planted else [])
    examined(f"events over {route}", len(owners) * len(listening))


async def test_nor_by_polling_or_catching_up(
    world: World, people: People, database_admin: asyncpg.Connection, examined: Examined
) -> None:
    before = await head(database_admin, world)
    owners = await tell_everybody(database_admin, world)
    here = await head(database_admin, world)
    for role in ROLES:
        client = await people.client(role)
        answer = await client.get("/api/v1/stream/poll", params={"after": before, "limit": 200})
        told = [each for each in answer.json()["events"] if each["type"] in PERSONAL]
        assert {owners[each["aggregate_id"]] for each in told} == {role}
        async with client.stream(
            "GET", "/api/v1/stream", params={"after": before, "topics": "notification"}
        ) as stream:
            names, place = set(), 0
            async for line in stream.aiter_lines():
                if line.startswith("id: "):
                    place = int(line.removeprefix("id: "))
                elif line.startswith("event: notification"):
                    names.add(line.removeprefix("event: "))
                elif not line and place >= here:
                    break
        assert names <= PERSONAL | {"notification.pruned", "notification.defaults_changed"}
        assert names >= PERSONAL
    examined("events", len(owners) * len(ROLES))


async def test_views_stay_shared(runtime: Runtime, world: World) -> None:
    """What is personal is in nobody's view, so those of a role are still fed the same bytes."""
    tenant = world.acme
    view = View.of(tenant.context, tenant.actor("admin"), frozenset())
    assert view.personal_types == PERSONAL
    assert not view.types & PERSONAL
    assert view.member_id is None
    log = EventLog(runtime.database.reader(tenant.id))
    events = [each for each in await log.after(0, 10_000) if each.type in PERSONAL]
    assert not await view.seen(log, events, None)
    assert not view.types & {NotificationCreated.type}
    assert UUID(int=0) not in view.personal(events)
