"""Work that is promised for one moment: done then and once, or taken back before."""

from datetime import datetime, timedelta
from uuid import uuid4

import asyncpg
import pytest

from core.ports.tasks import TaskId
from core.shared.clock import UtcDatetime
from plugins.postgres.tasks import PostgresTasks
from plugins.system.ids import RandomIds
from tenants.due_work import DueWork
from tenants.runtime import Runtime
from tenants.tasks import TaskRunner
from tests.fixtures import effects
from tests.fixtures.databases import TestDatabase
from tests.fixtures.worlds import World, WorldTenant

KIND = "take_a_while"


async def promise(
    runtime: Runtime, tenant: WorldTenant, key: str, *, hours: float
) -> TaskId | None:
    async with runtime.database.unit(tenant.id) as unit:
        now: datetime = runtime.clock.now()
        return await PostgresTasks(unit, RandomIds(), "test").schedule(
            KIND, {"number": 1}, run_at=UtcDatetime(now + timedelta(hours=hours)), unique_key=key
        )


async def cancel(runtime: Runtime, tenant: WorldTenant, key: str) -> bool:
    async with runtime.database.unit(tenant.id) as unit:
        return await PostgresTasks(unit, RandomIds(), "test").cancel(key)


async def leased(database: TestDatabase, key: str) -> None:
    """As a worker leaves it that is at work."""
    connection = await asyncpg.connect(database.admin_url)
    await connection.execute(
        "UPDATE tasks SET lease_until = now() + interval '1 minute' WHERE unique_key = $1", key
    )
    await connection.close()


@pytest.fixture
def key() -> str:
    return f"reminder:{uuid4()}"


async def test_a_promise_is_taken_back_by_its_own_tenant_until_somebody_is_at_it(
    runtime: Runtime, world: World, database: TestDatabase, key: str
) -> None:
    assert effects.TABLE
    assert not await cancel(runtime, world.acme, key)
    assert await promise(runtime, world.acme, key, hours=24) is not None
    assert await promise(runtime, world.acme, key, hours=24) is None, "promised once"
    assert await promise(runtime, world.globex, key, hours=24) is not None
    assert not await cancel(runtime, world.globex, f"{key}-other")
    assert await cancel(runtime, world.acme, key)
    assert not await cancel(runtime, world.acme, key)
    assert await promise(runtime, world.acme, key, hours=25) is not None, "put off"
    await leased(database, key)
    assert not await cancel(runtime, world.acme, key)


async def test_what_was_taken_back_is_not_done_and_the_rest_waits_for_its_time(
    runtime: Runtime, world: World, database: TestDatabase, key: str
) -> None:
    worker = DueWork(TaskRunner(runtime), database.relay_url)
    await promise(runtime, world.acme, key, hours=-1)
    assert await cancel(runtime, world.acme, key)
    await promise(runtime, world.acme, f"{key}-later", hours=1)
    assert await worker.run_due() == 0
    assert await cancel(runtime, world.acme, f"{key}-later")
