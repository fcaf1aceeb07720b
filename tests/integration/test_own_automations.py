"""Rules of a workspace's own: through real events and real tasks, with loops that can't happen."""

from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import asyncpg
import pytest
import pytest_asyncio

from core.applications.contracts import (
    ApplicationView,
    AssignApplication,
    GetHistory,
    WithdrawApplication,
)
from core.automations import own_usecases
from core.automations.contracts import (
    ChangeAutomationSettings,
    ChangeRule,
    CreateRule,
    DeleteRule,
    ListPlanned,
    ListRules,
    LookForSilence,
    RuleView,
    ShowRule,
    StepView,
    TryRule,
)
from core.automations.definition import (
    AssignTo,
    IfAnswer,
    IfDepartment,
    IfStage,
    MoveTo,
    NotifyTeam,
    PutTag,
    RuleDefinition,
    SendMail,
    WhenApplied,
    WhenAssigned,
    WhenFeedbackMissing,
    WhenNoAnswer,
    WhenRejected,
    WhenStageReached,
    WhenWithdrawn,
    WriteNote,
)
from core.automations.errors import RuleIsDefault, RuleNotFound, TooManyRules
from core.candidates.contracts import CreateCandidate, GetCandidate, ListNotes
from core.jobs.contracts import JobView, QuestionSpec, SetJobStages, StageSpec
from core.messages.contracts import ListMessages
from core.notifications.contracts import ListNotifications
from core.ports.messaging import Messaging, OutgoingEmail, SentEmail
from core.shared.actor import system
from core.shared.errors import Forbidden, InvalidInput
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
            f"UPDATE messages SET created_at = created_at - {ago}",
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


async def test_silence_is_an_occasion_once(here: Workspace, days: Days) -> None:
    job = await here.open_job()
    rule = await here.rule(
        when=WhenNoAnswer(days=7), action=SendMail(template="status_update"), job_id=job.id
    )
    silent, answered = await here.applied(job), await here.applied(job)
    await days.work()
    await days.pass_by(8)
    await here.move(answered, REVIEWED, job)
    await days.work()
    robot = here.runtime.scope(here.tenant.context, system(here.tenant.id), "sweep")
    for _ in range(2):
        await robot.execute(LookForSilence())
        await days.work()
    assert await here.outcomes(silent, rule) == [("done", None)]
    assert await here.outcomes(answered, rule) == []
    # The mail that came of it begins no silence of its own.
    await days.run("UPDATE messages SET created_at = created_at - interval '180 hours'")
    await robot.execute(LookForSilence())
    assert len(await here.steps(silent, rule)) == 1
    # What had been silent when a rule was made stays so.
    later = await here.rule(name="later", when=WhenNoAnswer(days=3), action=PutTag(tag_name="old"))
    await robot.execute(LookForSilence())
    assert await here.outcomes(silent, later) == []


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
    tried = await here.scope("admin").ask(TryRule(definition=definition, job_id=job.id))
    assert (tried.days, tried.count, len(tried.items)) == (30, 2, 2), "who didn't apply is left out"
    assert {each.stage for each in tried.items} == {"Reviewed"}
    assert all(each.to_address for each in tried.items)
    await days.work()
    assert TAKEN == []
    for when in (WhenNoAnswer(days=1), WhenAssigned(), WhenFeedbackMissing(hours=1)):
        other = RuleDefinition(name="Try", when=when, action=PutTag(tag_name="x"))
        await here.scope("admin").ask(TryRule(definition=other))
    with pytest.raises(Forbidden):
        await here.scope().ask(TryRule(definition=definition))
