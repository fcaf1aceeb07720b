"""The event log: every committed event has one place in it, whatever ran at the same time."""

import asyncio
import random
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime, timedelta
from uuid import UUID

import asyncpg
import pytest

from core.shared.ids import TenantId
from plugins.postgres.sequencing import Sequencing
from plugins.system.ids import RandomIds
from tenants.runtime import Runtime
from tests.fixtures.databases import TestDatabase
from tests.fixtures.examined import Examined
from tests.fixtures.hiring import Hiring
from tests.fixtures.worlds import World
from workers.relay import Sequencer

INSERT = """
    INSERT INTO outbox (tenant_id, id, type, version, aggregate, aggregate_id, payload,
                        occurred_at, request_id)
    VALUES ($1, $2, 'job.edited', 1, 'job', $2, '{}', $3, 'test')
"""
KEEP = timedelta(hours=1)
WAIT = 30.0


@asynccontextmanager
async def sequencing(database: TestDatabase) -> AsyncIterator[Sequencing]:
    opened = await Sequencing.open(database.relay_url, lambda: None, lambda: None)
    yield opened
    await opened.close()


@asynccontextmanager
async def sequencer(
    database: TestDatabase, poll_seconds: float = 300.0
) -> AsyncIterator[Sequencer]:
    made = Sequencer(database.relay_url, retention=KEEP, poll_seconds=poll_seconds)
    running = asyncio.create_task(made.run())
    yield made
    made.stop()
    await asyncio.wait_for(running, WAIT)


@pytest.fixture
async def admin(database: TestDatabase) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(database.admin_url)
    yield connection
    await connection.close()


async def add(connection: asyncpg.Connection, tenant: TenantId, event: UUID | None = None) -> UUID:
    event = event or RandomIds().new()
    await connection.execute(INSERT, tenant, event, datetime.now(UTC))
    return event


async def positions(connection: asyncpg.Connection, tenant: TenantId) -> list[int | None]:
    rows = await connection.fetch(
        "SELECT position FROM outbox WHERE tenant_id = $1 ORDER BY position", tenant
    )
    return [row[0] for row in rows]


async def settled(connection: asyncpg.Connection) -> None:
    ends = time.monotonic() + WAIT
    while await connection.fetchval("SELECT count(*) FROM outbox WHERE position IS NULL"):
        assert time.monotonic() < ends, "events wait for their positions"
        await asyncio.sleep(0.02)


async def test_a_commit_wakes_the_sequencer(
    runtime: Runtime, world: World, database: TestDatabase, admin: asyncpg.Connection
) -> None:
    heard: asyncio.Queue[str] = asyncio.Queue()
    await admin.add_listener("events_ready", lambda *args: heard.put_nowait(args[3]))
    async with sequencer(database):
        await settled(admin)
        await asyncio.sleep(0.2)
        while not heard.empty():
            heard.get_nowait()
        await Hiring(runtime, world).open_job()
        assert await asyncio.wait_for(heard.get(), WAIT) == str(world.acme.id)
        await settled(admin)


async def test_two_sequencers_give_each_committed_event_one_place(
    world: World, database: TestDatabase, admin: asyncpg.Connection, examined: Examined
) -> None:
    committed = 0

    async def write(seed: int) -> int:
        chance = random.Random(seed)
        connection = await asyncpg.connect(database.admin_url)
        done = 0
        try:
            for _ in range(60):
                tenant = chance.choice((world.acme, world.globex)).id
                transaction = connection.transaction()
                await transaction.start()
                amount = chance.randint(1, 3)
                for _ in range(amount):
                    await add(connection, tenant)
                await connection.execute("SELECT pg_notify('outbox_written', '')")
                await asyncio.sleep(chance.random() * 0.02)
                if chance.random() < 0.3:
                    await transaction.rollback()
                else:
                    await transaction.commit()
                    done += amount
        finally:
            await connection.close()
        return done

    before = await admin.fetchval("SELECT count(*) FROM outbox")
    async with sequencer(database), sequencer(database), sequencing(database) as third:
        writers = asyncio.gather(*(write(seed) for seed in range(8)))
        while not writers.done():
            with suppress(TimeoutError):
                await asyncio.wait_for(asyncio.shield(writers), 0.01)
            await third.sequence(2)
        committed = sum(writers.result())
        await settled(admin)
    assert await admin.fetchval("SELECT count(*) FROM outbox") - before == committed
    for tenant in (world.acme, world.globex):
        found = await positions(admin, tenant.id)
        assert found == list(range(1, len(found) + 1))
        last = await admin.fetchval(
            "SELECT last_position FROM event_logs WHERE tenant_id = $1", tenant.id
        )
        assert last == len(found)
    examined("events", committed)


@pytest.mark.parametrize("naive", [False, True])
async def test_an_event_that_commits_late_is_not_missed(
    world: World, database: TestDatabase, admin: asyncpg.Connection, *, naive: bool
) -> None:
    """Planted: who asks for "id > last seen" misses the row whose transaction took longer."""
    tenant = world.acme.id
    slow = await asyncpg.connect(database.admin_url)
    async with sequencing(database) as relay:
        await relay.sequence()
        transaction = slow.transaction()
        await transaction.start()
        early = await add(slow, tenant)
        late = await add(admin, tenant)
        assert early < late
        seen = await admin.fetchval("SELECT max(id::text) FROM outbox WHERE tenant_id = $1", tenant)
        await relay.sequence()
        await transaction.commit()
        await slow.close()
        if naive:
            found = await admin.fetch(
                "SELECT id FROM outbox WHERE tenant_id = $1 AND id > $2", tenant, UUID(seen)
            )
            assert [row[0] for row in found] == []
        await relay.sequence()
        place = "SELECT position FROM outbox WHERE tenant_id = $1 AND id = $2"
        first = await admin.fetchval(place, tenant, late)
        assert await admin.fetchval(place, tenant, early) == first + 1


async def test_a_lost_notice_is_made_up_for(
    world: World, database: TestDatabase, admin: asyncpg.Connection
) -> None:
    async with sequencer(database, poll_seconds=0.2):
        await settled(admin)
        await asyncio.sleep(0.1)
        await add(admin, world.acme.id)
        await settled(admin)


async def test_a_sequencer_whose_line_is_cut_goes_on(
    world: World, database: TestDatabase, admin: asyncpg.Connection
) -> None:
    async with sequencer(database, poll_seconds=0.2):
        await add(admin, world.acme.id)
        await settled(admin)
        ended = await admin.fetch(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND application_name = 'intellimatch-sequencer'"
        )
        assert len(ended) == 1
        await add(admin, world.acme.id)
        await settled(admin)


async def test_old_events_are_removed_and_positions_go_on(
    world: World, database: TestDatabase, admin: asyncpg.Connection
) -> None:
    tenant = world.globex.id
    async with sequencing(database) as relay:
        await add(admin, tenant)
        await relay.sequence()
        before = await positions(admin, tenant)
        assert await relay.prune(KEEP) == (0, False)
        await admin.execute(
            "UPDATE outbox SET sequenced_at = now() - interval '2 hours' WHERE tenant_id = $1",
            tenant,
        )
        await add(admin, tenant)
        await relay.sequence()
        assert (await relay.prune(KEEP, len(before)))[0] == 0, "not handed to subscribers yet"
        while (await relay.dispatch(tenant, ()))[1]:
            pass
        assert (await relay.prune(KEEP, len(before)))[0] == len(before)
        assert await positions(admin, tenant) == [len(before) + 1]
        bounds = await admin.fetchrow("SELECT * FROM event_log_bounds_v1($1)", tenant)
        assert tuple(bounds) == (len(before) + 1, len(before) + 1)


async def test_the_application_can_not_give_positions(
    runtime: Runtime, world: World, database: TestDatabase
) -> None:
    connection = await asyncpg.connect(database.app_url)
    try:
        await connection.execute("SELECT set_config('app.tenant', $1, false)", str(world.acme.id))
        for statement in (
            "UPDATE outbox SET position = 1",
            "UPDATE event_logs SET last_position = 0",
            "SELECT sequence_outbox_v1(1)",
        ):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await connection.execute(statement)
    finally:
        await connection.close()
