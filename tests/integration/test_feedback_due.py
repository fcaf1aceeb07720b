"""Interviewers who owe feedback are told two hours after their interview, once."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Final

import asyncpg
import pytest
import pytest_asyncio

from core.applications.contracts import RejectApplication
from core.interviews.contracts import (
    CancelInterview,
    InterviewView,
    RescheduleInterview,
    ScheduleInterview,
    SubmitFeedback,
)
from core.notifications.contracts import ListNotifications
from core.shared.actor import Role
from tenants.due_work import DueWork
from tenants.runtime import Runtime
from tenants.tasks import TaskRunner
from tests.fixtures.databases import TestDatabase
from tests.fixtures.hiring import Hiring
from tests.fixtures.worlds import World

HOLD_IT: Final[tuple[Role, ...]] = ("interviewer", "recruiter", "admin")
"""The recruiter fixes the time and is told nevertheless; the admin has given feedback by then."""


@pytest.fixture
def hiring(runtime: Runtime, world: World) -> Hiring:
    return Hiring(runtime, world)


@pytest.fixture
def worker(runtime: Runtime, database: TestDatabase) -> DueWork:
    return DueWork(TaskRunner(runtime), database.relay_url)


@pytest_asyncio.fixture
async def admin(database: TestDatabase) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(database.admin_url)
    yield connection
    await connection.close()


async def test_who_owes_feedback_is_told_once_it_is_due(
    hiring: Hiring, worker: DueWork, runtime: Runtime, admin: asyncpg.Connection
) -> None:
    """Neither who gave it, nor anybody for an interview that was moved or called off."""

    members = hiring.tenant.members

    async def interview(ahead: timedelta) -> InterviewView:
        application = await hiring.apply(await hiring.open_job(title="Engineer"))
        starts_at = runtime.clock.now() + ahead
        return await hiring.scope("recruiter").execute(
            ScheduleInterview(
                application_id=application.id,
                kind="video",
                starts_at=starts_at,
                ends_at=starts_at + timedelta(hours=1),
                time_zone="Europe/Berlin",
                interviewers=tuple(members[role].member_id for role in HOLD_IT),
            )
        )

    owed = await interview(timedelta(days=2))
    moved = await interview(timedelta(days=3))
    off = await interview(timedelta(days=4))
    over = await interview(timedelta(days=5))
    later = moved.ends_at + timedelta(days=30)
    await hiring.scope("recruiter").execute(
        RescheduleInterview(
            interview_id=moved.id, starts_at=later - timedelta(hours=1), ends_at=later
        )
    )
    await hiring.scope("recruiter").execute(
        CancelInterview(interview_id=off.id, reason="They are ill.")
    )
    await hiring.scope("recruiter").execute(
        RejectApplication(application_id=over.application_id, reason="skills")
    )
    await hiring.scope("admin").execute(
        SubmitFeedback(application_id=owed.application_id, recommendation="yes", comment="Good.")
    )
    await admin.execute(
        "UPDATE feedback SET updated_at = $1 WHERE application_id = $2",
        owed.ends_at,
        owed.application_id,
    )
    await worker.run_due()
    reminders = await admin.fetch(
        "SELECT run_at FROM tasks WHERE kind = 'remind_of_feedback' "
        "AND payload ->> 'interview_id' = ANY($1)",
        [str(each.id) for each in (owed, moved, off, over)],
    )
    assert len(reminders) == 5, "one for each time that was fixed"
    assert min(each["run_at"] for each in reminders) == owed.ends_at + timedelta(hours=2)
    for _ in range(2):
        await admin.execute(
            "UPDATE tasks SET run_at = now() WHERE kind = 'remind_of_feedback' "
            "AND finished_at IS NULL AND run_at < $1",
            later,
        )
        await worker.run_due()
    for role in ("interviewer", "recruiter", "admin"):
        found = await hiring.scope(role).ask(ListNotifications(type="feedback_due"))
        told = [each.application_id for each in found.items]
        assert told == ([] if role == "admin" else [owed.application_id]), role
    (due,) = (await hiring.scope("interviewer").ask(ListNotifications(type="feedback_due"))).items
    assert due.title.startswith("Your feedback on")
