"""Live streams over sockets: who hears what, from where on, until when."""

import time
from contextlib import AsyncExitStack
from uuid import UUID

import asyncpg
import pytest

from api.streams.hub import POLL_SECONDS
from api.streams.view import View
from core.identity.contracts.api_keys import RevokeApiKey
from core.shared.audience import AUDIENCES, SHOWN_FIELDS, TOPICS
from core.shared.events import Event
from plugins.postgres.event_log import EventLog
from tenants.runtime import Runtime
from tenants.settings import Settings
from tests.fixtures.examined import Examined
from tests.fixtures.hiring import Hiring
from tests.fixtures.streams import INSERT, Listener, Message, People, Server, Tape, add, head
from tests.fixtures.worlds import World

pytestmark = pytest.mark.usefixtures("sequencer")


async def test_an_application_appears_at_once(
    runtime: Runtime, world: World, people: People, database_admin: asyncpg.Connection
) -> None:
    hiring = Hiring(runtime, world)
    job = await hiring.open_job()
    await head(database_admin, world)
    listener = await people.listener("recruiter")
    began = time.perf_counter()
    application = await hiring.apply(job)
    await listener.until(await head(database_admin, world))
    assert time.perf_counter() - began < POLL_SECONDS, "it was looked for, not heard of"
    told = listener.tape.told[-1]
    assert (told.name, told.data["aggregate_id"]) == ("application.created", str(application.id))
    assert told.data["payload"]["job_id"] == str(job.id)
    assert listener.tape.holes == []


async def test_the_headers_keep_proxies_from_holding_it_back(people: People) -> None:
    client = await people.client()
    async with client.stream("GET", "/api/v1/stream") as answer:
        assert answer.headers["content-type"] == "text/event-stream; charset=utf-8"
        assert answer.headers["x-accel-buffering"] == "no"
        assert answer.headers["cache-control"] == "no-store"
        lines = answer.aiter_lines()
        retry = await anext(lines)
        assert 500 <= int(retry.removeprefix("retry: ")) <= 5_000
    assert (await client.head("/api/v1/stream")).status_code == 200


@pytest.mark.parametrize("role", [None, "stranger"])
async def test_strangers_hear_nothing(stream_server: Server, role: str | None) -> None:
    async with stream_server.client("acme", None if role is None else "made-up") as client:
        for path in ("/api/v1/stream", "/api/v1/stream/poll"):
            assert (await client.get(path)).status_code == 401


async def test_each_role_hears_what_it_may_see(
    runtime: Runtime,
    world: World,
    people: People,
    database_admin: asyncpg.Connection,
    examined: Examined,
) -> None:
    hiring = Hiring(runtime, world)
    job = await hiring.open_job()
    mine = await hiring.apply(job)
    interviewer = world.acme.members["interviewer"].member_id
    await database_admin.execute(
        "UPDATE applications SET assignee_id = $2 WHERE id = $1", mine.id, interviewer
    )
    await head(database_admin, world)
    listeners = {role: await people.listener(role) for role in world.acme.members}
    other = await hiring.apply(job)
    moved = await hiring.move(mine, 1, job)
    await database_admin.execute(INSERT, world.acme.id, 1, "f")
    for name, aggregate in (("member.signed_in", "member"), ("secret.unlisted", "secret")):
        await database_admin.execute(
            "INSERT INTO outbox (tenant_id, id, type, version, aggregate, aggregate_id, payload,"
            " occurred_at, request_id) VALUES ($1, gen_random_uuid(), $2, 1, $3, $1, "
            "'{\"email\": \"ada@acme.example\"}', now(), 'test')",
            world.acme.id,
            name,
            aggregate,
        )
    last = await head(database_admin, world)
    for listener in listeners.values():
        await listener.until(last)
        assert listener.tape.holes == []
    heard = {role: set(listener.tape.types) for role, listener in listeners.items()}
    assert heard["admin"] == {
        "candidate.created",
        "application.created",
        "application.moved",
        "job.edited",
        "member.signed_in",
    }
    assert heard["recruiter"] == heard["viewer"] == heard["admin"] - {"member.signed_in"}
    assert heard["interviewer"] == {"application.moved", "job.edited"}
    subjects = {told.data["aggregate_id"] for told in listeners["interviewer"].tape.told}
    assert str(moved.id) in subjects
    assert str(other.id) not in subjects
    everything = str([told.data for each in listeners.values() for told in each.tape.told])
    assert "ada@acme.example" not in everything
    examined("messages", sum(len(each.tape.told) for each in listeners.values()))


async def test_topics_narrow_it(
    runtime: Runtime, world: World, people: People, database_admin: asyncpg.Connection
) -> None:
    await head(database_admin, world)
    listener = await people.listener(topics="application,interview")
    hiring = Hiring(runtime, world)
    await hiring.apply(await hiring.open_job())
    await listener.until(await head(database_admin, world))
    assert listener.tape.types == ["application.created"]
    assert listener.tape.holes == []
    refused = await (await people.client()).get("/api/v1/stream", params={"topics": "jobs"})
    assert (refused.status_code, refused.json()["errors"][0]["field"]) == (400, "topics")


def leaks(listener: Listener, ids: set[str]) -> list[str]:
    return [told.name for told in listener.tape.told if told.data["aggregate_id"] in ids]


@pytest.mark.parametrize("planted", [False, True])
async def test_the_other_tenant_hears_nothing(
    runtime: Runtime,
    world: World,
    people: People,
    database_admin: asyncpg.Connection,
    examined: Examined,
    *,
    planted: bool,
) -> None:
    """Planted: rows that got the wrong tenant are heard by the wrong people, and noticed."""
    await head(database_admin, world)
    ours, theirs = await people.listener(), await people.listener(slug="globex")
    hiring = Hiring(runtime, world)
    application = await hiring.apply(await hiring.open_job())
    ids = {str(application.id)}
    if planted:
        await database_admin.execute(
            "INSERT INTO outbox SELECT $1, gen_random_uuid(), type, version, aggregate, "
            "aggregate_id, payload, occurred_at, request_id FROM outbox WHERE aggregate_id = $2",
            world.globex.id,
            UUID(str(application.id)),
        )
        await database_admin.execute("SELECT pg_notify('outbox_written', '')")
    await ours.until(await head(database_admin, world))
    await theirs.until(await head(database_admin, world, "globex"))
    assert leaks(ours, ids) == ["application.created"]
    assert leaks(theirs, ids) == (["application.created"] if planted else [])
    examined("events", len(ours.tape.told))


async def test_a_position_of_another_tenant_is_none_of_ours(
    world: World, people: People, database_admin: asyncpg.Connection
) -> None:
    await add(database_admin, world, 1, "globex")
    foreign = await add(database_admin, world, 50) + 100
    mine = await head(database_admin, world, "globex")
    client = await people.client(slug="globex")
    page = (await client.get("/api/v1/stream/poll", params={"after": foreign})).json()
    assert page["gap"] == {"reason": "unknown", "after": foreign, "position": mine}
    assert page["events"] == []
    for last in (str(foreign), "not-a-number", "9" * 40):
        async with client.stream(
            "GET", "/api/v1/stream", headers={"Last-Event-ID": last}
        ) as answer:
            text = ""
            async for piece in answer.aiter_text():
                text += piece
                if "event: gap" in text:
                    break
        assert f"id: {mine}\n" in text


async def test_polling_tells_the_same(
    world: World, people: People, database_admin: asyncpg.Connection
) -> None:
    client = await people.client("viewer")
    path = "/api/v1/stream/poll"
    start = (await client.get(path)).json()
    assert start["events"] == []
    after = start["position"]
    last = await add(database_admin, world, 7)
    listener = Listener(client, after=after)
    async with listener:
        await listener.until(last)
    polled, pages = [], 0
    while True:
        page = (await client.get(path, params={"after": after, "limit": 3})).json()
        polled += page["events"]
        after, pages = page["position"], pages + 1
        if not page["more"]:
            break
    assert polled == [told.data for told in listener.tape.told]
    assert (len(polled), pages, after) == (7, 3, last)


async def test_what_was_removed_is_a_gap(
    world: World, people: People, database_admin: asyncpg.Connection
) -> None:
    client = await people.client()
    await add(database_admin, world, 5)
    last = await head(database_admin, world)
    async with database_admin.transaction():
        await database_admin.execute("DELETE FROM outbox WHERE tenant_id = $1", world.acme.id)
        await database_admin.execute(
            "UPDATE event_logs SET first_position = last_position + 1 WHERE tenant_id = $1",
            world.acme.id,
        )
    page = (await client.get("/api/v1/stream/poll", params={"after": last - 2})).json()
    assert page["gap"] == {"reason": "pruned", "after": last - 2, "position": last}
    at_the_end = (await client.get("/api/v1/stream/poll", params={"after": last})).json()
    assert at_the_end["gap"] is None
    listener = Listener(client, after=last - 2)
    async with listener:
        # A stream that opens after further events tells them by the gap's position alone.
        await listener.until_gap()
        now = await add(database_admin, world, 2)
        await listener.until(now)
    assert [gap.data["reason"] for gap in listener.tape.gaps] == ["pruned"]
    assert [told.id for told in listener.tape.told] == [last + 1, last + 2]
    assert listener.tape.holes == []


async def test_a_revoked_key_and_a_new_role_end_the_stream(
    runtime: Runtime, world: World, people: People, database_admin: asyncpg.Connection
) -> None:
    tenant = world.globex
    scope = runtime.scope(tenant.context, tenant.actor("admin"), "test-revocation")
    viewer = await people.listener("viewer", "globex")
    recruiter = await people.listener("recruiter", "globex")
    untouched = await people.listener("admin", "globex")
    await scope.execute(RevokeApiKey(api_key_id=tenant.members["viewer"].api_key_id))
    await viewer.ended()
    assert viewer.tape.farewells == ["revoked"]
    await database_admin.execute(
        "UPDATE members SET role = 'interviewer' WHERE id = $1",
        tenant.members["recruiter"].member_id,
    )
    await database_admin.execute("SELECT pg_notify('identity_changed', '')")
    await recruiter.ended()
    assert recruiter.tape.farewells == ["access_changed"]
    await untouched.until(await add(database_admin, world, 1, "globex"))
    again = Listener(await people.client("viewer", "globex"))
    await again.listen()
    assert again.status == 401


async def test_too_many_streams_are_refused(settings: Settings, world: World) -> None:
    small = Server(
        settings, INTELLIMATCH_STREAMS_PER_MEMBER="2", INTELLIMATCH_STREAMS_PER_TENANT="3"
    )
    await small.start()
    try:
        async with AsyncExitStack() as opened:
            people = People(small, world, opened)
            first = await people.listener()
            await people.listener()
            third = await (await people.client()).get("/api/v1/stream")
            assert (third.status_code, third.json()["code"]) == (429, "too_many_streams")
            assert int(third.headers["retry-after"]) > 0
            await people.listener("viewer")
            fourth = await (await people.client("recruiter")).get("/api/v1/stream")
            assert fourth.status_code == 429
            await first.stop()
            await people.let_in()
    finally:
        small.kill()


def test_a_hole_and_a_double_would_be_noticed() -> None:
    """Planted: what the checker of the tests above must find."""
    for ids in ((1, 3), (1, 1), (2, 1)):
        tape = Tape()
        for place in ids:
            tape.note(Message("job.edited", place, {}))
        assert len(tape.holes) == 1


def test_each_event_has_an_audience(runtime: Runtime, examined: Examined) -> None:
    def below(kind: type[Event]) -> list[type[Event]]:
        return [kind, *(deep for each in kind.__subclasses__() for deep in below(each))]

    events = [
        kind
        for kind in below(Event)
        if "type" in vars(kind) and kind.__module__.startswith("core.")
    ]
    assert {kind.type for kind in events} == set(AUDIENCES)
    # Some are named after what was done to their aggregate: `activity.viewed` of an application.
    assert {kind.aggregate for kind in events} <= TOPICS
    fields = {field for kind in events for field in kind.__struct_fields__}
    assert fields >= SHOWN_FIELDS
    examined("events", len(events))


async def test_a_view_is_shared_by_those_who_see_the_same(runtime: Runtime, world: World) -> None:
    tenant = world.acme
    views = {
        role: View.of(tenant.context, tenant.actor(role), frozenset()) for role in tenant.members
    }
    assert views["recruiter"] != views["viewer"]  # bulk actions and imports
    assert (
        len({View.of(tenant.context, tenant.actor("viewer"), frozenset()) for _ in range(9)}) == 1
    )
    assert views["interviewer"].member_id == tenant.members["interviewer"].member_id
    log = EventLog(runtime.database.reader(tenant.id))
    assert (await log.bounds()).first >= 1
