"""What happens in a rush is told together: the same to everybody as one by one, and once."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import Any, Final
from uuid import UUID

import asyncpg
import msgspec
import pytest
import pytest_asyncio

from core.applications.contracts import AssignApplication
from core.candidates.contracts import AddNote, DeleteNote
from core.notifications import telling
from core.notifications.contracts import ListNotifications
from core.notifications.notices import notices_of
from core.shared.actor import Role
from core.shared.events import Event
from plugins.postgres.task_claims import Claim
from tenants.attempts import make_attempt, make_together
from tenants.due_work import DueWork
from tenants.runtime import Runtime
from tenants.settings import Settings
from tenants.tasks import TaskRunner
from tests.fixtures.databases import TestDatabase
from tests.fixtures.examined import Examined
from tests.fixtures.hiring import Hiring
from tests.fixtures.rushes import a_rush, begun
from tests.fixtures.worlds import World
from workers.attempts import Attempts
from workers.watchdog import Watchdog

ROLES: Final[tuple[Role, ...]] = ("admin", "recruiter", "interviewer", "viewer")


@pytest_asyncio.fixture(autouse=True)
async def admin(database: TestDatabase) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(database.admin_url)
    for table in ("notifications", "notification_preferences", "notification_defaults"):
        await connection.execute(f"DELETE FROM {table}")
    yield connection
    await connection.close()


@pytest.fixture
def runner(runtime: Runtime) -> TaskRunner:
    return TaskRunner(runtime)


@pytest_asyncio.fixture
async def hasty(settings: Settings) -> AsyncIterator[Runtime]:
    """One that doesn't wait for locks."""
    opened = await Runtime.open(msgspec.structs.replace(settings, lock_timeout_ms=50))
    yield opened
    await opened.close()


async def told(hiring: Hiring, admin: asyncpg.Connection) -> tuple[dict[str, Any], list[Any]]:
    """What each has in the inbox, and what their bells were told meanwhile."""
    inboxes: dict[str, Any] = {}
    workspace = hiring.tenant.context.name
    for role in ROLES:
        found = await hiring.scope(role).ask(ListNotifications())
        inboxes[role] = [found.unread] + [
            (
                each.type,
                each.title.replace(workspace, "the workspace"),
                each.count,
                each.actor is not None,
            )
            for each in found.items
        ]
    rows = await admin.fetch(
        "SELECT m.role, o.payload->>'notification_type', o.payload->>'count', "
        "o.payload->>'unread', o.request_id FROM outbox o JOIN members m "
        "ON m.tenant_id = o.tenant_id AND m.id::text = o.payload->>'member_id' "
        "WHERE o.tenant_id = $1 AND o.type = 'notification.created' ORDER BY o.occurred_at, o.id",
        hiring.tenant.context.id,
    )
    return inboxes, sorted(tuple(row) for row in rows)


async def test_together_is_as_one_by_one(
    runtime: Runtime,
    runner: TaskRunner,
    world: World,
    database: TestDatabase,
    admin: asyncpg.Connection,
    examined: Examined,
) -> None:
    worker = DueWork(runner, database.relay_url, at_once=1)
    await worker.run_due()
    await admin.execute("DELETE FROM notifications")
    await admin.execute("DELETE FROM outbox WHERE type = 'notification.created'")
    one_by_one, together = Hiring(runtime, world, "globex"), Hiring(runtime, world, "acme")
    await a_rush(one_by_one)
    while await worker.run_due():
        pass
    await a_rush(together)
    claims = await begun(runner, database.relay_url, together)
    assert await make_together(runner, claims)
    expected, found = await told(one_by_one, admin), await told(together, admin)
    assert found == expected
    assert {row[4] for row in found[1]} == {"test-recruiter", "test-admin"}, "their own requests"
    bells = [int(row[3]) for row in found[1] if row[0] == "admin"]
    assert max(bells) == found[0]["admin"][0], "the last number is what is unread"
    assert await make_together(runner, claims), "nothing is left to be done of them"
    assert await told(together, admin) == found
    examined("told together", len(found[1]))


async def test_one_that_fails_keeps_the_others_from_nothing(
    runtime: Runtime,
    runner: TaskRunner,
    world: World,
    database: TestDatabase,
    admin: asyncpg.Connection,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    hiring = Hiring(runtime, world, "acme")
    await DueWork(runner, database.relay_url).run_due()
    await admin.execute("DELETE FROM notifications")
    job = await hiring.open_job(title="Engineer")
    applications = [await hiring.apply(job) for _ in range(3)]
    for application in applications:
        interviewer = hiring.tenant.members["interviewer"].member_id
        await hiring.scope("admin").execute(
            AssignApplication(application_id=application.id, assignee_id=interviewer)
        )
    claims = await begun(runner, database.relay_url, hiring)

    def fails_for_the_second(event: Event) -> list[Any]:
        if event.aggregate_id == applications[1].id:
            raise RuntimeError("it was asked to fail")
        return notices_of(event)

    monkeypatch.setattr(telling, "notices_of", fails_for_the_second)
    assert not await make_together(runner, claims)
    assert await admin.fetchval("SELECT count(*) FROM notifications") == 0
    done = [await make_attempt(runner, each) for each in claims]
    assert done.count(False) == 2, "the application and the assignment of the second"
    count = "SELECT sum(times) FROM notifications WHERE type = 'assignment'"
    assert await admin.fetchval(count) == 2


async def test_what_is_gone_is_told_to_nobody_and_fails_for_nobody(
    runtime: Runtime,
    runner: TaskRunner,
    world: World,
    database: TestDatabase,
    admin: asyncpg.Connection,
    examined: Examined,
) -> None:
    hiring = Hiring(runtime, world, "acme")
    worker = DueWork(runner, database.relay_url)
    await worker.run_due()
    await admin.execute("DELETE FROM notifications")
    recruiter = hiring.tenant.members["recruiter"]
    job = await hiring.open_job(title="Engineer")
    kept, erased = [await hiring.apply(job) for _ in range(2)]
    for application in (kept, erased):
        await hiring.scope("admin").execute(
            AssignApplication(application_id=application.id, assignee_id=recruiter.member_id)
        )
    text = f"Look at this, @{recruiter.email.split('@')[0]}"
    note = await hiring.scope("admin").execute(AddNote(candidate_id=kept.candidate_id, text=text))
    await hiring.scope("admin").execute(DeleteNote(candidate_id=kept.candidate_id, note_id=note.id))
    await admin.execute("DELETE FROM candidates WHERE id = $1", erased.candidate_id)
    claims = await begun(runner, database.relay_url, hiring)
    assert await make_together(runner, claims), "one of them spoiled it for the others"
    told_of = await admin.fetch("SELECT type, application_id FROM notifications")
    assert [tuple(row) for row in told_of] == [("assignment", kept.id)]
    examined("deliveries", len(claims))


async def test_waiting_in_vain_for_others_costs_no_attempt(
    hasty: Runtime,
    world: World,
    database: TestDatabase,
    admin: asyncpg.Connection,
    examined: Examined,
) -> None:
    hiring, runner = Hiring(hasty, world, "acme"), TaskRunner(hasty)
    await DueWork(runner, database.relay_url).run_due()
    await admin.execute("DELETE FROM notifications")
    application = await hiring.apply(await hiring.open_job(title="Engineer"))
    recruiter = hiring.tenant.members["recruiter"].member_id
    await hiring.scope("admin").execute(
        AssignApplication(application_id=application.id, assignee_id=recruiter)
    )
    claims = await begun(runner, database.relay_url, hiring)
    lock = "pg_advisory_lock(hashtextextended('notifications:' || $1, 0))"
    await admin.execute(f"SELECT {lock}", str(hiring.tenant.context.id))
    assert not await make_together(runner, claims)
    for claim in claims:
        await make_attempt(runner, claim)
    waiting = await admin.fetch(
        "SELECT attempts, dead_at, last_error FROM tasks "
        "WHERE id = ANY ($1) AND finished_at IS NULL",
        [each.task_id for each in claims],
    )
    assert waiting
    assert {(row["attempts"], row["dead_at"]) for row in waiting} == {(0, None)}
    assert all("lock" in row["last_error"] for row in waiting)
    await admin.execute("SELECT pg_advisory_unlock_all()")
    await admin.execute("UPDATE tasks SET run_at = now() WHERE finished_at IS NULL")
    await DueWork(runner, database.relay_url).run_due()
    count = "SELECT sum(times) FROM notifications WHERE application_id = $1"
    assert await admin.fetchval(count, application.id) == 1
    examined("put off", len(waiting))


async def test_races_that_are_lost_cost_no_attempt(
    runtime: Runtime,
    runner: TaskRunner,
    world: World,
    database: TestDatabase,
    admin: asyncpg.Connection,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    hiring = Hiring(runtime, world, "acme")
    await DueWork(runner, database.relay_url).run_due()
    await hiring.apply(await hiring.open_job(title="Engineer"))
    claims = await begun(runner, database.relay_url, hiring)

    def loses(_event: Event) -> list[Any]:
        raise asyncpg.DeadlockDetectedError("it was asked to lose")

    monkeypatch.setattr(telling, "notices_of", loses)
    assert not await make_together(runner, claims)
    for claim in claims:
        assert not await make_attempt(runner, claim)
    question = "SELECT attempts, dead_at FROM tasks WHERE id = ANY ($1)"
    waiting = await admin.fetch(question, [each.task_id for each in claims])
    assert {tuple(row) for row in waiting} == {(0, None)}


class Counting:
    """Stands for a runner, and counts how many transactions there are at once."""

    def __init__(self, *, gathers: bool) -> None:
        self._gathers = gathers
        self.at_once = self.most_at_once = 0
        self.sizes: list[int] = []

    def gathers(self, _claim: Claim) -> bool:
        return self._gathers

    def may_be_together(self, _claim: Claim) -> bool:
        return True

    async def run_together(self, claims: Sequence[Claim]) -> None:
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        self.sizes.append(len(claims))
        for _ in range(5):
            await asyncio.sleep(0)
        self.at_once -= 1


async def rushed(runner: Any, world: World) -> None:
    """Hand over ten pairs as a worker hears of them, one after the other."""
    attempts = Attempts(runner, "", Watchdog())
    tenant_id = world.acme.id
    claims = [
        Claim(tenant_id, UUID(int=number), "x", "tell", None, None, 1) for number in range(20)
    ]
    await asyncio.gather(
        *(attempts._make(claims[first : first + 2]) for first in range(0, len(claims), 2))
    )


async def test_one_transaction_of_a_tenant_at_a_time(world: World, examined: Examined) -> None:
    gathering, defect = Counting(gathers=True), Counting(gathers=False)
    await rushed(gathering, world)
    assert gathering.most_at_once == 1
    assert sum(gathering.sizes) == 20
    assert len(gathering.sizes) <= 2, "what came meanwhile goes together"
    await rushed(defect, world)
    assert defect.most_at_once > 1
    examined("transactions", len(gathering.sizes))
