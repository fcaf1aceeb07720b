"""Schedules fire each time once for each tenant, whoever watches the clock."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import asyncpg
import pytest

from core.shared.schedules import SCHEDULES, Missed, Schedule
from plugins.postgres.schedules import Decision, Due, ScheduleCalls
from tests.fixtures.databases import TestDatabase
from tests.fixtures.examined import Examined
from tests.fixtures.worlds import World
from workers import scheduling
from workers.scheduling import Scheduler


@pytest.fixture
async def admin(database: TestDatabase) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(database.admin_url)
    yield connection
    await connection.close()


def hourly(name: str, missed: Missed = "catch_up", plugin_id: str | None = None) -> Schedule:
    return Schedule(
        name=name,
        task="scheduled_in_a_test",
        cron="0 * * * *",
        missed=missed,
        queue="nobody_works_here",
        payload={"a": 1},
        tells_time=True,
        plugin_id=plugin_id,
    )


async def set_back(admin: asyncpg.Connection, name: str, hours: int) -> None:
    """Let the schedule have been due first `hours` full hours ago."""
    first = datetime.now(UTC).replace(minute=0, second=0, microsecond=0) - timedelta(hours=hours)
    await admin.execute("UPDATE schedules SET next_at = $2 WHERE name = $1", name, first)


async def fired(admin: asyncpg.Connection, name: str) -> list[asyncpg.Record]:
    return list(
        await admin.fetch(
            "SELECT f.tenant_id, f.fire_at, t.payload, t.queue FROM schedule_firings f "
            "JOIN tasks t ON t.tenant_id = f.tenant_id AND t.id = f.task_id WHERE f.schedule = $1",
            name,
        )
    )


async def tasks_of(admin: asyncpg.Connection, name: str) -> int:
    return int(
        await admin.fetchval("SELECT count(*) FROM tasks WHERE request_id = $1", f"schedule {name}")
    )


async def test_many_schedulers_fire_each_time_once(
    database: TestDatabase, world: World, admin: asyncpg.Connection, examined: Examined
) -> None:
    name = "storm"
    schedules = {name: hourly(name)}
    crowd = [Scheduler(database.relay_url, lambda: schedules) for _ in range(8)]
    await asyncio.gather(*(each.run_due() for each in crowd))
    assert not await fired(admin, name)
    await set_back(admin, name, 250)
    for _ in range(4):
        await asyncio.gather(*(each.run_due() for each in crowd))
    rows = await fired(admin, name)
    examined("firings of one schedule", len(rows))
    assert len(rows) == 251 * 2
    assert len({(row["tenant_id"], row["fire_at"]) for row in rows}) == len(rows)
    assert await tasks_of(admin, name) == len(rows)
    assert all(row["queue"] == "nobody_works_here" for row in rows)


async def test_a_time_that_two_decide_on_is_fired_by_one(
    database: TestDatabase, world: World, admin: asyncpg.Connection
) -> None:
    """The planted defect: nobody advances, so every scheduler finds the same times due again."""
    name = "stuck"
    schedules = {name: hourly(name)}
    scheduler = Scheduler(database.relay_url, lambda: schedules)
    await scheduler.run_due()
    await set_back(admin, name, 5)
    calls = await ScheduleCalls.open(database.relay_url)

    def stuck(due: Due) -> Decision:
        return Decision(scheduling.decide(schedules[name], due).firings, due.next_at)

    for _ in range(3):
        await calls.fire([name], stuck)
    await calls.close()
    assert len(await fired(admin, name)) == 6 * 2
    assert await tasks_of(admin, name) == 6 * 2


async def test_missed_times_are_caught_up_once_or_skipped(
    database: TestDatabase, world: World, admin: asyncpg.Connection
) -> None:
    kinds: tuple[tuple[Missed, int], ...] = (("catch_up", 4), ("once", 1), ("skip", 0))
    schedules = {f"missed-{missed}": hourly(f"missed-{missed}", missed) for missed, _ in kinds}
    scheduler = Scheduler(database.relay_url, lambda: schedules)
    await scheduler.run_due()
    for name in schedules:
        await set_back(admin, name, 3)
        # Three hours ago and a half: none of the times is of this very minute.
        await admin.execute(
            "UPDATE schedules SET definition = '30 * * * * UTC', "
            "next_at = date_trunc('hour', now()) - interval '3 hours 30 minutes' WHERE name = $1",
            name,
        )
    calls = await ScheduleCalls.open(database.relay_url)
    await calls.fire(list(schedules), lambda due: scheduling.decide(schedules[due.name], due))
    await calls.close()
    for missed, amount in kinds:
        rows = await fired(admin, f"missed-{missed}")
        per_tenant = len(rows) // 2
        assert per_tenant in {amount, amount + (missed == "catch_up")}, (missed, len(rows))
    behind = await admin.fetchval(
        "SELECT count(*) FROM schedules WHERE name LIKE 'missed-%' AND next_at <= now()"
    )
    assert behind == 0


async def test_another_expression_or_zone_begins_anew(
    database: TestDatabase, world: World, admin: asyncpg.Connection
) -> None:
    name = "changing"
    daily = Schedule(name=name, task="x", cron="0 6 * * *", zone="tenant")
    await Scheduler(database.relay_url, lambda: {name: daily}).run_due()
    before = {row["tenant_id"]: row for row in await admin.fetch(_STATE, name)}
    later = Schedule(name=name, task="x", cron="0 7 * * *", zone="tenant")
    await Scheduler(database.relay_url, lambda: {name: later}).run_due()
    for row in await admin.fetch(_STATE, name):
        assert row["next_at"] != before[row["tenant_id"]]["next_at"]
        zone = await admin.fetchval("SELECT time_zone FROM tenants WHERE id = $1", row["tenant_id"])
        assert row["definition"] == f"0 7 * * * {zone}"


_STATE = "SELECT tenant_id, definition, next_at FROM schedules WHERE name = $1"


async def test_a_plugins_schedule_is_for_tenants_that_enabled_it(
    database: TestDatabase, world: World, admin: asyncpg.Connection
) -> None:
    name = "plugin:mailbox:tidy"
    schedules = {name: hourly(name, plugin_id="mailbox")}
    scheduler = Scheduler(database.relay_url, lambda: schedules)
    await scheduler.run_due()
    assert not await admin.fetch(_STATE, name)
    await admin.execute(
        "INSERT INTO plugin_installations (tenant_id, id, plugin_id, decision, accepted, settings, "
        "settings_version, created_at, updated_at, version) "
        "VALUES ($1, gen_random_uuid(), 'mailbox', 'enabled', '{}', '{}', 1, now(), now(), 1)",
        world.acme.id,
    )
    await scheduler.run_due()
    assert [row["tenant_id"] for row in await admin.fetch(_STATE, name)] == [world.acme.id]
    await admin.execute("UPDATE plugin_installations SET decision = 'disabled'")
    await scheduler.run_due()
    assert not await admin.fetch(_STATE, name), "what was off would be caught up with"


async def test_the_products_own_schedules_are_placed_for_every_tenant(
    database: TestDatabase, world: World, admin: asyncpg.Connection
) -> None:
    await Scheduler(database.relay_url, lambda: SCHEDULES).run_due()
    assert {"housekeeping", "sweep_files"} <= SCHEDULES.keys()
    for name in SCHEDULES:
        assert len(await admin.fetch(_STATE, name)) == 2
