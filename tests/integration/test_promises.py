"""Promised answers: who waits for one, who is reminded, and that each is told once."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg
import pytest
import pytest_asyncio

from core.applications.contracts import (
    ApplicationView,
    AssignApplication,
    RejectApplication,
    ReopenApplication,
)
from core.candidates.contracts import DeleteCandidate
from core.interviews.contracts import CancelInterview, ScheduleInterview
from core.jobs.contracts import JobView, TeamMember
from core.notifications.contracts import ListNotifications
from core.promises.contracts import (
    DropPromise,
    ListPromises,
    ListWaiting,
    RemindOfAnswers,
    SetPromise,
    ShowPromisedDays,
)
from core.promises.errors import PromiseChanged, PromiseNotFound
from core.shared.actor import Role, system
from core.shared.clock import UtcDatetime
from core.shared.errors import Forbidden, InvalidInput
from core.templates.contracts import Language, PreviewTemplate
from tenants.due_work import DueWork
from tenants.runtime import Runtime
from tenants.tasks import TaskRunner
from tests.fixtures.databases import TestDatabase
from tests.fixtures.examined import Examined
from tests.fixtures.hiring import Hiring
from tests.fixtures.worlds import World

START = datetime(2026, 3, 27, 12, tzinfo=UTC)
"""Two days before clocks change in Berlin."""
DAY = timedelta(days=1)


class Wound:
    """A clock that is wound by hand."""

    def __init__(self) -> None:
        self.at = START

    def now(self) -> UtcDatetime:
        return UtcDatetime(self.at)


@pytest.fixture
def clock(runtime: Runtime, monkeypatch: pytest.MonkeyPatch) -> Wound:
    wound = Wound()
    monkeypatch.setattr(type(runtime.clock), "now", lambda _: wound.now())
    return wound


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def superuser(database: TestDatabase) -> Any:
    connection = await asyncpg.connect(database.admin_url)
    yield connection
    await connection.close()


async def remind(hiring: Hiring) -> int:
    """Do what the schedule does every hour."""
    scope = hiring.runtime.scope(hiring.tenant.context, system(hiring.tenant.id), "worker")
    return await scope.execute(RemindOfAnswers())


async def waiting(hiring: Hiring, role: Role = "recruiter", **fields: Any) -> dict[UUID, bool]:
    """Return who waits, and whether it is late."""
    found = await hiring.scope(role).ask(ListWaiting(**fields))
    due = [each.due_at for each in found.items]
    assert due == sorted(due)
    return {each.application_id: each.is_late for each in found.items}


async def given_to(hiring: Hiring, application: ApplicationView, role: Role) -> None:
    await hiring.scope().execute(
        AssignApplication(
            application_id=application.id, assignee_id=hiring.tenant.members[role].member_id
        )
    )


async def job_of(hiring: Hiring, **fields: Any) -> JobView:
    return await hiring.open_job(**fields)


async def message(
    superuser: asyncpg.Connection,
    hiring: Hiring,
    application: ApplicationView,
    at: datetime,
    **columns: Any,
) -> None:
    """A mail that was sent, as far as the last word looks at it."""
    values = {"state": "sent", "delivery": None, "purpose": "status_update"} | columns
    await superuser.execute(
        "INSERT INTO messages (tenant_id, id, purpose, application_id, to_address, to_name, "
        "subject, text, state, created_at, sent_at, delivery, away) "
        "VALUES ($1, gen_random_uuid(), $2, $3, 'a@b.example', '', '', '', $4, $5, $6, $7, '{}')",
        hiring.tenant.id,
        values["purpose"],
        application.id,
        values["state"],
        at,
        at if values["state"] == "sent" else None,
        values["delivery"],
    )


async def test_who_waits_is_reminded_of_once_for_each_silence(
    runtime: Runtime, world: World, clock: Wound, superuser: asyncpg.Connection, examined: Examined
) -> None:
    hiring = Hiring(runtime, world)
    job = await job_of(hiring)
    silent, told, bounced, met, imported, gone = [
        await hiring.apply(job, source=source)
        for source in ("careers", "careers", "careers", "careers", "import", "careers")
    ]
    await hiring.scope("admin").execute(SetPromise(days=5, remind_hours=24))
    clock.at = START + 3 * DAY
    assert await remind(hiring) == 0
    assert await waiting(hiring) == {}
    await message(superuser, hiring, told, clock.at)
    await message(superuser, hiring, bounced, clock.at, delivery="bounced")
    interview = await hiring.scope().execute(
        ScheduleInterview(
            application_id=met.id,
            kind="video",
            starts_at=clock.at + 2 * DAY,
            ends_at=clock.at + 2 * DAY + timedelta(hours=1),
            time_zone="Europe/Berlin",
            interviewers=(hiring.tenant.members["interviewer"].member_id,),
        )
    )
    await hiring.scope().execute(RejectApplication(application_id=gone.id, reason="skills"))
    clock.at = START + 4 * DAY - timedelta(seconds=1)
    assert await remind(hiring) == 0
    clock.at = START + 4 * DAY
    assert await remind(hiring) == 2
    assert await waiting(hiring) == {silent.id: False, bounced.id: False}
    assert await remind(hiring) == 0
    clock.at = START + 5 * DAY
    assert await remind(hiring) == 0
    assert await waiting(hiring) == {silent.id: True, bounced.id: True}
    # An answer ends the silence at once; the next one is told of again.
    await message(superuser, hiring, silent, clock.at)
    assert await waiting(hiring) == {bounced.id: True}
    # Without the interview, whoever was to be met waits like everybody else.
    await hiring.scope().execute(CancelInterview(interview_id=interview.id, reason="Ill"))
    assert await remind(hiring) == 1
    assert await waiting(hiring) == {bounced.id: True, met.id: True}
    clock.at = START + 9 * DAY
    assert await remind(hiring) == 2
    assert await waiting(hiring) == {
        bounced.id: True, met.id: True, told.id: True, silent.id: False,
    }  # fmt: skip
    reopened = ReopenApplication(
        application_id=gone.id, to_stage_id=job.stages[0].id, reason="A mistake"
    )
    await hiring.scope().execute(reopened)
    assert await remind(hiring) == 1
    assert imported.id not in await waiting(hiring)
    # Erasure leaves nothing to be reminded of.
    await hiring.scope().execute(DeleteCandidate(candidate_id=silent.candidate_id))
    assert silent.id not in await waiting(hiring)
    kept = "SELECT count(*) FROM answer_reminders WHERE application_id = $1"
    assert await superuser.fetchval(kept, silent.id) == 0
    examined("silences", 6)


async def test_many_schedulers_remind_once(
    runtime: Runtime, world: World, clock: Wound, superuser: asyncpg.Connection, examined: Examined
) -> None:
    hiring = Hiring(runtime, world, "globex")
    job = await job_of(hiring)
    applications = [await hiring.apply(job, source="careers") for _ in range(12)]
    await hiring.scope("admin").execute(SetPromise(days=2, remind_hours=12))
    clock.at = START + 2 * DAY
    counts = await asyncio.gather(*(remind(hiring) for _ in range(6)))
    assert sorted(counts) == [0, 0, 0, 0, 0, len(applications)]
    told = await superuser.fetchval(
        "SELECT count(*) FROM outbox WHERE tenant_id = $1 AND type = 'application.answer_near'",
        hiring.tenant.id,
    )
    assert told == len(applications)
    # The other tenant's promise is its own.
    ours = {each.id for each in applications}
    assert ours.isdisjoint(await waiting(Hiring(runtime, world)))
    examined("reminders", told)


async def test_whom_it_concerns_sees_it(runtime: Runtime, world: World, clock: Wound) -> None:
    hiring = Hiring(runtime, world)
    members = hiring.tenant.members
    team = (
        TeamMember(members["recruiter"].member_id, "recruiter"),
        TeamMember(members["interviewer"].member_id, "interviewer"),
    )
    with_team, without = await job_of(hiring, hiring_team=team), await job_of(hiring)
    of_team = await hiring.apply(with_team, source="careers")
    of_maker = await hiring.apply(without, source="careers")
    of_admin = await hiring.apply(with_team, source="careers")
    of_interviewer = await hiring.apply(without, source="careers")
    await given_to(hiring, of_admin, "admin")
    await given_to(hiring, of_interviewer, "interviewer")
    for job in (with_team, without):
        await hiring.scope("admin").execute(SetPromise(job_id=job.id, days=1, remind_hours=1))
    clock.at += DAY
    await remind(hiring)
    new = {of_team.id, of_maker.id, of_admin.id, of_interviewer.id}

    async def mine(role: Role) -> set[Any]:
        return new & (await waiting(hiring, role, mine=True, limit=100)).keys()

    assert await mine("recruiter") == {of_team.id, of_maker.id}
    assert await mine("admin") == {of_admin.id}
    assert await mine("interviewer") == {of_interviewer.id}
    assert await mine("viewer") == set()
    assert new & (await waiting(hiring, "viewer", limit=100)).keys() == new
    # An interviewer sees no more of others' than elsewhere.
    seen = new & (await waiting(hiring, "interviewer", limit=100)).keys()
    assert seen == {of_team.id, of_admin.id, of_interviewer.id}
    found = await hiring.scope().ask(ListWaiting(limit=1))
    assert (len(found.items), found.is_cut) == (1, True)


async def test_whom_a_reminder_goes_to(
    runtime: Runtime, world: World, clock: Wound, database: TestDatabase
) -> None:
    """The one who looks after it, else the hiring team; told once, by the real background work."""
    hiring = Hiring(runtime, world)
    worker = DueWork(TaskRunner(runtime), database.relay_url)
    team = (TeamMember(hiring.tenant.members["recruiter"].member_id, "recruiter"),)
    job = await job_of(hiring, title="Nurse", hiring_team=team)
    await hiring.apply(job, source="careers")
    given = await hiring.apply(job, source="careers")
    await given_to(hiring, given, "admin")
    await hiring.scope("admin").execute(SetPromise(job_id=job.id, days=1, remind_hours=1))
    clock.at += DAY
    await remind(hiring)
    await remind(hiring)
    await worker.run_due()

    async def told(role: Role) -> list[tuple[str, str]]:
        found = await hiring.scope(role).ask(ListNotifications(type="silence"))
        return [(each.title, each.link) for each in found.items if each.job_id == job.id]

    assert [title for title, _ in await told("recruiter")] == ["Person 1 waits for an answer"]
    assert [title for title, _ in await told("admin")] == ["Person 2 waits for an answer"]
    assert await told("viewer") == []


async def test_the_confirmation_says_by_which_day(
    runtime: Runtime, world: World, clock: Wound
) -> None:
    """In the mail's language, and only where the workspace wants it said."""
    hiring = Hiring(runtime, world)
    admin = hiring.scope("admin")
    job = await job_of(hiring)
    application = await hiring.apply(job, source="careers")

    async def mail(language: Language) -> str:
        preview = await admin.execute(
            PreviewTemplate(
                kind="application_received", language=language, application_id=application.id
            )
        )
        assert preview.mail is not None
        return preview.mail.text

    await admin.execute(SetPromise(job_id=job.id, days=5))
    assert "when there is news" in await mail("en")
    await admin.execute(SetPromise(job_id=job.id, days=5, in_mail=True))
    assert "You will hear from us by Wednesday, 1 April 2026 at the latest." in await mail("en")
    assert "Spätestens am" in await mail("de")


async def test_promises_are_set_changed_and_dropped(runtime: Runtime, world: World) -> None:
    hiring = Hiring(runtime, world, "globex")
    admin = hiring.scope("admin")
    job = await job_of(hiring)
    general = await admin.execute(SetPromise(days=5, on_status_page=True))
    own = await admin.execute(SetPromise(job_id=job.id, days=None, on_status_page=True))
    assert own.version == 1
    listed = (await hiring.scope("viewer").ask(ListPromises())).items
    assert (listed[0].job_id, listed[0].days) == (None, 5)
    assert (job.id, None) in [(each.job_id, each.days) for each in listed]
    other = await job_of(hiring)
    assert await hiring.scope().ask(ShowPromisedDays(job_id=other.id)) == 5
    assert await hiring.scope().ask(ShowPromisedDays(job_id=job.id)) is None
    with pytest.raises(PromiseChanged):
        await admin.execute(SetPromise(days=6, expected_version=general.version - 1))
    with pytest.raises(InvalidInput) as refused:
        await admin.execute(SetPromise(days=1, remind_hours=24))
    assert [each.field for each in refused.value.fields] == ["remind_hours"]
    with pytest.raises(Forbidden):
        await hiring.scope("recruiter").execute(SetPromise(days=6))
    theirs = await job_of(Hiring(runtime, world))
    with pytest.raises(InvalidInput):
        await admin.execute(SetPromise(job_id=theirs.id, days=6))
    await admin.execute(DropPromise(job_id=job.id))
    with pytest.raises(PromiseNotFound):
        await admin.execute(DropPromise(job_id=job.id))
    assert await hiring.scope().ask(ShowPromisedDays(job_id=job.id)) == 5
