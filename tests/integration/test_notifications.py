"""Who is told what, once: through the real use cases, database and background work."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import asyncpg
import pytest
import pytest_asyncio

from core.applications.contracts import (
    ApplicationView,
    AssignApplication,
    RejectApplication,
)
from core.candidates.contracts import AddNote, DeleteCandidate, EditNote
from core.interviews.contracts import ScheduleInterview
from core.jobs.contracts import EditJob, JobView, TeamMember
from core.notifications.contracts import (
    ChangeDefaults,
    ChangeSettings,
    Inbox,
    ListNotifications,
    MarkRead,
    MarkSeen,
    PruneNotifications,
    ShowBadge,
    TypeChoice,
    TypeDefault,
)
from core.shared.actor import Role, system
from core.shared.errors import InvalidInput
from core.shared.paging import PageRequest
from tenants.due_work import DueWork
from tenants.runtime import Runtime
from tenants.tasks import TaskRunner
from tests.fixtures.databases import TestDatabase
from tests.fixtures.examined import Examined
from tests.fixtures.hiring import Hiring
from tests.fixtures.worlds import World


@pytest.fixture
def hiring(runtime: Runtime, world: World) -> Hiring:
    return Hiring(runtime, world)


@pytest.fixture
def worker(runtime: Runtime, database: TestDatabase) -> DueWork:
    return DueWork(TaskRunner(runtime), database.relay_url)


@pytest_asyncio.fixture(autouse=True)
async def admin(database: TestDatabase) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(database.admin_url)
    for table in ("notifications", "notification_preferences", "notification_defaults"):
        await connection.execute(f"DELETE FROM {table}")
    yield connection
    await connection.close()


async def inbox(hiring: Hiring, role: Role, **query: Any) -> Inbox:
    return await hiring.scope(role).ask(ListNotifications(**query))


async def titles(hiring: Hiring, role: Role) -> list[str]:
    return [each.title for each in (await inbox(hiring, role)).items]


def member(hiring: Hiring, role: Role) -> Any:
    return hiring.tenant.members[role].member_id


async def job_with(hiring: Hiring, **parts: Role) -> JobView:
    """A job whose hiring team are the members of these roles, by part."""
    job = await hiring.open_job(title="Engineer")
    team = tuple(TeamMember(member(hiring, role), part) for part, role in parts.items())  # type: ignore[arg-type]  # parts by name
    return await hiring.scope().execute(
        EditJob(job_id=job.id, hiring_team=team, expected_version=job.version)
    )


async def assign(hiring: Hiring, application: ApplicationView, to: Role) -> None:
    await hiring.scope("admin").execute(
        AssignApplication(application_id=application.id, assignee_id=member(hiring, to))
    )


async def test_what_is_mine_is_told_once_and_not_what_i_did(
    hiring: Hiring, worker: DueWork, admin: asyncpg.Connection, examined: Examined
) -> None:
    job = await job_with(hiring, hiring_manager="admin", interviewer="interviewer")
    application = await hiring.apply(job)
    await worker.run_due()
    (applied,) = (await inbox(hiring, "admin")).items
    assert applied.title == f"Person {hiring._people} applied for Engineer"
    assert applied.link == f"/candidates/{application.candidate_id}"
    assert applied.actor is not None
    assert applied.actor.id == member(hiring, "recruiter")
    assert (applied.seen_at, applied.read_at, applied.count) == (None, None, 1)
    assert await titles(hiring, "recruiter") == [], "who did it isn't told"
    assert await titles(hiring, "interviewer") == [], "interviewers hear of their own applications"
    assert await titles(hiring, "viewer") == []

    await assign(hiring, application, "recruiter")
    await worker.run_due()
    await hiring.move(application, 1, job, "admin")
    await worker.run_due()
    stage = job.stages[1].name
    person = f"Person {hiring._people}"
    assert await titles(hiring, "recruiter") == [
        f"{person} moved to {stage}",
        f"{person} was given to you",
    ]
    assert len((await inbox(hiring, "admin")).items) == 1

    # The same events again, as after a worker's death before anybody noted the end.
    await admin.execute(
        "UPDATE tasks SET finished_at = NULL, attempts = 0, sent_until = NULL, lease_until = NULL "
        "WHERE subscriber = 'notifications.tell' AND finished_at IS NULL"
    )
    assert await worker.run_due() == 0
    told = await admin.fetchval("SELECT count(*) FROM notifications")
    events = await admin.fetchval("SELECT count(*) FROM outbox WHERE type = 'notification.created'")
    assert told == 3
    assert events >= told
    examined("notifications", told)


async def test_several_are_one_until_it_is_read(hiring: Hiring, worker: DueWork) -> None:
    job = await job_with(hiring, hiring_manager="admin")
    for _ in range(3):
        await hiring.apply(job)
    await worker.run_due()
    found = await inbox(hiring, "admin")
    (several,) = found.items
    assert found.unread == 1
    assert (several.count, several.title) == (3, "3 new applications for Engineer")
    assert several.link == f"/jobs/{job.id}"
    await hiring.scope("admin").execute(MarkSeen())
    assert (await inbox(hiring, "admin")).items[0].seen_at is not None
    await hiring.apply(job)
    await worker.run_due()
    (grown,) = (await inbox(hiring, "admin")).items
    assert (grown.id, grown.count, grown.seen_at) == (several.id, 4, None)

    marked = await hiring.scope("admin").execute(MarkRead(ids=(several.id,)))
    assert (marked.changed, marked.unread) == (1, 0)
    again = await hiring.scope("admin").execute(MarkRead(ids=(several.id,)))
    assert again.changed == 0
    await hiring.apply(job)
    await worker.run_due()
    fresh, old = (await inbox(hiring, "admin")).items
    assert (fresh.count, fresh.read_at) == (1, None)
    assert old.read_at is not None
    badge = await hiring.scope("admin").ask(ShowBadge())
    assert badge.unread == 1
    assert badge.position > 0
    assert [each.id for each in (await inbox(hiring, "admin", unread=True)).items] == [fresh.id]


async def test_pages_follow_one_another(hiring: Hiring, worker: DueWork) -> None:
    for _ in range(4):
        await hiring.apply(await job_with(hiring, hiring_manager="admin"))
    await worker.run_due()
    whole = [each.id for each in (await inbox(hiring, "admin")).items]
    first = await inbox(hiring, "admin", page=PageRequest(limit=3))
    second = await inbox(hiring, "admin", page=PageRequest(limit=3, cursor=first.next_cursor))
    assert [each.id for each in (*first.items, *second.items)] == whole
    assert second.next_cursor is None
    assert (await inbox(hiring, "admin", type="mention")).items == []
    kept = (await inbox(hiring, "admin")).items[1].updated_at
    marked = await hiring.scope("admin").execute(MarkRead(up_to=kept, type="new_application"))
    assert (marked.changed, marked.unread) == (3, 1)


async def test_mentions_and_notes(hiring: Hiring, worker: DueWork) -> None:
    job = await job_with(hiring)
    application = await hiring.apply(job)
    await assign(hiring, application, "recruiter")
    await worker.run_due()
    await hiring.scope().execute(MarkRead())
    names = {role: each.email.partition("@")[0] for role, each in hiring.tenant.members.items()}
    candidate_id = application.candidate_id
    note = await hiring.scope("admin").execute(
        AddNote(candidate_id=candidate_id, text=f"Look, @{names['viewer']} @{names['interviewer']}")
    )
    await worker.run_due()
    mentioned = (await inbox(hiring, "viewer")).items
    assert [each.type for each in mentioned] == ["mention"]
    assert "mentioned you in a note on Person" in mentioned[0].title
    assert await titles(hiring, "interviewer") == [], "they don't see the candidate"
    assert [each.type for each in (await inbox(hiring, "recruiter", unread=True)).items] == [
        "application_note"
    ]
    await hiring.scope("viewer").execute(MarkRead())
    await hiring.scope("admin").execute(
        EditNote(
            candidate_id=candidate_id,
            note_id=note.id,
            text=f"Look again, @{names['viewer']} and @{names['recruiter']}",
        )
    )
    await worker.run_due()
    assert len((await inbox(hiring, "viewer")).items) == 1, "once for a note, read or not"
    assert [each.type for each in (await inbox(hiring, "recruiter", unread=True)).items] == [
        "mention",
        "application_note",
    ]


async def test_what_access_ended_for_is_gone(
    hiring: Hiring, worker: DueWork, examined: Examined
) -> None:
    application = await hiring.apply(await job_with(hiring))
    await assign(hiring, application, "interviewer")
    await worker.run_due()
    (told,) = (await inbox(hiring, "interviewer")).items
    assert told.type == "assignment"
    assert (await hiring.scope("interviewer").ask(ShowBadge())).unread == 1
    await assign(hiring, application, "recruiter")
    await worker.run_due()
    found = await inbox(hiring, "interviewer")
    assert (list(found.items), found.unread) == ([], 0)
    assert (await hiring.scope("interviewer").ask(ShowBadge())).unread == 0
    await assign(hiring, application, "interviewer")
    await worker.run_due()
    assert (await inbox(hiring, "interviewer")).items[0].count == 2, "it was there all along"
    examined("hidden", 1)


async def test_what_somebody_does_not_want_is_not_told(hiring: Hiring, worker: DueWork) -> None:
    recruiter, chief = hiring.scope("recruiter"), hiring.scope("admin")
    await recruiter.execute(ChangeSettings(types=(TypeChoice("assignment", in_app=False),)))
    application = await hiring.apply(await job_with(hiring))
    await assign(hiring, application, "recruiter")
    await worker.run_due()
    assert await titles(hiring, "recruiter") == []

    settled = await chief.execute(
        ChangeDefaults(types=(TypeDefault("assignment", in_app=True, locked=True),))
    )
    shown = {each.type: each for each in settled.types}
    assert shown["assignment"].locked
    other = await hiring.apply(await job_with(hiring))
    await assign(hiring, other, "recruiter")
    await worker.run_due()
    assert len(await titles(hiring, "recruiter")) == 1
    with pytest.raises(InvalidInput) as refused:
        await recruiter.execute(ChangeSettings(types=(TypeChoice("assignment", in_app=False),)))
    assert refused.value.fields[0].field == "types.0.in_app"


async def test_interviewers_are_told_of_their_interviews(
    hiring: Hiring, worker: DueWork, runtime: Runtime
) -> None:
    job = await job_with(hiring, recruiter="recruiter")
    application = await hiring.apply(job)
    starts_at = runtime.clock.now() + timedelta(days=2)
    await hiring.scope("recruiter").execute(
        ScheduleInterview(
            application_id=application.id,
            kind="video",
            starts_at=starts_at,
            ends_at=starts_at + timedelta(hours=1),
            time_zone="Europe/Berlin",
            interviewers=(member(hiring, "interviewer"),),
        )
    )
    await worker.run_due()
    (interview,) = (await inbox(hiring, "interviewer")).items
    assert interview.type == "interview"
    assert interview.words["starts_at"].startswith(starts_at.isoformat()[:16])
    await hiring.scope("admin").execute(
        RejectApplication(application_id=application.id, reason="skills")
    )
    await worker.run_due()
    assert (await titles(hiring, "recruiter"))[0].endswith("was rejected")


async def test_erasure_takes_it_along(
    hiring: Hiring, worker: DueWork, admin: asyncpg.Connection, examined: Examined
) -> None:
    application = await hiring.apply(await job_with(hiring, hiring_manager="admin"))
    name = hiring.tenant.members["viewer"].email.partition("@")[0]
    await hiring.scope("recruiter").execute(
        AddNote(candidate_id=application.candidate_id, text=f"@{name}")
    )
    await worker.run_due()
    rows = await admin.fetch("SELECT row_to_json(n)::text AS row FROM notifications n")
    assert len(rows) == 2
    assert not [row for row in rows if "Person" in row["row"]], "no name is kept"
    await hiring.scope("recruiter").execute(DeleteCandidate(candidate_id=application.candidate_id))
    assert await admin.fetchval("SELECT count(*) FROM notifications") == 0
    examined("erased", len(rows))


async def test_old_ones_are_forgotten(
    hiring: Hiring, worker: DueWork, admin: asyncpg.Connection, runtime: Runtime
) -> None:
    for days, read in ((200, False), (100, True), (100, False), (10, True)):
        await hiring.apply(await job_with(hiring, hiring_manager="admin"))
        await worker.run_due()
        await admin.execute(
            "UPDATE notifications SET group_key = $1, "
            "updated_at = now() - make_interval(days => $2), "
            "read_at = CASE WHEN $3 THEN now() - make_interval(days => $2) END "
            "WHERE group_key LIKE 'new_application:%'",
            f"aged:{days}:{read}",
            days,
            read,
        )
    scope = runtime.scope(hiring.tenant.context, system(hiring.tenant.id), "prune")
    assert await scope.execute(PruneNotifications()) == 2
    left = await admin.fetch("SELECT group_key FROM notifications ORDER BY 1")
    assert [row[0] for row in left] == ["aged:100:False", "aged:10:True"]


async def test_the_other_tenant_hears_nothing(
    runtime: Runtime, world: World, worker: DueWork, examined: Examined
) -> None:
    ours, theirs = Hiring(runtime, world), Hiring(runtime, world, "globex")
    await ours.apply(await job_with(ours, hiring_manager="admin"))
    await theirs.apply(await job_with(theirs, hiring_manager="admin"))
    await worker.run_due()
    (mine,) = (await inbox(ours, "admin")).items
    (foreign,) = (await inbox(theirs, "admin")).items
    marked = await ours.scope("admin").execute(MarkRead(ids=(foreign.id,)))
    assert (marked.changed, marked.unread) == (0, 1)
    await ours.scope("admin").execute(MarkRead())
    assert (await inbox(theirs, "admin")).unread == 1
    assert mine.id != foreign.id
    examined("inboxes", 2)


async def test_stale_events_are_no_news(
    hiring: Hiring, worker: DueWork, admin: asyncpg.Connection
) -> None:
    await hiring.apply(await job_with(hiring, hiring_manager="admin"))
    await admin.execute("UPDATE outbox SET occurred_at = occurred_at - interval '8 days'")
    await worker.run_due()
    assert await titles(hiring, "admin") == []
