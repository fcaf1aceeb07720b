"""Promised work: done once whoever dies, recalled in time, given up after three attempts."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import asyncpg
import msgspec
import pytest

from core.applications.contracts import (
    ApplicationId,
    ApplicationView,
    BulkRejectionView,
    CreateBulkRejection,
    GetApplication,
    GetBulkRejection,
    GetHistory,
    RecallBulkRejection,
    ReopenApplication,
    WithdrawApplication,
)
from core.applications.errors import TooLateToRecall
from core.shared.errors import InvalidInput
from core.shared.reactions import SUBSCRIBERS
from plugins.postgres.bulk_rejections import PostgresBulkRejections
from plugins.postgres.outbox import PostgresRecorder
from plugins.postgres.task_claims import TaskClaims, TaskLeases
from plugins.postgres.tasks import LeasedTasks
from tenants.due_work import DueWork
from tenants.runtime import Runtime
from tenants.scope import TenantScope
from tenants.settings import Settings
from tenants.tasks import TaskRunner
from tests.fixtures.databases import TestDatabase
from tests.fixtures.hiring import Hiring
from tests.fixtures.repository import ROOT
from tests.fixtures.worlds import World


@pytest.fixture(autouse=True)
def nobody_reacts() -> Iterator[None]:
    """Only the tasks that a test promises are there to be counted."""
    subscribers = dict(SUBSCRIBERS)
    SUBSCRIBERS.clear()
    yield
    SUBSCRIBERS.update(subscribers)


@pytest.fixture
def hiring(runtime: Runtime, world: World) -> Hiring:
    return Hiring(runtime, world)


@pytest.fixture
def worker(runtime: Runtime, database: TestDatabase) -> DueWork:
    return DueWork(TaskRunner(runtime), database.relay_url)


async def rejection(
    hiring: Hiring, *applications: ApplicationView, delay_minutes: int = 0
) -> BulkRejectionView:
    return await hiring.scope().execute(
        CreateBulkRejection(
            application_ids=tuple(each.id for each in applications),
            reason="position_filled",
            delay_minutes=delay_minutes,
        )
    )


async def tasks_of(database: TestDatabase, bulk: BulkRejectionView) -> list[Any]:
    connection = await asyncpg.connect(database.admin_url)
    try:
        return list(
            await connection.fetch(
                "SELECT * FROM tasks WHERE payload->>'bulk_rejection_id' = $1", str(bulk.id)
            )
        )
    finally:
        await connection.close()


async def lapse_leases(database: TestDatabase) -> None:
    """What time does to the lease of a worker that died."""
    connection = await asyncpg.connect(database.admin_url)
    await connection.execute(
        "UPDATE tasks SET lease_until = lease_until - interval '1 h', sent_until = NULL, "
        "run_at = now() - interval '1 s' "
        "WHERE finished_at IS NULL AND dead_at IS NULL AND attempts > 0"
    )
    await connection.close()


async def rejections_in_history(hiring: Hiring, application_id: ApplicationId) -> int:
    history = await hiring.scope().ask(GetHistory(application_id=application_id))
    return sum(1 for each in history.changes if each.kind == "rejected")


async def test_a_bulk_rejection_takes_effect_and_skips_what_changed(
    hiring: Hiring, worker: DueWork
) -> None:
    job = await hiring.open_job()
    plain, moved, withdrawn = [await hiring.apply(job) for _ in range(3)]
    bulk = await rejection(hiring, plain, moved, withdrawn)
    assert bulk.status == "pending"
    await hiring.move(moved, 1, job)
    await hiring.scope().execute(WithdrawApplication(application_id=withdrawn.id, reason="pay"))
    await worker.run_due()
    done = await hiring.scope().ask(GetBulkRejection(bulk_rejection_id=bulk.id))
    assert done.status == "done"
    assert {each.application_id: (each.status, each.skipped_because) for each in done.items} == {
        plain.id: ("rejected", None),
        moved.id: ("skipped", "moved"),
        withdrawn.id: ("skipped", "withdrawn"),
    }
    view = await hiring.scope().ask(GetApplication(application_id=plain.id))
    assert (view.disposition, view.disposition_reason) == ("rejected", "position_filled")
    history = await hiring.scope().ask(GetHistory(application_id=plain.id))
    assert history.changes[-1].by == done.created_by
    with pytest.raises(TooLateToRecall):
        await hiring.scope().execute(RecallBulkRejection(bulk_rejection_id=bulk.id))


async def test_it_waits_for_its_time_and_can_be_recalled(
    hiring: Hiring, worker: DueWork, database: TestDatabase
) -> None:
    job = await hiring.open_job()
    one, other = await hiring.apply(job), await hiring.apply(job)
    bulk = await rejection(hiring, one, other, delay_minutes=30)
    await worker.run_due()
    recalled = await hiring.scope().execute(
        RecallBulkRejection(bulk_rejection_id=bulk.id, application_id=one.id)
    )
    assert (recalled.status, {each.status for each in recalled.items}) == (
        "pending",
        {"pending", "recalled"},
    )
    recalled = await hiring.scope().execute(RecallBulkRejection(bulk_rejection_id=bulk.id))
    assert recalled.status == "recalled"
    connection = await asyncpg.connect(database.admin_url)
    await connection.execute("UPDATE tasks SET run_at = now() WHERE finished_at IS NULL")
    await connection.close()
    await worker.run_due()
    for application in (one, other):
        view = await hiring.scope().ask(GetApplication(application_id=application.id))
        assert view.disposition == "active"


async def test_it_can_be_recalled_after_a_change_to_a_smaller_plan(hiring: Hiring) -> None:
    job = await hiring.open_job()
    bulk = await rejection(hiring, await hiring.apply(job), delay_minutes=5)
    free = msgspec.structs.replace(hiring.tenant.context, plan="free")
    scope = hiring.runtime.scope(free, hiring.tenant.actor("recruiter"), "request-1")
    recalled = await scope.execute(RecallBulkRejection(bulk_rejection_id=bulk.id))
    assert recalled.status == "recalled"


async def test_only_active_applications_can_be_put_in(hiring: Hiring, worker: DueWork) -> None:
    job = await hiring.open_job()
    hired = await hiring.move(await hiring.apply(job), 5, job)
    with pytest.raises(InvalidInput) as caught:
        await rejection(hiring, await hiring.apply(job), hired)
    assert [each.field for each in caught.value.fields] == ["application_ids[1]"]


class Died(BaseException):
    """What kill -9 is to a process."""


async def rejections_after_a_death(
    hiring: Hiring, runtime: Runtime, database: TestDatabase, monkeypatch: pytest.MonkeyPatch
) -> int:
    """A worker dies as soon as its work has committed; another follows.

    Between the two everything is put back to as it was, so that doing the work twice would show.
    """
    job = await hiring.open_job()
    application = await hiring.apply(job)
    bulk = await rejection(hiring, application)
    whole = TenantScope.run_in_transaction

    async def die_after(self: TenantScope, work: Any) -> None:
        await whole(self, work)
        raise Died

    with monkeypatch.context() as patched:
        patched.setattr(TenantScope, "run_in_transaction", die_after)
        with pytest.raises(Died):
            await DueWork(TaskRunner(runtime), database.relay_url).run_due()
    await hiring.scope().execute(
        ReopenApplication(application_id=application.id, reason="As it was")
    )
    connection = await asyncpg.connect(database.admin_url)
    await connection.execute("UPDATE bulk_rejections SET status = 'pending' WHERE id = $1", bulk.id)
    await connection.execute("UPDATE bulk_rejection_items SET status = 'pending'")
    await connection.close()
    await lapse_leases(database)
    await DueWork(TaskRunner(runtime), database.relay_url).run_due()
    return await rejections_in_history(hiring, application.id)


async def test_work_is_done_once_though_its_worker_died(
    hiring: Hiring, runtime: Runtime, database: TestDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert await rejections_after_a_death(hiring, runtime, database, monkeypatch) == 1


async def test_noted_apart_from_the_work_it_would_be_done_twice(
    hiring: Hiring, runtime: Runtime, database: TestDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The planted defect: the transaction of the work doesn't note that it is done."""
    with monkeypatch.context() as patched:
        patched.setattr(LeasedTasks, "finish", LeasedTasks.read)
        assert await rejections_after_a_death(hiring, runtime, database, monkeypatch) == 2
    await lapse_leases(database)
    await DueWork(TaskRunner(runtime), database.relay_url).run_due()


async def test_work_that_was_not_committed_is_done_by_the_next(
    hiring: Hiring, runtime: Runtime, database: TestDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = await hiring.open_job()
    application = await hiring.apply(job)
    bulk = await rejection(hiring, application)

    async def die(self: PostgresRecorder) -> None:
        raise Died

    with monkeypatch.context() as patched:
        patched.setattr(PostgresRecorder, "flush", die)
        with pytest.raises(Died):
            await DueWork(TaskRunner(runtime), database.relay_url).run_due()
    assert await rejections_in_history(hiring, application.id) == 0
    await lapse_leases(database)
    await DueWork(TaskRunner(runtime), database.relay_url).run_due()
    assert await rejections_in_history(hiring, application.id) == 1
    (task,) = await tasks_of(database, bulk)
    assert (task["attempts"], task["finished_at"] is not None) == (2, True)


async def test_many_workers_share_the_tasks(
    hiring: Hiring, runtime: Runtime, database: TestDatabase
) -> None:
    job = await hiring.open_job()
    applications = [await hiring.apply(job) for _ in range(12)]
    bulks = [await rejection(hiring, each) for each in applications]
    ran = await asyncio.gather(
        *(DueWork(TaskRunner(runtime), database.relay_url, at_once=2).run_due() for _ in range(3))
    )
    assert sum(ran) == len(bulks)
    for each in applications:
        assert await rejections_in_history(hiring, each.id) == 1


async def test_a_task_that_keeps_failing_is_given_up_with_its_error(
    hiring: Hiring, worker: DueWork, database: TestDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = await hiring.open_job()
    bulk = await rejection(hiring, await hiring.apply(job))

    async def broken(*_: Any) -> None:
        raise RuntimeError("the disk is full")

    with monkeypatch.context() as patched:
        patched.setattr(PostgresBulkRejections, "settle", broken)
        for _ in range(5):
            await worker.run_due()
            await lapse_leases(database)
    (task,) = await tasks_of(database, bulk)
    assert task["attempts"] == 3
    assert task["dead_at"] is not None
    assert (task["last_error"], task["dead_reason"]) == ("RuntimeError: the disk is full", "failed")
    assert await rejections_in_history(hiring, bulk.items[0].application_id) == 0


async def test_a_task_that_kills_its_worker_runs_out_of_attempts(
    hiring: Hiring, worker: DueWork, database: TestDatabase
) -> None:
    job = await hiring.open_job()
    bulk = await rejection(hiring, await hiring.apply(job))
    for attempt in range(3):
        claims = await TaskClaims.open(database.relay_url)
        leases = await TaskLeases.open(database.relay_url)
        due, _ = await claims.claim({"default": 10}, timedelta(seconds=60))
        assert [each.was_interrupted for each in due] == [attempt > 0]
        assert len(await leases.begin(due, timedelta(seconds=60))) == 1
        await claims.close()
        await leases.close()
        await lapse_leases(database)
    assert await worker.run_due() == 0
    (task,) = await tasks_of(database, bulk)
    assert (task["attempts"], task["last_error"]) == (3, "the worker ended during the work")
    assert (task["dead_at"] is not None, task["dead_reason"]) == (True, "killed")


async def test_the_relay_sees_no_payload(database: TestDatabase, world: World) -> None:
    connection = await asyncpg.connect(database.relay_url)
    try:
        for statement in ("SELECT payload FROM tasks", "UPDATE tasks SET payload = '{}'"):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await connection.fetch(statement)
    finally:
        await connection.close()


async def test_the_process_wakes_at_once_and_drains_on_sigterm(
    hiring: Hiring, settings: Settings, database: TestDatabase
) -> None:
    environment = os.environ | {
        "INTELLIMATCH_DATABASE_URL": database.app_url,
        "INTELLIMATCH_OWNER_DATABASE_URL": database.owner_url,
        "INTELLIMATCH_RELAY_DATABASE_URL": database.relay_url,
        "INTELLIMATCH_REDIS_URL": settings.redis_url or "",
        "INTELLIMATCH_DATA_DIR": str(settings.data_dir),
        "INTELLIMATCH_SECRET_KEY": settings.secret_key or "",
    }
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "workers", cwd=ROOT, env=environment, stderr=subprocess.PIPE
    )
    try:
        job = await hiring.open_job()
        bulk = await rejection(hiring, await hiring.apply(job))
        async with asyncio.timeout(60):
            while True:
                view = await hiring.scope().ask(GetBulkRejection(bulk_rejection_id=bulk.id))
                if view.status == "done":
                    break
                await asyncio.sleep(0.05)
        process.send_signal(signal.SIGTERM)
    finally:
        if sys.exc_info()[0] is not None and process.returncode is None:
            process.kill()
        _, log = await process.communicate()
    assert process.returncode == 0
    assert b"task_done" in log
