"""Brokers emptied, workers killed, tasks that kill: each effect exactly once, and nothing lost.

Real processes; judged by a checker that reads PostgreSQL and nothing else.
"""

import asyncio
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
from tests.fixtures.workers_run import Broker, Workers, check, running_workers, settled, until
from tests.fixtures.worlds import World

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

EVENTS = 1_000
WIPES = 5
TASKS = 2_000
GOOD = 500


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


@pytest.fixture
def broker() -> Iterator[Broker]:
    made = Broker()
    made.start()
    yield made
    made.kill()


async def test_a_broker_that_is_emptied_loses_and_doubles_nothing(
    workers: Workers, broker: Broker, world: World, admin: asyncpg.Connection, examined: Examined
) -> None:
    both = [workers.start(INTELLIMATCH_BROKER_URL=broker.url) for _ in range(2)]
    for each in both:
        await each.started()
    groups = [uuid4() for _ in range(20)]
    began = time.monotonic()
    share = EVENTS // WIPES // len(groups)
    for turn in range(WIPES):
        for group in groups:
            await want_effects(admin, world.acme.id, group, range(turn * share, (turn + 1) * share))
        handed_over = turn * len(groups) * share
        await until(
            admin, f"SELECT count(*) > {handed_over} FROM tasks WHERE subscriber = 'effects.add'"
        )
        broker.kill()
        await asyncio.sleep(0.3)
        broker.start()
    plain = await settled(admin, "effects.add", EVENTS, 240)
    in_order = await settled(admin, "effects.add_in_order", EVENTS, 240)
    took = time.monotonic() - began
    assert (plain.missing, plain.double, plain.given_up) == (0, 0, 0)
    assert (in_order.missing, in_order.double, in_order.given_up) == (0, 0, 0)
    assert in_order.out_of_order == 0
    assert took < 240
    examined("effects", plain.wanted + in_order.wanted)


async def test_workers_that_are_killed_lose_and_double_nothing(
    workers: Workers, world: World, admin: asyncpg.Connection, examined: Examined
) -> None:
    all_three = [workers.start(supervised=True) for _ in range(3)]
    for each in all_three:
        await each.started()
    await promise_tasks(admin, world.acme.id, "add_effect", range(TASKS))
    kills = 0
    for turn in range(30):
        await asyncio.sleep(2)
        if not (await check(admin, "add_effect")).open:
            break
        # One that works: to kill those that are starting would hurt nobody.
        turns = (all_three[(turn + offset) % 3] for offset in range(3))
        kills += any(each.kill_child() for each in turns)
    found = await settled(admin, "add_effect", TASKS)
    assert (found.missing, found.double, found.given_up) == (0, 0, 0)
    assert kills >= 3
    examined("effects", found.wanted)
    examined("kills", kills)


@pytest.mark.parametrize("poison", ["kill_worker", "block_loop"])
async def test_a_task_that_ends_its_worker_is_given_up_and_harms_no_other(
    poison: str, workers: Workers, world: World, admin: asyncpg.Connection, examined: Examined
) -> None:
    worker = workers.start(supervised=True)
    await worker.started()
    await promise_tasks(admin, world.acme.id, "add_effect", range(GOOD // 2))
    await promise_tasks(admin, world.globex.id, poison, range(1))
    await promise_tasks(admin, world.acme.id, "add_effect", range(GOOD // 2, GOOD))
    good = await settled(admin, "add_effect", GOOD)
    assert (good.missing, good.double, good.given_up) == (0, 0, 0)
    await settled(admin, poison, 1)
    row = await admin.fetchrow("SELECT * FROM tasks WHERE kind = $1", poison)
    assert row is not None
    assert (row["attempts"], row["dead_reason"]) == (3, "killed")
    assert worker.says("worker_started") >= 3
    examined("good tasks", good.wanted)


async def test_a_dead_workers_task_is_recovered_on_an_idle_queue(
    workers: Workers, world: World, admin: asyncpg.Connection, examined: Examined
) -> None:
    """With the times of production."""
    first = workers.start(WORKER_TEST_LEASE="20")
    await first.started()
    second = workers.start(WORKER_TEST_LEASE="20")
    await promise_tasks(admin, world.acme.id, "hang_once", range(1))
    await until(admin, "SELECT attempts > 0 FROM tasks WHERE kind = 'hang_once'")
    first.kill()
    await second.started()
    killed_at = time.monotonic()
    found = await settled(admin, "hang_once", 1, 180)
    assert (found.missing, found.double, found.given_up) == (0, 0, 0)
    examined("seconds to recovery", round(time.monotonic() - killed_at))


async def test_events_of_an_aggregate_keep_their_order_under_several_workers(
    workers: Workers, world: World, admin: asyncpg.Connection, examined: Examined
) -> None:
    for each in [workers.start() for _ in range(2)]:
        await each.started()
    groups = [uuid4() for _ in range(10)]
    for start in range(0, 20, 5):
        for group in groups:
            await want_effects(admin, world.acme.id, group, range(start, start + 5))
    found = await settled(admin, "effects.add_in_order", 200)
    assert (found.missing, found.double, found.out_of_order) == (0, 0, 0)
    pids = await admin.fetchval("SELECT count(DISTINCT pid) FROM effects")
    assert pids == 2
    examined("effects in order", found.wanted)


@pytest.mark.parametrize(
    ("defect", "finding"),
    [("the inbox isn't checked", "double"), ("order isn't kept", "out_of_order")],
)
async def test_the_checker_finds_a_planted_defect(
    defect: str, finding: str, workers: Workers, world: World, admin: asyncpg.Connection
) -> None:
    worker = workers.start(WORKER_TEST_DEFECT=defect, WORKER_TEST_LEASE="1")
    await worker.started()
    group = uuid4()
    async with asyncio.timeout(120):
        for start in range(0, 2_000, 50):
            await want_effects(admin, world.acme.id, group, range(start, start + 50))
            await asyncio.sleep(0.5)
            found = await check(admin, "effects.add_in_order")
            if getattr(found, finding):
                break
    assert getattr(found, finding) > 0
