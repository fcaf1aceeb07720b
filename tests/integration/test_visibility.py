"""What an interviewer may see is asked in two ways: all of it, or of one thing. They agree."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Final

import asyncpg
import pytest
import pytest_asyncio

from core.applications.contracts import ApplicationView, AssignApplication
from core.interviews.contracts import CancelInterview, InterviewView, ScheduleInterview
from core.jobs.contracts import TeamMember
from plugins import postgres
from tenants.runtime import Runtime
from tests.fixtures.databases import TestDatabase
from tests.fixtures.examined import Examined
from tests.fixtures.hiring import Hiring
from tests.fixtures.worlds import World

_DIFFERING: Final = """
WITH pairs AS (
    SELECT m.tenant_id, m.id AS member_id, a.id AS application_id, a.candidate_id,
           a.id IN (SELECT v.application_id FROM visible_applications_v1(m.tenant_id, m.id) v)
               AS is_visible,
           a.candidate_id IN (
               SELECT v.candidate_id FROM visible_applications_v1(m.tenant_id, m.id) v) AS is_known
    FROM members m CROSS JOIN applications a
)
SELECT count(*) AS examined,
       count(*) FILTER (WHERE is_visible) AS visible,
       count(*) FILTER (WHERE
           is_visible IS DISTINCT FROM sees_application_v1(tenant_id, member_id, application_id)
           OR is_known IS DISTINCT FROM sees_candidate_v1(tenant_id, member_id, candidate_id))
           AS differing
FROM pairs
"""
_SQL: Final = Path(postgres.__file__).parent / "sql" / "visibility.sql"
_PARTS: Final = {
    "who is assigned": ("a.assignee_id = p_member\n               OR", "false OR"),
    "a hiring team": ("AND t.member_id = p_member)\n               OR", "AND false)\n OR"),
    "an interview that was called off": ("AND i.member_id = p_member AND i.busy))", "))"),
}
"""Parts of the grant, and what is left of the question about one when they are forgotten."""


@pytest_asyncio.fixture
async def admin(database: TestDatabase) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(database.admin_url)
    yield connection
    await connection.close()


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def filled(runtime: Runtime, world: World) -> None:
    """Two tenants, each with every reason to see an application, and with none."""
    for slug in ("acme", "globex"):
        hiring = Hiring(runtime, world, slug)
        me = hiring.tenant.members["interviewer"].member_id
        job = await hiring.open_job(title="Engineer")
        ours = await hiring.open_job(title="Ours", hiring_team=(TeamMember(me, "interviewer"),))
        await hiring.apply(ours)
        assigned, held, called_off, _others = [await hiring.apply(job) for _ in range(4)]
        await hiring.scope().execute(AssignApplication(application_id=assigned.id, assignee_id=me))
        off = await _interview(hiring, runtime, called_off)
        await hiring.scope().execute(CancelInterview(interview_id=off.id, reason="They are ill."))
        await _interview(hiring, runtime, held)


async def _interview(
    hiring: Hiring, runtime: Runtime, application: ApplicationView
) -> InterviewView:
    starts_at = runtime.clock.now() + timedelta(days=1)
    return await hiring.scope("recruiter").execute(
        ScheduleInterview(
            application_id=application.id,
            kind="video",
            starts_at=starts_at,
            ends_at=starts_at + timedelta(hours=1),
            time_zone="Europe/Berlin",
            interviewers=(hiring.tenant.members["interviewer"].member_id,),
        )
    )


@pytest.mark.usefixtures("filled")
async def test_both_ways_of_asking_agree(admin: asyncpg.Connection, examined: Examined) -> None:
    found = await admin.fetchrow(_DIFFERING)
    assert found is not None
    assert found["visible"] == 2 * 3
    assert found["differing"] == 0
    examined("members and applications", found["examined"])


@pytest.mark.usefixtures("filled")
@pytest.mark.parametrize("forgotten", _PARTS)
async def test_a_part_that_one_of_them_forgets_is_found(
    forgotten: str, admin: asyncpg.Connection
) -> None:
    """Planted: the question about one thing, without a part of the grant."""
    whole = _SQL.read_text(encoding="utf-8")
    part, left = _PARTS[forgotten]
    assert whole.count(part) == 1
    transaction = admin.transaction()
    await transaction.start()
    try:
        await admin.execute(whole.replace(part, left))
        found = await admin.fetchrow(_DIFFERING)
    finally:
        await transaction.rollback()
    assert found is not None
    assert found["differing"] > 0
