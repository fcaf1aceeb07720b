"""Rules of a workspace's own: through real events and real tasks, with loops that can't happen."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

import asyncpg
import pytest
import pytest_asyncio

from core.analytics.contracts import FigureFilter, GetHiringFigures
from core.applications.contracts import (
    ApplicationId,
    ApplicationView,
    AssignApplication,
    CreateBulkRejection,
    GetApplication,
    GetHistory,
    WithdrawApplication,
)
from core.automations import own_usecases, silence, trying
from core.automations.contracts import (
    ChangeAutomationSettings,
    ChangeRule,
    CreateRule,
    DeleteRule,
    DoNow,
    ListAllPlanned,
    ListPlanned,
    ListRules,
    ListWaitingRejections,
    LookForSilence,
    RewriteRule,
    RuleView,
    ShowRule,
    StepView,
    TakeBackMany,
    TryRule,
)
from core.automations.definition import (
    AssignTo,
    Condition,
    IfAnswer,
    IfAssignee,
    IfDepartment,
    IfJob,
    IfSource,
    IfStage,
    IfTag,
    MoveTo,
    NotifyTeam,
    PutTag,
    RuleDefinition,
    SendMail,
    When,
    WhenApplied,
    WhenAssigned,
    WhenFeedbackMissing,
    WhenInterviewAhead,
    WhenNoAnswer,
    WhenRejected,
    WhenStageReached,
    WhenWithdrawn,
    WriteNote,
)
from core.automations.errors import RuleChanged, RuleIsDefault, RuleNotFound, TooManyRules
from core.automations.quiet import QuietTimes
from core.candidates.contracts import CreateCandidate, GetCandidate, ListNotes
from core.interviews.contracts import ScheduleInterview, SubmitFeedback
from core.jobs.contracts import JobId, JobView, QuestionSpec, SetJobStages, StageSpec
from core.messages.contracts import ListMessages
from core.notifications.contracts import ListNotifications
from core.ports.messaging import Messaging, OutgoingEmail, SentEmail
from core.shared.actor import system
from core.shared.errors import Forbidden, InvalidInput
from core.shared.paging import PageRequest
from plugins.postgres.automation_facts import PostgresApplicationsKnown
from plugins.postgres.automations import PostgresRuleChanges
from plugins.sdk import PluginContext, PortAdapter
from tenants.due_work import DueWork
from tenants.runtime import Runtime
from tenants.settings import Settings
from tenants.tasks import TaskRunner
from tests.fixtures.databases import TestDatabase
from tests.fixtures.examined import Examined
from tests.fixtures.hiring import Hiring
from tests.fixtures.plugins import catalogue_of, enable, made_plugin, manifest_of, runtime_with
from tests.fixtures.workers_run import until
from tests.fixtures.worlds import World

APPLIED, REVIEWED, SHORTLISTED, INTERVIEW = 0, 1, 2, 3
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
        await enable(runtime, world.globex, "letters")
        yield runtime


@pytest.fixture(autouse=True)
def empty() -> None:
    TAKEN.clear()


class Workspace(Hiring):
    """A workspace with rules, and what they do."""

    async def applied(self, job: JobView, **fields: Any) -> ApplicationView:
        name = f"p{uuid4().hex[:8]}"
        about = {key: fields.pop(key) for key in ("location", "phones", "tags") if key in fields}
        candidate = await self.scope().execute(
            CreateCandidate(full_name=f"Ada {name}", emails=(f"{name}@example.com",), **about)
        )
        return await self.apply_as(candidate.id, job, **({"source": "careers"} | fields))

    async def rule(self, **parts: Any) -> RuleView:
        placed = {key: parts.pop(key) for key in ("job_id", "enabled") if key in parts}
        definition = RuleDefinition(**({"name": "Rule"} | parts))
        return await self.scope("admin").execute(CreateRule(definition=definition, **placed))

    async def steps(self, application: ApplicationView, rule: RuleView) -> list[StepView]:
        query = ListPlanned(application_id=application.id)
        items = (await self.scope().ask(query)).items
        return [each for each in reversed(items) if each.rule_key == rule.key]

    async def outcomes(
        self, application: ApplicationView, rule: RuleView
    ) -> list[tuple[str, str | None]]:
        return [(each.state, each.reason) for each in await self.steps(application, rule)]

    async def tried(
        self, when: When, conditions: tuple[Condition, ...] = (), job_id: JobId | None = None
    ) -> list[ApplicationId]:
        definition = RuleDefinition(
            name="Try", when=when, conditions=conditions, action=PutTag(tag_name="x")
        )
        command = TryRule(definition=definition, job_id=job_id)
        found = await self.scope("admin").execute(command)
        return [each.application_id for each in found.items]

    async def told(self, application: ApplicationView) -> list[str]:
        rows = (await self.scope().ask(ListMessages(application_id=application.id))).items
        return [each.purpose for each in reversed(rows)]


class Days:
    """Moves what was written into the past, and lets work be due."""

    def __init__(self, database: TestDatabase, worker: DueWork) -> None:
        self._database = database
        self._worker = worker

    async def run(self, *statements: str) -> None:
        connection = await asyncpg.connect(self._database.admin_url)
        for each in statements:
            await connection.execute(each)
        await connection.close()

    async def work(self) -> None:
        await self._worker.run_due()

    async def everything_is_due(self) -> None:
        await self.run(
            "UPDATE tasks SET run_at = now() - interval '1 second' "
            "WHERE finished_at IS NULL AND dead_at IS NULL"
        )
        await self.work()

    async def pass_by(self, days: int) -> None:
        """What happened, happened so many days earlier; rules have held for longer."""
        ago = f"interval '{days} days'"
        await self.run(
            "ALTER TABLE stage_changes DISABLE TRIGGER USER",
            f"UPDATE stage_changes SET at = at - {ago}",
            "ALTER TABLE stage_changes ENABLE TRIGGER USER",
            f"UPDATE applications SET applied_at = applied_at - {ago}, "
            f"stage_entered_at = stage_entered_at - {ago}",
            f"UPDATE messages SET created_at = created_at - {ago}, sent_at = sent_at - {ago}",
            f"UPDATE automation_steps SET happened_at = happened_at - {ago}",
            f"UPDATE own_automations SET active_since = active_since - {ago}",
        )


@pytest.fixture
def here(plugged: Runtime, world: World) -> Workspace:
    return Workspace(plugged, world)


@pytest.fixture
def days(plugged: Runtime, database: TestDatabase) -> Days:
    return Days(database, DueWork(TaskRunner(plugged), database.relay_url))


@pytest_asyncio.fixture(autouse=True)
async def without_rules(here: Workspace) -> AsyncIterator[None]:
    yield
    admin = here.scope("admin")
    for rule in (await admin.ask(ListRules())).items:
        if rule.id is not None:
            await admin.execute(DeleteRule(key=rule.key))
    await admin.execute(ChangeAutomationSettings(quiet_hours=None))


async def test_each_action_does_what_it_says(here: Workspace, days: Days, world: World) -> None:
    job = await here.open_job(department="Sales")
    viewer = here.tenant.members["interviewer"].member_id
    when = WhenStageReached(stage_name="reviewed")
    conditions = (IfDepartment(departments=("SALES",)), IfStage(stages=("Reviewed",)))
    actions = {
        "send": SendMail(template="status_update"),
        "assign": AssignTo(member_id=viewer),
        "note": WriteNote(text="Was reviewed."),
        "tag": PutTag(tag_name="reviewed"),
        "move": MoveTo(stage_name="Shortlisted", moves_by_itself=True),
    }
    rules = {
        name: await here.rule(name=name, when=when, conditions=conditions, action=action)
        for name, action in actions.items()
    }
    application = await here.applied(job)
    elsewhere = await here.applied(await here.open_job(department="Marketing"))
    await here.move(application, REVIEWED, job)
    await days.work()
    for name, rule in rules.items():
        assert await here.outcomes(application, rule) == [("done", None)], name
        assert await here.outcomes(elsewhere, rule) == [], name
    assert "status_update" in await here.told(application)
    candidate_id = application.candidate_id
    candidate = await here.scope().ask(GetCandidate(candidate_id=candidate_id))
    assert candidate.tags == ("reviewed",)
    (note,) = (await here.scope().ask(ListNotes(candidate_id=candidate_id))).items
    assert (note.text, note.author_name) == ("Was reviewed.", "Automation: note")
    history = await here.scope().ask(GetHistory(application_id=application.id))
    assert history.changes[-1].to_stage == "Shortlisted"
    assert history.changes[-1].reason == "Automation: move"
    assert history.changes[-1].by is None
    assert history.assignments[-1].to_member is not None


async def test_what_members_do_at_the_same_time_stays(
    here: Workspace, days: Days, database: TestDatabase
) -> None:
    """A rule that assigns or tags looks again once it has waited for whoever changes the same."""
    job, members = await here.open_job(), here.tenant.members
    giving = await here.rule(
        when=WhenApplied(),
        delay_minutes=60,
        action=AssignTo(member_id=members["interviewer"].member_id),
        job_id=job.id,
    )
    tagging = await here.rule(
        when=WhenApplied(), delay_minutes=60, action=PutTag(tag_name="rule"), job_id=job.id
    )
    application = await here.applied(job)
    await days.work()
    planned = [(await here.steps(application, rule))[0].id for rule in (giving, tagging)]
    connection = await asyncpg.connect(database.admin_url)
    try:
        async with connection.transaction():
            recruiter = members["recruiter"].member_id
            await connection.execute(
                "UPDATE applications SET assignee_id = $1 WHERE id = $2", recruiter, application.id
            )
            await connection.execute(
                "UPDATE candidates SET tags = ARRAY['member'] WHERE id = $1",
                application.candidate_id,
            )
            doing = [
                asyncio.create_task(here.scope().execute(DoNow(step_ids=(each,))))
                for each in planned
            ]
            await until(connection, _BOTH_WAIT)
        await asyncio.gather(*doing)
    finally:
        await connection.close()
    assert await here.outcomes(application, giving) == [("skipped", "as_it_is")]
    assert await here.outcomes(application, tagging) == [("done", None)]
    found = await here.scope().ask(GetApplication(application_id=application.id))
    assert found.assignee is not None
    assert found.assignee.member_id == recruiter
    candidate = await here.scope().ask(GetCandidate(candidate_id=application.candidate_id))
    assert candidate.tags == ("member", "rule")


_BOTH_WAIT = (
    "SELECT count(*) = 2 FROM pg_stat_activity "
    "WHERE datname = current_database() AND wait_event_type = 'Lock'"
)


async def test_the_team_is_notified(here: Workspace, days: Days) -> None:
    rule = await here.rule(
        when=WhenWithdrawn(), action=NotifyTeam(who="assignee", text="Ask them why.")
    )
    nobody, somebody = [await here.applied(await here.open_job()) for _ in range(2)]
    recruiter = here.tenant.members["recruiter"].member_id
    await here.scope("admin").execute(
        AssignApplication(application_id=somebody.id, assignee_id=recruiter)
    )
    for each in (nobody, somebody):
        await here.scope("admin").execute(WithdrawApplication(application_id=each.id, reason="pay"))
    await days.work()
    assert await here.outcomes(nobody, rule) == [("skipped", "nobody_to_tell")]
    assert await here.outcomes(somebody, rule) == [("done", None)]
    inbox = await here.scope().ask(ListNotifications(type="automation"))
    (told,) = [each for each in inbox.items if each.application_id == somebody.id]
    assert told.title.endswith(": Ask them why.")


async def test_answers_decide(here: Workspace, days: Days) -> None:
    asked = QuestionSpec(kind="yes_no", label="Do you need a visa?")
    job = await here.open_job(questions=(asked,))
    question = job.questions[0].id
    rule = await here.rule(
        when=WhenApplied(),
        conditions=(IfAnswer(operator="is", value="yes", question="do you need a  VISA?"),),
        action=PutTag(tag_name="visa"),
    )
    needs = await here.applied(job, answers={question: True})
    free = await here.applied(job, answers={question: False})
    silent = await here.applied(job)
    await days.work()
    assert await here.outcomes(needs, rule) == [("done", None)]
    assert await here.outcomes(free, rule) == await here.outcomes(silent, rule) == []


@pytest.mark.parametrize("planted", [False, True])
async def test_rules_that_follow_one_another_end(
    planted: bool,
    here: Workspace,
    days: Days,
    monkeypatch: pytest.MonkeyPatch,
    examined: Examined,
) -> None:
    """The planted defect lets four times as many follow one another, which is found. Without any
    bound it never ends.
    """
    if planted:
        monkeypatch.setattr("core.automations.planning.MAX_DEPTH", 12)
    job = await here.open_job()
    there = await here.rule(
        name="there",
        when=WhenStageReached(stage_name="Reviewed"),
        action=MoveTo(stage_name="Shortlisted", moves_by_itself=True),
    )
    back = await here.rule(
        name="back",
        when=WhenStageReached(stage_name="Shortlisted"),
        action=MoveTo(stage_name="Reviewed", moves_by_itself=True),
    )
    application = await here.applied(job)
    await here.move(application, REVIEWED, job)
    await days.work()
    forth = await here.outcomes(application, there)
    home = await here.outcomes(application, back)
    if planted:
        assert len(forth) + len(home) == 13, "the planted defect wasn't found"
        return
    assert forth == [("done", None), ("done", None)]
    assert home == [("done", None), ("skipped", "too_deep")]
    examined("rules that followed one another", len(forth) + len(home))


@pytest.mark.parametrize("planted", [False, True], ids=["sound", "planted"])
async def test_silence_is_an_occasion_once(here: Workspace, days: Days, planted: bool) -> None:
    """Figures, and so promised answers, agree with rules on since when it is silent.

    The planted defect takes the mail that silence caused, and the one that came of that, for words.
    """
    job = await here.open_job()
    rule = await here.rule(
        when=WhenNoAnswer(days=7), action=SendMail(template="status_update"), job_id=job.id
    )
    forth = await here.rule(
        when=WhenNoAnswer(days=7),
        action=MoveTo(stage_name="Shortlisted", moves_by_itself=True),
        job_id=job.id,
    )
    follows = await here.rule(
        when=WhenStageReached(stage_name="Shortlisted"),
        action=SendMail(template="status_update"),
        job_id=job.id,
    )
    silent, moved, answered = [await here.applied(job) for _ in range(3)]
    sourced = await here.applied(job, source="sourced")
    await days.work()
    before = await since_when(here, job)
    assert before.keys() == {silent.id, moved.id, answered.id}
    await days.pass_by(8)
    await here.move(moved, REVIEWED, job)
    hears = await here.rule(
        when=WhenStageReached(stage_name="Interview"),
        action=SendMail(template="interview_invitation"),
        job_id=job.id,
    )
    await here.move(answered, INTERVIEW, job)
    await days.work()
    await days.everything_is_due()
    robot = here.runtime.scope(here.tenant.context, system(here.tenant.id), "sweep")
    for _ in range(2):
        await robot.execute(LookForSilence())
        await days.work()
    assert "status_update" in await here.told(answered), "of the stage, since a member moved it"
    # A move by itself tells the candidate nothing.
    for each in (silent, moved):
        for by in (rule, forth, follows):
            assert await here.outcomes(each, by) == [("done", None)]
    for each in (answered, sourced):
        assert await here.outcomes(each, rule) == await here.outcomes(each, forth) == []
    assert len(await here.outcomes(answered, hears)) == 1
    if planted:
        await days.run("UPDATE automation_steps SET after_silence = false")
    days_ago = {key: at - timedelta(days=8) for key, at in before.items()}
    now = await since_when(here, job)
    assert now[answered.id] > days_ago[answered.id] + timedelta(days=8)
    found = {key: at for key, at in now.items() if key != answered.id}
    expected = {silent.id: days_ago[silent.id], moved.id: days_ago[moved.id]}
    assert (found == expected) is not planted
    # The mails that came of it begin no silence of their own.
    await days.pass_by(8)
    await robot.execute(LookForSilence())
    assert len(await here.steps(silent, rule)) == (2 if planted else 1)
    # What had been silent when a rule was made stays so.
    later = await here.rule(name="later", when=WhenNoAnswer(days=3), action=PutTag(tag_name="old"))
    await robot.execute(LookForSilence())
    assert await here.outcomes(silent, later) == []


async def test_many_silences_are_reacted_to_run_by_run(
    here: Workspace, days: Days, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither those that a rule knows nor those that it isn't about keep it from the others."""
    job = await here.open_job()
    rule = await here.rule(
        when=WhenNoAnswer(days=7),
        conditions=(IfTag(tag_name="meant"),),
        action=PutTag(tag_name="told"),
        job_id=job.id,
    )
    tags = ((), ("meant",), (), ("meant",), ("meant",))
    applied = [await here.applied(job, tags=each) for each in tags]
    await days.work()
    await days.pass_by(8)
    robot = here.runtime.scope(here.tenant.context, system(here.tenant.id), "sweep")
    monkeypatch.setattr(silence, "MOST_AT_ONCE", 2)
    monkeypatch.setattr(silence, "_BATCH", 1)
    for expected in (2, 3, 3):
        await robot.execute(LookForSilence())
        told = [await here.outcomes(each, rule) for each in applied]
        assert sum(each == [("done", None)] for each in told) == expected
        assert told[0] == told[2] == []


async def since_when(here: Workspace, job: JobView) -> dict[Any, datetime]:
    """Return since when candidates have heard nothing, as figures have it and as rules do."""
    query = GetHiringFigures(where=FigureFilter(job_id=job.id), fresh=True)
    figures = (await here.scope().ask(query)).response.longest
    async with here.runtime.database.unit(here.tenant.id) as unit:
        known = PostgresApplicationsKnown(unit.all, str)
        ever = (datetime(2000, 1, 1, tzinfo=UTC), datetime.now(UTC))
        found = await known.silent(*ever, job.id, None, 100)
        single = {each.application_id: await known.last_word(each.application_id) for each in found}
    rules = {each.application_id: each.since for each in found}
    assert rules == {each.application_id: each.last_word_at for each in figures} == single
    return dict(rules)


async def test_what_is_gone_needs_attention_and_does_nothing(here: Workspace, days: Days) -> None:
    job = await here.open_job()
    stage = job.stages[SHORTLISTED]
    rule = await here.rule(
        when=WhenStageReached(stage_name="Reviewed"),
        action=MoveTo(stage_id=stage.id, moves_by_itself=True),
        job_id=job.id,
    )
    assert rule.attention == ()
    left = tuple(
        StageSpec(name=each.name, kind=each.kind, id=each.id)
        for each in job.stages
        if each.id != stage.id
    )
    await here.scope("admin").execute(SetJobStages(job_id=job.id, stages=left))
    (gone,) = (await here.scope("admin").ask(ShowRule(key=rule.key))).attention
    assert (gone.field, gone.code) == ("action.stage_id", "gone")
    application = await here.applied(job)
    await here.move(application, REVIEWED, job)
    await days.work()
    assert await here.outcomes(application, rule) == [("skipped", "needs_attention")]
    await days.run("UPDATE own_automations SET definition = '{\"when\": 5}'")
    (unreadable,) = (await here.scope("admin").ask(ShowRule(key=rule.key))).attention
    assert unreadable.code == "unreadable"
    other = await here.applied(job)
    await here.move(other, REVIEWED, job)
    await days.work()
    assert await here.outcomes(other, rule) == []


async def test_bad_rules_are_refused_by_field(here: Workspace, world: World) -> None:
    foreign = Workspace(here.runtime, world, "globex")
    before_any_job = await foreign.rule(
        when=WhenStageReached(stage_name="shortlisted"), action=PutTag(tag_name="x")
    )
    await foreign.scope("admin").execute(DeleteRule(key=before_any_job.key))
    their_job = await foreign.open_job()
    cases: list[tuple[dict[str, Any], str]] = [
        (
            {"when": WhenNoAnswer(days=2), "delay_minutes": 5, "action": PutTag(tag_name="x")},
            "delay_minutes",
        ),
        (
            {"when": WhenApplied(), "action": MoveTo(stage_name="Reviewed")},
            "action.moves_by_itself",
        ),
        ({"when": WhenApplied(), "action": MoveTo(moves_by_itself=True)}, "action.stage_name"),
        (
            {"when": WhenApplied(), "action": MoveTo(stage_name="Nowhere", moves_by_itself=True)},
            "action.stage_name",
        ),
        (
            {"when": WhenRejected(), "action": MoveTo(stage_name="Reviewed", moves_by_itself=True)},
            "action",
        ),
        ({"when": WhenApplied(), "action": NotifyTeam(who="interviewers", text="x")}, "action.who"),
        (
            {
                "when": WhenStageReached(stage_id=their_job.stages[0].id),
                "action": PutTag(tag_name="x"),
            },
            "when.stage_id",
        ),
        (
            {
                "when": WhenApplied(),
                "action": AssignTo(member_id=world.globex.members["admin"].member_id),
            },
            "action.member_id",
        ),
        (
            {
                "when": WhenApplied(),
                "conditions": (IfAnswer(operator="is", value="yes"),),
                "action": PutTag(tag_name="x"),
            },
            "conditions.0.question",
        ),
        ({"when": WhenApplied(), "action": PutTag(tag_name="x"), "job_id": their_job.id}, "job_id"),
    ]
    for parts, field in cases:
        with pytest.raises(InvalidInput) as refused:
            await here.rule(**parts)
        assert field in {each.field for each in refused.value.fields}, (parts, refused.value.fields)


async def test_rules_stay_in_their_workspace(here: Workspace, days: Days, world: World) -> None:
    foreign = Workspace(here.runtime, world, "globex")
    theirs = await foreign.rule(when=WhenApplied(), action=PutTag(tag_name="theirs"))
    application = await here.applied(await here.open_job())
    await days.work()
    assert await here.outcomes(application, theirs) == []
    admin = here.scope("admin")
    assert theirs.key not in {each.key for each in (await admin.ask(ListRules())).items}
    with pytest.raises(RuleNotFound):
        await admin.ask(ShowRule(key=theirs.key))
    with pytest.raises(RuleNotFound):
        await admin.execute(DeleteRule(key=theirs.key))
    with pytest.raises(RuleNotFound):
        await admin.execute(ChangeRule(key=theirs.key, enabled=False))
    with pytest.raises(RuleIsDefault):
        await admin.execute(DeleteRule(key="rejected"))
    with pytest.raises(Forbidden):
        await here.scope().execute(DeleteRule(key=theirs.key))
    await foreign.scope("admin").execute(DeleteRule(key=theirs.key))


async def test_there_are_at_most_so_many(here: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(own_usecases, "MAX_OWN_RULES", 1)
    await here.rule(when=WhenApplied(), action=PutTag(tag_name="x"))
    with pytest.raises(TooManyRules, match="at most 1"):
        await here.rule(when=WhenApplied(), action=PutTag(tag_name="y"))


async def test_a_dry_run_tells_what_would_have_been(here: Workspace, days: Days) -> None:
    job = await here.open_job()
    for number in range(3):
        application = await here.applied(job, source="careers" if number else "import")
        await here.move(application, REVIEWED, job)
    await days.work()
    TAKEN.clear()
    definition = RuleDefinition(
        name="Try",
        when=WhenStageReached(stage_name="Reviewed"),
        action=SendMail(template="status_update"),
    )
    tried = await here.scope("admin").execute(TryRule(definition=definition, job_id=job.id))
    assert (tried.days, tried.count, len(tried.items)) == (30, 2, 2), "who didn't apply is left out"
    assert {each.stage for each in tried.items} == {"Reviewed"}
    assert all(each.to_address for each in tried.items)
    await days.work()
    assert TAKEN == []
    assert tried.is_whole
    for when in (WhenAssigned(), WhenFeedbackMissing(hours=1)):
        other = RuleDefinition(name="Try", when=when, action=PutTag(tag_name="x"))
        await here.scope("admin").execute(TryRule(definition=other))
    with pytest.raises(Forbidden):
        await here.scope().execute(TryRule(definition=definition))


async def test_a_dry_run_reads_only_what_the_rule_is_about(
    here: Workspace, days: Days, monkeypatch: pytest.MonkeyPatch, examined: Examined
) -> None:
    hulls, engines = await here.open_job(department="Hulls"), await here.open_job(department="X")
    meant, other = await here.applied(hulls), await here.applied(engines)
    for application, job in ((meant, hulls), (other, engines)):
        await here.move(application, REVIEWED, job)
    of_hulls = (IfDepartment(departments=("hulls",)), IfJob(job_ids=(hulls.id, engines.id)))
    whens = (WhenApplied(), WhenStageReached(stage_name="reviewed"), WhenNoAnswer(days=3))
    asked: list[int] = []
    facts = PostgresApplicationsKnown.facts

    async def counted(self: PostgresApplicationsKnown, wanted: Any) -> Any:
        asked.append(len(wanted))
        return await facts(self, wanted)

    monkeypatch.setattr(PostgresApplicationsKnown, "facts", counted)
    for when in whens:
        if isinstance(when, WhenNoAnswer):
            assert await here.tried(when, of_hulls) == [], "it isn't silent yet"
            await days.pass_by(5)
        assert await here.tried(when, of_hulls) == [meant.id]
        assert await here.tried(when, job_id=engines.id) == [other.id]
    assert asked == [1] * (2 * len(whens)), "of the other job nothing is read"
    # The same is told in batches, no more is read once there is enough, and too much is said.
    both = (IfJob(job_ids=(hulls.id, engines.id)),)
    definition = RuleDefinition(
        name="Try", when=WhenApplied(), conditions=both, action=PutTag(tag_name="x")
    )
    for limits, told in (
        ({"_LEAST": 1, "MOST": 1}, (2, True, [2])),
        ({"_LEAST": 1, "MOST": 0}, (1, True, [1])),
        ({"READ": 1}, (1, False, [1])),
        ({"READ": 2}, (2, False, [2])),
    ):
        asked.clear()
        with monkeypatch.context() as patch:
            for name, limit in limits.items():
                patch.setattr(trying, name, limit)
            found = await here.scope("admin").execute(TryRule(definition=definition))
        assert (found.count, found.is_whole, asked) == told, limits
    with_few_left = RuleDefinition(
        name="Try",
        when=WhenApplied(),
        conditions=(IfSource(sources=("careers",)), *both),
        action=PutTag(tag_name="x"),
    )
    with monkeypatch.context() as patch:
        patch.setattr(trying, "MOST", 1)
        patch.setattr(trying, "_LEAST", 1)
        await here.applied(hulls, source="import")
        asked.clear()
        found = await here.scope("admin").execute(TryRule(definition=with_few_left))
    assert (found.count, found.is_whole, asked) == (2, True, [2, 1])
    nowhere = (IfDepartment(departments=("nowhere",)),)
    assert await here.tried(WhenApplied(), nowhere) == []
    assert await here.tried(WhenNoAnswer(days=3), nowhere) == []
    examined("triggers", len(whens))


def around(zone: str) -> tuple[QuietTimes, datetime]:
    """Quiet hours that last for another hour there, and when they end."""
    there = datetime.now(ZoneInfo(zone)).replace(second=0, microsecond=0)
    hours = QuietTimes(f"{there - timedelta(hours=1):%H:%M}", f"{there + timedelta(hours=1):%H:%M}")
    return hours, (there + timedelta(hours=1)).astimezone(UTC)


async def test_quiet_hours_hold_where_the_candidate_is(
    here: Workspace, days: Days, examined: Examined
) -> None:
    hours, ends = around("America/New_York")
    await here.scope("admin").execute(ChangeAutomationSettings(quiet_hours=hours))
    rule = await here.rule(when=WhenApplied(), action=SendMail(template="status_update"))
    job, in_new_york = await here.open_job(), await here.open_job(location="New York")
    held = [
        await here.applied(job, location="New York, USA"),
        await here.applied(job, phones=("+12125550123",)),
        await here.applied(in_new_york),
    ]
    free = await here.applied(in_new_york, location="Tokyo")
    await days.work()
    for each in held:
        (step,) = await here.steps(each, rule)
        assert (step.state, step.due_at) == ("planned", ends)
        assert step.wanted_at is not None
        assert await here.told(each) == []
    assert await here.outcomes(free, rule) == [("done", None)]
    # A worker that comes too early, or hours that were changed: it is held on, and not dropped.
    await days.everything_is_due()
    for each in held:
        assert await here.outcomes(each, rule) == [("planned", None)]
    await here.scope("admin").execute(ChangeAutomationSettings(quiet_hours=None))
    await days.everything_is_due()
    await days.everything_is_due()
    for each in held:
        assert await here.outcomes(each, rule) == [("done", None)]
        assert sorted(await here.told(each)) == ["application_received", "status_update"]
    examined("candidates in a night", len(held))


async def test_what_is_planned_is_taken_back_or_done_at_once(
    here: Workspace, days: Days, world: World
) -> None:
    hours, _ = around("UTC")
    rule = await here.rule(
        when=WhenApplied(), action=SendMail(template="status_update"), delay_minutes=60
    )
    applied = [await here.applied(await here.open_job(location="Reykjavik")) for _ in range(3)]
    await days.work()
    await here.scope("admin").execute(ChangeAutomationSettings(quiet_hours=hours))
    (back,), (now,), (late,) = [await here.steps(each, rule) for each in applied]
    query = ListAllPlanned(rule_key=rule.key, page=PageRequest(limit=2))
    first = await here.scope().ask(query)
    assert [each.id for each in first.items] == [back.id, now.id]
    rest = await here.scope().ask(
        ListAllPlanned(rule_key=rule.key, page=PageRequest(cursor=first.next_cursor))
    )
    assert [each.id for each in rest.items] == [late.id]
    one_job = ListAllPlanned(job_id=applied[0].job_id, rule_key=rule.key)
    assert [each.id for each in (await here.scope().ask(one_job)).items] == [back.id]
    foreign = Workspace(here.runtime, world, "globex")
    assert (await foreign.scope().ask(query)).items == []
    stolen = await foreign.scope().execute(TakeBackMany(step_ids=(back.id,)))
    assert [each.result for each in stolen.items] == ["not_found"]
    with pytest.raises(Forbidden):
        await here.scope("viewer").execute(DoNow(step_ids=(now.id,)))
    taken = await here.scope().execute(TakeBackMany(step_ids=(back.id,)))
    assert [each.result for each in taken.items] == ["taken_back"]
    again = await here.scope().execute(TakeBackMany(step_ids=(back.id,)))
    assert [each.result for each in again.items] == ["too_late"]
    done = await here.scope().execute(DoNow(step_ids=(now.id,)))
    assert [each.result for each in done.items] == ["done"], "whatever the hour"
    await here.scope("admin").execute(ChangeAutomationSettings(quiet_hours=None))
    await here.scope("admin").execute(DeleteRule(key=rule.key))
    await days.everything_is_due()
    assert [await here.outcomes(each, rule) for each in applied] == [
        [("taken_back", None)],
        [("done", None)],
        [("skipped", "deleted")],
    ]
    assert [(await here.told(each)).count("status_update") for each in applied] == [0, 1, 0]
    with pytest.raises(InvalidInput):
        await here.scope().execute(DoNow(step_ids=()))


async def test_what_waits_of_a_bulk_rejection_is_told(
    here: Workspace, days: Days, monkeypatch: pytest.MonkeyPatch
) -> None:
    rule = await here.rule(
        name="Kind words", when=WhenRejected(), action=SendMail(template="survey"), delay_minutes=5
    )
    job = await here.open_job()
    told, sourced = await here.applied(job), await here.applied(job, source="sourced")
    others = [(await here.applied(job)).id for _ in range(3)]
    bulk = await here.scope().execute(
        CreateBulkRejection(
            application_ids=(told.id, sourced.id, *others), reason="skills", delay_minutes=60
        )
    )
    asked: list[Any] = []
    changes = PostgresRuleChanges.changes

    async def counted(self: PostgresRuleChanges, job_id: Any) -> Any:
        asked.append(job_id)
        return await changes(self, job_id)

    monkeypatch.setattr(PostgresRuleChanges, "changes", counted)
    found = (await here.scope().ask(ListWaitingRejections())).items
    assert asked.count(job.id) == 1, "once for a job, not for each of its applications"
    (held,) = [each for each in found if each.bulk_rejection_id == bulk.id]
    mails = {each.application_id: (each.mails, each.mail_at) for each in held.items}
    assert mails[told.id] == (("Rejection", rule.name), bulk.effective_at + timedelta(minutes=5))
    assert mails[sourced.id] == ((), None)
    with pytest.raises(Forbidden):
        await here.scope("interviewer").ask(ListWaitingRejections())


async def test_conditions_are_looked_at_again_and_a_rewritten_rule_holds_from_then_on(
    here: Workspace, days: Days
) -> None:
    job = await here.open_job()
    recruiter = here.tenant.members["recruiter"].member_id
    rule = await here.rule(
        when=WhenApplied(),
        conditions=(IfAssignee(has=False),),
        delay_minutes=10,
        action=PutTag(tag_name="alone"),
    )
    application = await here.applied(job)
    await days.work()
    await here.scope().execute(
        AssignApplication(application_id=application.id, assignee_id=recruiter)
    )
    await days.everything_is_due()
    assert await here.outcomes(application, rule) == [("skipped", "conditions")]
    rewritten = RuleDefinition(name="Other", when=WhenAssigned(), action=PutTag(tag_name="given"))
    admin = here.scope("admin")
    with pytest.raises(RuleChanged):
        await admin.execute(
            RewriteRule(key=rule.key, definition=rewritten, expected_version=rule.version + 1)
        )
    view = await admin.execute(RewriteRule(key=rule.key, definition=rewritten))
    assert (view.name, view.trigger, view.version) == ("Other", "assigned", 2)
    other = await here.applied(job)
    await here.scope().execute(AssignApplication(application_id=other.id, assignee_id=recruiter))
    await days.work()
    assert await here.outcomes(other, rule) == [("done", None)]
    assert len(await here.steps(application, rule)) == 1, "what was before isn't looked at"


async def test_interviews_are_told_ahead_and_their_feedback_is_asked_for(
    here: Workspace, days: Days
) -> None:
    ahead = await here.rule(
        when=WhenInterviewAhead(hours=2), action=SendMail(template="interview_reminder")
    )
    asked = await here.rule(
        when=WhenFeedbackMissing(hours=24), action=NotifyTeam(who="interviewers", text="Please.")
    )
    interviewer = here.tenant.members["interviewer"].member_id
    starts = datetime.now(UTC).replace(microsecond=0) + timedelta(days=3)
    missing, given = (
        await here.applied(await here.open_job()),
        await here.applied(await here.open_job()),
    )
    for place, application in enumerate((missing, given)):
        begins = starts + timedelta(hours=2 * place)
        await here.scope().execute(
            ScheduleInterview(
                application_id=application.id,
                kind="video",
                starts_at=begins,
                ends_at=begins + timedelta(hours=1),
                time_zone="Europe/Berlin",
                interviewers=(interviewer,),
            )
        )
    await days.work()
    (reminder,), (question,) = await here.steps(missing, ahead), await here.steps(missing, asked)
    assert reminder.due_at == starts - timedelta(hours=2)
    assert question.due_at == starts + timedelta(hours=25)
    await here.scope("interviewer").execute(
        SubmitFeedback(application_id=given.id, recommendation="yes", comment="Good.")
    )
    await days.run("UPDATE feedback SET updated_at = now() + interval '5 days'")
    await days.everything_is_due()
    assert await here.outcomes(missing, ahead) == [("done", None)]
    assert await here.outcomes(missing, asked) == [("done", None)]
    assert await here.outcomes(given, asked) == [("skipped", "feedback_given")]


async def test_a_step_is_done_once_however_often_its_task_is_run(
    here: Workspace, days: Days, examined: Examined
) -> None:
    rule = await here.rule(when=WhenApplied(), action=WriteNote(text="Once."), delay_minutes=5)
    applied = [await here.applied(await here.open_job()) for _ in range(5)]
    await days.work()
    for _ in range(3):
        await days.everything_is_due()
        await days.run(
            "UPDATE tasks SET finished_at = NULL, lease_until = NULL, sent_until = NULL "
            "WHERE kind = 'automation_step' OR subscriber = 'automations.follow'"
        )
    await days.everything_is_due()
    for each in applied:
        assert await here.outcomes(each, rule) == [("done", None)]
        notes = await here.scope().ask(ListNotes(candidate_id=each.candidate_id))
        assert len(notes.items) == 1
    examined("steps", len(applied))
