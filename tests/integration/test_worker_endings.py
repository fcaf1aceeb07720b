"""Workers that are told to stop, and attempts that go on for too long: nothing is lost or doubled.

Real processes; judged by a checker that reads PostgreSQL and nothing else.
"""

import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from uuid import uuid4

import asyncpg
import pytest
import pytest_asyncio

from tenants.settings import Settings
from tests.fixtures.databases import TestDatabase
from tests.fixtures.effects import make_effects_table, promise_tasks, want_effects
from tests.fixtures.examined import Examined
from tests.fixtures.workers_run import Workers, check, running_workers, settled, until
from tests.fixtures.worlds import World

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

AT_ONCE = 8
"""What one worker runs of the queue `default` beside each other."""


@pytest_asyncio.fixture(scope="module", loop_scope="session", autouse=True)
async def effects_table(database: TestDatabase) -> None:
    await make_effects_table(database.admin_url)


@pytest_asyncio.fixture(loop_scope="session")
async def admin(database: TestDatabase) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(database.admin_url)
    await connection.execute("TRUNCATE effects; DELETE FROM tasks")
    yield connection
    await connection.close()


@pytest.fixture
def workers(settings: Settings, database: TestDatabase, tmp_path: Path) -> Iterator[Workers]:
    with running_workers(settings, database, tmp_path) as started:
        yield started


def begun(kind: str, number: int) -> str:
    return f"SELECT count(*) = {number} FROM tasks WHERE kind = '{kind}' AND attempts > 0"


async def test_what_runs_at_a_sigterm_finishes_and_the_rest_waits_for_the_next_worker(
    workers: Workers, world: World, admin: asyncpg.Connection, examined: Examined
) -> None:
    first = workers.start(supervised=True)
    await first.started()
    await promise_tasks(admin, world.acme.id, "take_a_while", range(AT_ONCE * 3))
    await until(admin, begun("take_a_while", AT_ONCE))
    assert first.stop() == 0
    found = await check(admin, "take_a_while")
    assert (found.wanted - found.missing, found.open) == (AT_ONCE, AT_ONCE * 2)
    attempts = await admin.fetchval("SELECT sum(attempts) FROM tasks")
    assert attempts == AT_ONCE, "an attempt was begun that nobody made"
    second = workers.start()
    await second.started()
    found = await settled(admin, "take_a_while", AT_ONCE * 3)
    assert (found.missing, found.double, found.given_up) == (0, 0, 0)
    examined("effects", found.wanted)


async def test_what_does_not_finish_in_time_is_given_back_uncounted(
    workers: Workers, world: World, admin: asyncpg.Connection, examined: Examined
) -> None:
    worker = workers.start(
        supervised=True, INTELLIMATCH_SHUTDOWN_GRACE_SECONDS="1", WORKER_TEST_LEASE="60"
    )
    await worker.started()
    await promise_tasks(admin, world.acme.id, "hang_once", range(1))
    await until(admin, begun("hang_once", 1))
    told_at = time.monotonic()
    assert worker.stop() == 0
    took = time.monotonic() - told_at
    assert took < 30
    row = await admin.fetchrow("SELECT attempts, lease_until, finished_at FROM tasks")
    assert row is not None
    assert tuple(row) == (0, None, None)
    examined("seconds to the end", round(took + 0.5))


async def test_a_delivery_that_fails_takes_none_of_those_with_it_that_share_its_transaction(
    workers: Workers, world: World, admin: asyncpg.Connection, examined: Examined
) -> None:
    worker = workers.start()
    await worker.started()
    groups = [uuid4() for _ in range(4)]
    for group in groups[:2]:
        await want_effects(admin, world.acme.id, group, range(40))
    await want_effects(admin, world.acme.id, groups[2], range(1), "fail")
    await want_effects(admin, world.globex.id, groups[3], range(40))
    failed = "subscriber = 'effects.add' AND last_error IS NOT NULL"
    await until(admin, f"SELECT count(*) = 1 FROM tasks WHERE {failed}")
    await until(admin, "SELECT count(*) = 241 FROM tasks WHERE finished_at IS NOT NULL")
    found = await check(admin, "effects.add")
    assert (found.wanted, found.missing, found.double, found.open) == (121, 1, 0, 1)
    in_order = await check(admin, "effects.add_in_order")
    assert (in_order.missing, in_order.double, in_order.out_of_order) == (0, 0, 0)
    assert worker.says("deliveries_parted") >= 1
    strangers = await admin.fetchval(
        "SELECT count(*) FROM effects e JOIN outbox o ON o.id = e.cause "
        "WHERE o.tenant_id <> e.tenant_id OR e.request_id <> 'test-request'"
    )
    assert strangers == 0
    examined("deliveries", found.wanted + in_order.wanted)


async def test_an_attempt_that_awaits_too_long_is_ended_and_its_worker_goes_on(
    workers: Workers, world: World, admin: asyncpg.Connection, examined: Examined
) -> None:
    worker = workers.start()
    await worker.started()
    await promise_tasks(admin, world.acme.id, "wait_too_long", range(1))
    await promise_tasks(admin, world.acme.id, "add_effect", range(20))
    await until(admin, "SELECT last_error IS NOT NULL FROM tasks WHERE kind = 'wait_too_long'")
    found = await settled(admin, "add_effect", 20)
    assert (found.missing, found.double) == (0, 0)
    row = await admin.fetchrow("SELECT attempts, last_error FROM tasks ORDER BY kind DESC LIMIT 1")
    assert row is not None
    assert tuple(row) == (1, "TookTooLong: it was ended after 1 seconds")
    assert worker.says("worker_started") == 1
    examined("good tasks", found.wanted)
