"""Events reach their subscribers: once each, in order where asked for, and work for the outside."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest
import pytest_asyncio

from core.ports.tasks import outside
from core.shared.ids import TenantId
from core.shared.reactions import PublishedEvent, Subscription, core_subscriptions, reacts_to
from core.shared.tenant import TenantContext
from plugins.postgres.sequencing import Sequencing
from tenants.due_work import DueWork
from tenants.runtime import Runtime
from tenants.tasks import TaskRunner
from tests.fixtures.databases import TestDatabase
from tests.fixtures.effects import EffectWanted, make_effects_table, promise_tasks, want_effects
from tests.fixtures.examined import Examined
from tests.fixtures.worlds import World


@pytest_asyncio.fixture(scope="module", loop_scope="session", autouse=True)
async def effects_table(database: TestDatabase) -> None:
    await make_effects_table(database.admin_url)


@pytest.fixture
async def admin(database: TestDatabase) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(database.admin_url)
    yield connection
    await connection.close()


@pytest.fixture
def due(runtime: Runtime, database: TestDatabase) -> DueWork:
    return DueWork(TaskRunner(runtime), database.relay_url)


async def effects(admin: asyncpg.Connection, subscriber: str, group: UUID) -> list[int]:
    rows = await admin.fetch(
        "SELECT number FROM effects WHERE subscriber = $1 AND group_id = $2 ORDER BY place",
        subscriber,
        group,
    )
    return [row[0] for row in rows]


async def let_time_pass(admin: asyncpg.Connection) -> None:
    await admin.execute(
        "UPDATE tasks SET run_at = now() - interval '1 h', sent_until = NULL "
        "WHERE finished_at IS NULL AND dead_at IS NULL"
    )


async def test_each_subscriber_is_given_each_event_once(
    due: DueWork, world: World, admin: asyncpg.Connection, examined: Examined
) -> None:
    group = uuid4()
    await want_effects(admin, world.acme.id, group, range(30))
    await want_effects(admin, world.globex.id, group, range(100, 110))
    assert await due.run_due() == 80
    assert await due.run_due() == 0
    expected = [*range(30), *range(100, 110)]
    assert sorted(await effects(admin, "effects.add", group)) == expected
    in_order = await effects(admin, "effects.add_in_order", group)
    assert [number for number in in_order if number < 100] == expected[:30]
    assert [number for number in in_order if number >= 100] == expected[30:]
    strangers = await admin.fetchval(
        "SELECT count(*) FROM effects e JOIN outbox o ON o.id = e.cause "
        "WHERE o.tenant_id <> e.tenant_id OR e.request_id <> 'test-request'"
    )
    assert strangers == 0
    examined("effects", 80)


async def test_a_failure_undoes_the_effect_and_is_tried_again(
    due: DueWork, world: World, admin: asyncpg.Connection
) -> None:
    group = uuid4()
    await want_effects(admin, world.acme.id, group, range(1), "fail")
    for _ in range(4):
        await due.run_due()
        await let_time_pass(admin)
    row = await admin.fetchrow(
        "SELECT * FROM tasks WHERE ordering_key IS NULL AND payload->'event'->>'aggregate_id' = $1",
        str(group),
    )
    assert row is not None
    assert (row["attempts"], row["dead_reason"]) == (3, "failed")
    assert row["last_error"] == "RuntimeError: it was asked to fail"
    assert (row["kind"], row["subscriber"]) == ("effect.wanted", "effects.add")
    assert await effects(admin, "effects.add", group) == []
    assert await effects(admin, "effects.add_in_order", group) == [0]


async def test_what_was_given_up_holds_back_only_its_own_key_until_it_is_dropped(
    due: DueWork, world: World, admin: asyncpg.Connection
) -> None:
    stuck, free = uuid4(), uuid4()
    await want_effects(admin, world.acme.id, stuck, range(1))
    await want_effects(admin, world.acme.id, stuck, range(1, 2), "fail in order")
    await want_effects(admin, world.acme.id, stuck, range(2, 4))
    await want_effects(admin, world.acme.id, free, range(4))
    for _ in range(4):
        await due.run_due()
        await let_time_pass(admin)
    assert await effects(admin, "effects.add_in_order", stuck) == [0]
    assert await effects(admin, "effects.add_in_order", free) == [0, 1, 2, 3]
    await admin.execute(
        "UPDATE tasks SET finished_at = now(), dead_reason = 'dropped' WHERE dead_at IS NOT NULL "
        "AND ordering_key = $1",
        f"effect:{stuck}",
    )
    await let_time_pass(admin)
    await due.run_due()
    assert await effects(admin, "effects.add_in_order", stuck) == [0, 2, 3]


async def test_pruning_never_passes_what_was_handed_over(
    due: DueWork, world: World, admin: asyncpg.Connection, database: TestDatabase
) -> None:
    group = uuid4()
    kept = "SELECT count(*) FROM outbox WHERE aggregate_id = $1"
    await due.run_due()
    await want_effects(admin, world.acme.id, group, range(5))
    sequencing = await Sequencing.open(database.relay_url, lambda: None, lambda: None)
    try:
        await sequencing.sequence()
        await admin.execute("UPDATE outbox SET sequenced_at = now() - interval '9 days'")
        while (await sequencing.prune(timedelta(days=1)))[1]:
            pass
        assert await admin.fetchval(kept, group) == 5
        await sequencing.dispatch(world.acme.id, core_subscriptions())
        await sequencing.prune(timedelta(days=1))
        assert await admin.fetchval(kept, group) == 0
    finally:
        await sequencing.close()
    await due.run_due()
    assert sorted(await effects(admin, "effects.add", group)) == [0, 1, 2, 3, 4]


async def test_outside_work_goes_through_its_three_steps(
    due: DueWork, world: World, admin: asyncpg.Connection
) -> None:
    await promise_tasks(admin, world.acme.id, "post_letter", range(12, 14))
    await promise_tasks(admin, world.acme.id, "post_letter", range(-1, 0))
    await due.run_due()
    await let_time_pass(admin)
    await due.run_due()
    rows = await admin.fetch(
        "SELECT e.number, string_agg(e.subscriber, ' ' ORDER BY e.place) AS steps, "
        "bool_and(t.finished_at IS NOT NULL) AS done, max(t.attempts) AS attempts "
        "FROM effects e JOIN tasks t ON t.id = e.cause WHERE t.kind = 'post_letter' GROUP BY 1"
    )
    assert {row["number"]: (row["steps"], row["done"], row["attempts"]) for row in rows} == {
        -1: ("prepare", True, 1),
        12: ("prepare conclude", True, 1),
        13: ("prepare prepare conclude", True, 2),
    }


class Plugins:
    """What the plugin host is to the runner."""

    PREFIX = "plugin:"

    def __init__(self, tenant: TenantId) -> None:
        self.tenant = tenant
        self.given: list[tuple[str, str, PublishedEvent]] = []
        self.is_broken = True

    async def subscriptions(self, tenant_id: TenantId) -> list[Subscription]:
        if tenant_id != self.tenant:
            return []
        return [Subscription(subscriber="plugin:p:hear", event_types=("effect.wanted",))]

    def limit_seconds(self, subscriber: str) -> float:
        return 5 if subscriber else 0

    async def deliver(self, tenant: TenantContext, subscriber: str, event: PublishedEvent) -> None:
        if self.is_broken:
            self.is_broken = False
            raise RuntimeError("the plugin is broken")
        self.given.append((tenant.slug, subscriber, event))


async def test_subscribers_outside_of_the_core_hear_what_their_tenant_asked_for(
    runtime: Runtime, world: World, admin: asyncpg.Connection, database: TestDatabase
) -> None:
    group = uuid4()
    plugins = Plugins(world.globex.id)
    due = DueWork(TaskRunner(runtime, plugins), database.relay_url, at_once=1)
    await due.run_due()
    for tenant in (world.acme, world.globex):
        await want_effects(admin, tenant.id, group, range(2))
    await due.run_due()
    await let_time_pass(admin)
    await due.run_due()
    assert [(slug, name) for slug, name, _ in plugins.given] == [("globex", "plugin:p:hear")] * 2
    heard = [event for *_, event in plugins.given]
    assert {event.fields["number"] for event in heard} == {0, 1}
    assert {event.aggregate_id for event in heard} == {group}
    assert sorted(event.delivery.attempt for event in heard) == [1, 2]
    assert len({event.delivery.event_id for event in heard}) == 2


async def nothing(event: EffectWanted) -> None: ...


def test_names_are_taken_once_and_say_what_is_missing() -> None:
    with pytest.raises(ValueError, match="exists twice"):
        reacts_to(EffectWanted, name="effects.add")(nothing)
    with pytest.raises(ValueError, match="names no event"):
        reacts_to(name="effects.none")(nothing)
    with pytest.raises(ValueError, match="two things"):
        outside("post_letter")(_Whole)
    with pytest.raises(TypeError, match="no async method conclude"):
        outside("another")(_Half)


class _Half:
    async def prepare(self, work: dict[str, Any]) -> None: ...
    async def perform(self, prepared: None) -> None: ...


class _Whole(_Half):
    async def conclude(self, prepared: None, outcome: None) -> None: ...
