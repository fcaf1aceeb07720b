"""What candidates are told by itself, and what they aren't: through real events and real tasks."""

import re
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import asyncpg
import pytest
import pytest_asyncio

from core.applications.contracts import (
    ApplicationId,
    ApplicationView,
    GetApplication,
    ListApplications,
    MoveApplication,
    RejectApplication,
    ReopenApplication,
    WithdrawApplication,
)
from core.applications.errors import ApplicationNotFound
from core.automations import handlers
from core.automations.contracts import ChangeRule, ListPlanned, ListRules, ResetRule, TakeBack
from core.automations.errors import StepNotFound, TooLateToTakeBack
from core.candidates.contracts import CreateCandidate
from core.careers.contracts import AdmittedForm, Apply, FollowApplication
from core.interviews.contracts import CancelInterview, RescheduleInterview, ScheduleInterview
from core.jobs.contracts import JobId, JobView
from core.messages.contracts import ListMessages, MessageView, ShowMessage
from core.ports.messaging import Messaging, OutgoingEmail, SentEmail
from core.shared.actor import anonymous
from core.shared.errors import Forbidden, InvalidInput
from core.templates.contracts import STAND_IN, ChangeTemplate, PreviewTemplate
from core.tenancy.contracts import Branding, UpdateTenant
from plugins.sdk import PluginContext, PortAdapter
from tenants.due_work import DueWork
from tenants.runtime import Runtime
from tenants.settings import Settings
from tenants.tasks import TaskRunner
from tests.fixtures.databases import TestDatabase
from tests.fixtures.examined import Examined
from tests.fixtures.hiring import Hiring
from tests.fixtures.plugins import catalogue_of, enable, made_plugin, manifest_of, runtime_with
from tests.fixtures.worlds import World

APPLIED, REVIEWED, INTERVIEW = 0, 1, 3
TAKEN: list[OutgoingEmail] = []


class Service:
    """Takes every e-mail."""

    async def send(self, email: OutgoingEmail) -> SentEmail:
        TAKEN.append(email)
        return SentEmail("ref")


def _service(_context: PluginContext[Any]) -> Service:
    return Service()


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def plugged(
    settings: Settings, database: TestDatabase, world: World
) -> AsyncIterator[Runtime]:
    entry = made_plugin(manifest_of("letters"), ports=[PortAdapter(Messaging, _service)])
    async with runtime_with(settings, database, catalogue_of(entry)) as runtime:
        await enable(runtime, world.acme, "letters")
        yield runtime


@pytest.fixture(autouse=True)
def empty() -> None:
    TAKEN.clear()


@pytest.fixture
def worker(plugged: Runtime, database: TestDatabase) -> DueWork:
    return DueWork(TaskRunner(plugged), database.relay_url)


@pytest.fixture
def due_now(database: TestDatabase) -> Callable[[], Any]:
    """Let the time of every task have come."""

    async def now() -> None:
        connection = await asyncpg.connect(database.admin_url)
        await connection.execute(
            "UPDATE tasks SET run_at = now() - interval '1 second' "
            "WHERE finished_at IS NULL AND dead_at IS NULL"
        )
        await connection.close()

    return now


class People(Hiring):
    """Candidates who applied, and what they were told."""

    async def applied(self, job: JobView, **fields: Any) -> ApplicationView:
        name = f"p{uuid4().hex[:8]}"
        candidate = await self.scope().execute(
            CreateCandidate(full_name=f"Ada {name}", emails=(f"{name}@example.com",))
        )
        return await self.apply_as(candidate.id, job, **({"source": "careers"} | fields))

    async def application(self, application_id: ApplicationId) -> ApplicationView:
        return await self.scope().ask(GetApplication(application_id=application_id))

    async def told(self, application_id: ApplicationId) -> list[MessageView]:
        rows = (await self.scope().ask(ListMessages(application_id=application_id))).items
        views = [await self.scope().ask(ShowMessage(message_id=row.id)) for row in rows]
        return list(reversed(views))

    async def planned(self, application_id: ApplicationId) -> list[tuple[str, str, str | None]]:
        items = (await self.scope().ask(ListPlanned(application_id=application_id))).items
        return [(each.rule_key, each.state, each.reason) for each in reversed(items)]

    async def reject(self, application: ApplicationView, reason: Any = "skills") -> None:
        await self.scope().execute(RejectApplication(application_id=application.id, reason=reason))


@pytest.fixture
def people(plugged: Runtime, world: World) -> People:
    return People(plugged, world)


@pytest_asyncio.fixture(autouse=True)
async def rules_as_they_were(people: People) -> AsyncIterator[None]:
    yield
    for rule in (await people.scope("admin").ask(ListRules())).items:
        await people.scope("admin").execute(ResetRule(key=rule.key))


async def test_reaching_the_interview_is_told_after_a_moment_and_branded(
    people: People, worker: DueWork, due_now: Callable[[], Any]
) -> None:
    footer = ("Acme GmbH, Hauptstraße 1",)
    await people.scope("admin").execute(
        UpdateTenant(branding=Branding(accent_color="#0b7285", footer_lines=footer))
    )
    job = await people.open_job(title="Night owl")
    application = await people.applied(job)
    await worker.run_due()
    await people.move(application, INTERVIEW, job)
    await worker.run_due()
    assert [each.purpose for each in await people.told(application.id)] == ["application_received"]
    assert await people.planned(application.id) == [
        ("application_received", "done", None),
        ("interview_reached", "planned", None),
    ]
    (step, _) = (await people.scope().ask(ListPlanned(application_id=application.id))).items
    assert (step.stage, step.template) == ("Interview", "status_update")
    assert step.to_address is not None
    assert (step.due_at - step.happened_at).total_seconds() == 120
    await due_now()
    await worker.run_due()
    (_, message) = await people.told(application.id)
    assert (message.purpose, message.state) == ("status_update", "sent")
    assert "Night owl" in message.subject
    assert "Interview" in message.text
    assert message.html is not None
    for part in ("#0b7285", "Acme GmbH, Hauptstraße 1", "<strong>Interview</strong>"):
        assert part in message.html, part
    assert TAKEN[-1].to.address == step.to_address
    assert (await people.planned(application.id))[-1] == ("interview_reached", "done", None)


async def test_moves_inside_the_team_are_not_told(
    people: People, worker: DueWork, due_now: Callable[[], Any]
) -> None:
    job = await people.open_job()
    application = await people.applied(job)
    await people.move(application, REVIEWED, job)
    await worker.run_due()
    await due_now()
    await worker.run_due()
    assert [each.purpose for each in await people.told(application.id)] == ["application_received"]


@pytest.mark.parametrize("planted", [False, True])
async def test_what_is_not_so_any_more_is_not_told(
    planted: bool,
    people: People,
    worker: DueWork,
    due_now: Callable[[], Any],
    monkeypatch: pytest.MonkeyPatch,
    examined: Examined,
) -> None:
    """The planted defect plans once and looks at nothing again."""
    if planted:
        monkeypatch.setattr("core.automations.model.Step.misfit", lambda _step, _standing: None)
    job = await people.open_job()
    moved_back, reopened, withdrawn = [await people.applied(job) for _ in range(3)]
    await people.move(moved_back, INTERVIEW, job)
    await people.reject(reopened)
    there = await people.move(withdrawn, INTERVIEW, job)
    await worker.run_due()
    scope = people.scope()
    await scope.execute(
        MoveApplication(
            application_id=moved_back.id,
            from_stage_id=job.stages[INTERVIEW].id,
            to_stage_id=job.stages[REVIEWED].id,
        )
    )
    await scope.execute(ReopenApplication(application_id=reopened.id, reason="A mistake."))
    await scope.execute(WithdrawApplication(application_id=there.id, reason="pay"))
    TAKEN.clear()
    await worker.run_due()
    await due_now()
    await worker.run_due()
    assert len(TAKEN) == (3 if planted else 0)
    if not planted:
        assert (await people.planned(moved_back.id))[-1][1:] == ("skipped", "moved_on")
        assert (await people.planned(reopened.id))[-1][1:] == ("skipped", "no_longer_rejected")
        assert (await people.planned(withdrawn.id))[-1][1:] == ("skipped", "closed")
    examined("mails that would be wrong", 3)


async def test_a_rejection_waits_and_can_be_taken_back(
    people: People, worker: DueWork, due_now: Callable[[], Any], world: World
) -> None:
    job = await people.open_job()
    taken_back, rejected, duplicate = [await people.applied(job) for _ in range(3)]
    await worker.run_due()
    for each, reason in ((taken_back, "skills"), (rejected, "pay"), (duplicate, "duplicate")):
        await people.reject(each, reason)
    await worker.run_due()
    (step, _) = (await people.scope().ask(ListPlanned(application_id=taken_back.id))).items
    assert (step.due_at - step.happened_at).total_seconds() == 30 * 60
    command = TakeBack(application_id=taken_back.id, step_id=step.id)
    with pytest.raises(Forbidden):
        await people.scope("viewer").execute(command)
    other = Hiring(people.runtime, world, "globex")
    with pytest.raises(StepNotFound):
        await other.scope().execute(command)
    with pytest.raises(ApplicationNotFound):
        await other.scope().ask(ListPlanned(application_id=taken_back.id))
    assert (await people.scope().execute(command)).state == "taken_back"
    with pytest.raises(TooLateToTakeBack):
        await people.scope().execute(command)
    TAKEN.clear()
    await due_now()
    await worker.run_due()
    (mail,) = TAKEN
    assert mail.to.address.startswith("p")
    assert [each.purpose for each in await people.told(rejected.id)][-1] == "rejection"
    assert [key for key, _, _ in await people.planned(duplicate.id)] == ["application_received"]


async def test_surveys_are_asked_beside_other_mails_once_there_is_one(
    people: People, worker: DueWork, due_now: Callable[[], Any]
) -> None:
    admin, job = people.scope("admin"), await people.open_job()
    for key in ("survey_hired", "survey_rejected"):
        await admin.execute(ChangeRule(key=key, enabled=True))
    told: dict[str, list[str]] = {}
    for survey in (None, "https://acme.example/how-was-it"):
        await admin.execute(UpdateTenant(branding=Branding(survey_url=survey)))
        hired, rejected = await people.applied(job), await people.applied(job)
        await worker.run_due()
        await people.move(hired, -1, job)
        await people.reject(rejected)
        await worker.run_due()
        planned = (await people.scope().ask(ListPlanned(application_id=rejected.id))).items
        days = {each.rule_key: (each.due_at - each.happened_at).days for each in planned}
        assert (days["rejected"], days["survey_rejected"]) == (0, 7)
        await due_now()
        await worker.run_due()
        end = ("done", None) if survey else ("skipped", "nothing_to_say")
        assert (await people.planned(hired.id))[1:] == [("survey_hired", *end)]
        assert sorted((await people.planned(rejected.id))[1:]) == [
            ("rejected", "done", None),
            ("survey_rejected", *end),
        ]
        told = {
            each.purpose: re.findall(r"https://acme.example/how-was-it", each.text)
            for each in await people.told(rejected.id)
        }
        assert ("survey" in told) == (survey is not None)
    assert told["survey"], "the button leads to the survey"
    await admin.execute(UpdateTenant(branding=Branding()))


async def test_rules_are_switched_and_delayed_for_all_or_one_job(
    people: People, worker: DueWork, due_now: Callable[[], Any]
) -> None:
    admin = people.scope("admin")
    quiet, loud = await people.open_job(), await people.open_job()
    await admin.execute(ChangeRule(key="application_received", enabled=False))
    changed = await admin.execute(
        ChangeRule(key="application_received", job_id=loud.id, enabled=True, delay_minutes=0)
    )
    assert (changed.version, changed.is_default, changed.job_id) == (1, True, loud.id)
    for job, count in ((quiet, 0), (loud, 1)):
        application = await people.applied(job)
        await worker.run_due()
        assert len(await people.told(application.id)) == count
    # Switched off while it waits: it isn't sent.
    application = await people.applied(quiet)
    await people.reject(application)
    await worker.run_due()
    await admin.execute(ChangeRule(key="rejected", enabled=False))
    await due_now()
    await worker.run_due()
    assert (await people.planned(application.id))[-1] == ("rejected", "skipped", "switched_off")
    with pytest.raises(InvalidInput):
        await admin.execute(ChangeRule(key="rejected", job_id=JobId(uuid4()), enabled=False))
    with pytest.raises(Forbidden):
        await people.scope().execute(ChangeRule(key="rejected", enabled=False))


@pytest.mark.parametrize("source", ["import", "sourced"])
async def test_who_did_not_apply_hears_nothing(
    source: Any, people: People, worker: DueWork, due_now: Callable[[], Any]
) -> None:
    job = await people.open_job()
    application = await people.applied(job, source=source)
    moved = await people.move(application, INTERVIEW, job)
    await people.reject(moved)
    await worker.run_due()
    await due_now()
    await worker.run_due()
    assert await people.told(application.id) == []
    assert await people.planned(application.id) == []


async def test_an_event_that_comes_twice_is_told_once(
    people: People,
    plugged: Runtime,
    worker: DueWork,
    due_now: Callable[[], Any],
    database: TestDatabase,
) -> None:
    job = await people.open_job()
    application = await people.applied(job)
    await worker.run_due()
    connection = await asyncpg.connect(database.admin_url)
    done = await connection.execute(
        "UPDATE tasks SET finished_at = NULL, lease_until = NULL, sent_until = NULL "
        "WHERE subscriber = 'automations.follow'"
    )
    await connection.close()
    assert not done.endswith(" 0")
    await due_now()
    await worker.run_due()
    assert len(await people.told(application.id)) == 1
    assert handlers.TOO_LATE.total_seconds() == 24 * 3600


async def test_an_applicant_is_written_to_in_their_language_with_their_link(
    people: People, plugged: Runtime, worker: DueWork, due_now: Callable[[], Any]
) -> None:
    job = await people.open_job(title="Nachteule")
    stranger = plugged.scope(people.tenant.context, anonymous(people.tenant.id), "apply")
    receipt = await stranger.execute(
        Apply(
            form=AdmittedForm(uuid4().hex, job.id),
            full_name="Änne <b>Müller</b>",
            email="Aenne.Mueller@Example.com",
            phone="",
            answers={},
            resume=None,
            notice_version=0,
            language="de",
        )
    )
    await worker.run_due()
    application_id = await _application_of(people, job)
    (message,) = await people.told(application_id)
    assert message.subject == "Ihre Bewerbung als Nachteule ist angekommen"
    assert message.html is not None
    mail = next(each for each in TAKEN if each.id == message.id)
    shown = await people.scope("admin").execute(
        PreviewTemplate(kind="application_received", language="de", application_id=application_id)
    )
    assert shown.mail is not None
    for said in (mail.text, mail.html or ""):
        assert receipt.link in said
    for kept in (message.text, message.html, shown.mail.text, shown.mail.html or ""):
        assert receipt.link not in kept, "who reads it could withdraw the application"
        assert f"/careers/applications/{STAND_IN}" in kept
    assert "Änne &lt;b&gt;Müller&lt;/b&gt;" in message.html
    assert (await stranger.ask(FollowApplication(link=receipt.link))).job_title == "Nachteule"


async def test_who_applies_again_gets_the_first_link_by_mail_and_nothing_on_the_page(
    people: People, plugged: Runtime, worker: DueWork, database: TestDatabase, examined: Examined
) -> None:
    job = await people.open_job(title="Twice")
    stranger = plugged.scope(people.tenant.context, anonymous(people.tenant.id), "apply")

    async def send(email: str) -> str:
        form = Apply(
            form=AdmittedForm(uuid4().hex, job.id),
            full_name="Ada Twice",
            email=email,
            phone="",
            answers={},
            resume=None,
            notice_version=0,
        )
        link = (await stranger.execute(form)).link
        await worker.run_due()
        return link

    async def a_day_passes() -> None:
        connection = await asyncpg.connect(database.admin_url)
        await connection.execute(
            "UPDATE automation_steps SET happened_at = happened_at - interval '25 hours'"
        )
        await connection.close()

    first = await send("twice@example.com")
    application_id = await _application_of(people, job)
    second = await send("Twice@Example.com")
    assert len(await people.told(application_id)) == 1, "the mail with the link is there already"
    await people.move(await people.application(application_id), REVIEWED, job)
    await a_day_passes()
    third, fourth = await send("twice@example.com"), await send("twice@example.com")
    told = await people.told(application_id)
    assert len(told) == 2, "once a day, however many forms are sent"
    assert {each.to_address for each in told} == {"twice@example.com"}
    mail = next(each for each in TAKEN if each.id == told[1].id)
    assert first in mail.text
    for repeated in (second, third, fourth):
        assert repeated not in mail.text
        shown = await stranger.ask(FollowApplication(link=repeated))
        assert (shown.stage, shown.only_arrived) == (job.stages[APPLIED].name, True)
    assert (await stranger.ask(FollowApplication(link=first))).stage == job.stages[REVIEWED].name
    await a_day_passes()
    await people.scope("admin").execute(ChangeRule(key="application_received", enabled=False))
    await send("twice@example.com")
    await people.scope("admin").execute(ResetRule(key="application_received"))
    await people.reject(await people.application(application_id))
    assert len(await people.told(application_id)) == 2
    examined("repeated links", 3)


async def _application_of(people: People, job: JobView) -> ApplicationId:
    (row,) = (await people.scope().ask(ListApplications(job_id=job.id))).items
    return row.id


async def test_a_tenants_own_words_are_sent_and_only_its_own(
    people: People, worker: DueWork, world: World
) -> None:
    own = "Ahoy {{candidate_name}},\n\n{{job_title}} it is."
    await people.scope("admin").execute(
        ChangeTemplate(kind="application_received", language="en", subject="Ahoy", body=own)
    )
    application = await people.applied(await people.open_job(title="Sailor"))
    await worker.run_due()
    (message,) = await people.told(application.id)
    assert message.subject == "Ahoy"
    assert "Sailor it is." in message.text


async def test_interviews_are_told_with_their_time_where_they_are(
    people: People, worker: DueWork, due_now: Callable[[], Any], world: World
) -> None:
    admin, scope = people.scope("admin"), people.scope()
    await admin.execute(ChangeRule(key="interview_scheduled", delay_minutes=0))
    application = await people.applied(await people.open_job(title="Owl"))
    await worker.run_due()
    begins = datetime(2027, 3, 29, 12, 30, tzinfo=UTC)  # the clocks went forward the night before
    interview = await scope.execute(
        ScheduleInterview(
            application_id=application.id,
            kind="onsite",
            starts_at=begins,
            ends_at=begins + timedelta(minutes=45),
            time_zone="Europe/Berlin",
            interviewers=(world.acme.members["interviewer"].member_id,),
            location="Hauptstraße 1 <Berlin>",
        )
    )
    await worker.run_due()
    invitation = (await people.told(application.id))[-1]
    assert invitation.purpose == "interview_invitation"
    assert "29 March 2027" in invitation.subject
    for part in ("14:30 CEST", "45 minutes", "Hauptstraße 1 <Berlin>"):
        assert part in invitation.text, part
    assert "Hauptstraße 1 &lt;Berlin&gt;" in (invitation.html or "")
    (reminder, *_) = (await scope.ask(ListPlanned(application_id=application.id))).items
    assert (reminder.rule_key, reminder.due_at) == (
        "interview_reminder",
        begins - timedelta(days=1),
    )
    # Another time: the reminder of the old one is dropped, and the new one planned.
    later = begins + timedelta(days=2)
    await scope.execute(
        RescheduleInterview(
            interview_id=interview.id, starts_at=later, ends_at=later + timedelta(hours=1)
        )
    )
    await worker.run_due()
    steps = (await scope.ask(ListPlanned(application_id=application.id))).items
    found = {(each.rule_key, each.due_at): (each.state, each.reason) for each in steps}
    assert found["interview_reminder", reminder.due_at] == ("skipped", "interview_changed")
    assert found["interview_reminder", later - timedelta(days=1)] == ("planned", None)
    # Cancelled: that goes out, and neither the news of the new time nor the reminder.
    await scope.execute(CancelInterview(interview_id=interview.id, reason="Ill."))
    await worker.run_due()
    before = len(await people.told(application.id))
    await due_now()
    await worker.run_due()
    told = await people.told(application.id)
    assert [each.purpose for each in told[before:]] == ["cancelled"]
    steps = (await scope.ask(ListPlanned(application_id=application.id))).items
    assert {each.state for each in steps} == {"done", "skipped"}
