"""Plugins' scheduled tasks: each time once for each tenant that enabled it, whoever has a clock."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import pytest
import pytest_asyncio

from core.installations.contracts import DisablePlugin
from plugins.sdk import ScheduledTask
from tenants.due_work import DueWork
from tenants.plugins.scheduled import schedules_of
from tenants.runtime import Runtime
from tenants.settings import Settings
from tenants.tasks import TaskRunner
from tests.fixtures.databases import TestDatabase
from tests.fixtures.examined import Examined
from tests.fixtures.plugins import catalogue_of, enable, made_plugin, manifest_of, runtime_with
from tests.fixtures.worlds import World
from workers.scheduling import Scheduler

TICKS: list[tuple[str, str]] = []
"""Tenant and call id of each call."""


async def tick(context: Any) -> None:
    TICKS.append((context.tenant.slug, context.call_id))
    await context.store.put("last", len(TICKS))


async def fails_once(context: Any) -> None:
    TICKS.append((context.tenant.slug, context.call_id))
    if len(TICKS) == 1:
        raise ValueError("planted")


PROBE = made_plugin(
    manifest_of("probe"),
    scheduled_tasks=[
        ScheduledTask(name="tick", cron="0 * * * *", run=tick, missed="catch_up"),
        ScheduledTask(name="stumble", cron="30 4 * * *", run=fails_once),
    ],
)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def plugged(
    settings: Settings, database: TestDatabase, world: World
) -> AsyncIterator[Runtime]:
    async with runtime_with(settings, database, catalogue_of(PROBE)) as runtime:
        await enable(runtime, world.acme, "probe")
        yield runtime


@pytest.fixture
async def admin(database: TestDatabase) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(database.admin_url)
    await connection.execute("DELETE FROM schedule_firings; DELETE FROM tasks")
    TICKS.clear()
    yield connection
    await connection.close()


class Clocks:
    """Two processes' schedulers and one worker."""

    def __init__(self, runtime: Runtime, database: TestDatabase) -> None:
        schedules = schedules_of(runtime.catalogue)
        self._both = [Scheduler(database.relay_url, lambda: schedules) for _ in range(2)]
        self._work = DueWork(TaskRunner(runtime, runtime.plugins.subscribers), database.relay_url)

    async def look(self) -> None:
        """Both look at the clock at once; then what they promised is done."""
        await asyncio.gather(*(each.run_due() for each in self._both))
        await self._work.run_due()


async def set_back(admin: asyncpg.Connection, name: str, hours: int) -> None:
    """Let the task have been due first `hours` full hours ago."""
    first = datetime.now(UTC).replace(minute=0, second=0, microsecond=0) - timedelta(hours=hours)
    await admin.execute(
        "UPDATE schedules SET next_at = $2 WHERE name = $1", f"plugin:probe:{name}", first
    )


async def test_each_time_fires_once_for_each_tenant_that_enabled_it(
    plugged: Runtime,
    world: World,
    database: TestDatabase,
    admin: asyncpg.Connection,
    examined: Examined,
) -> None:
    clocks = Clocks(plugged, database)
    await clocks.look()
    assert TICKS == []
    placed = await admin.fetch("SELECT tenant_id FROM schedules WHERE name = 'plugin:probe:tick'")
    assert [row["tenant_id"] for row in placed] == [world.acme.id]
    await set_back(admin, "tick", 30)
    for _ in range(3):
        await clocks.look()
    assert len(TICKS) == len(set(TICKS)) == 31
    assert {slug for slug, _ in TICKS} == {"acme"}
    examined("times of a plugin's task", len(TICKS))


async def test_two_tenants_have_their_own_times(
    plugged: Runtime, world: World, database: TestDatabase, admin: asyncpg.Connection
) -> None:
    await enable(plugged, world.globex, "probe")
    clocks = Clocks(plugged, database)
    await clocks.look()
    await set_back(admin, "tick", 0)
    await clocks.look()
    assert sorted(slug for slug, _ in TICKS) == ["acme", "globex"]
    scope = plugged.scope(world.globex.context, world.globex.actor("admin"), "off")
    await scope.execute(DisablePlugin(plugin_id="probe"))
    plugged.plugins.enabled.forget(world.globex.id)
    TICKS.clear()
    await admin.execute("DELETE FROM schedule_firings")
    await clocks.look()
    await set_back(admin, "tick", 0)
    await clocks.look()
    assert {slug for slug, _ in TICKS} == {"acme"}


async def test_what_fails_is_tried_again_as_the_same_call(
    plugged: Runtime, world: World, database: TestDatabase, admin: asyncpg.Connection
) -> None:
    clocks = Clocks(plugged, database)
    await clocks.look()
    await admin.execute(
        "UPDATE schedules SET next_at = now() - interval '1 day' "
        "WHERE name = 'plugin:probe:stumble' AND tenant_id = $1",
        world.acme.id,
    )
    await clocks.look()
    assert len(TICKS) == 1
    await admin.execute("UPDATE tasks SET run_at = now() WHERE finished_at IS NULL")
    await clocks.look()
    assert len(TICKS) == 2
    assert len(set(TICKS)) == 1
