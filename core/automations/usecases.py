"""Rules and what they plan: looking, changing, taking back; and the task of what was planned."""

from msgspec import UNSET

from core.automations.contracts import (
    ChangeRule,
    ListPlanned,
    ListRules,
    Planned,
    ResetRule,
    Rules,
    RuleView,
    RunStep,
    StepView,
    TakeBack,
)
from core.automations.errors import RuleChanged, RuleNotFound, StepNotFound
from core.automations.events import AutomationChanged, AutomationReset
from core.automations.ports import Mail, RuleChanges, RuleStore, StepQueries, Steps
from core.automations.rules import Rule, RuleChange, default_rule, rules_for, view_of
from core.automations.running import end, run
from core.jobs.contracts import JobId
from core.ports.tasks import Tasks
from core.shared.access import Access, limited_to
from core.shared.actor import Actor
from core.shared.clock import Clock
from core.shared.events import Recorder
from core.shared.permissions import Action
from core.shared.usecase import handles


@handles(ListRules, action=Action.VIEW_TENANT)
async def list_rules(query: ListRules, *, rules: RuleChanges) -> Rules:
    """Return the rules as they hold."""
    return Rules(rules_for(query.job_id, await rules.changes(query.job_id)))


@handles(ChangeRule, action=Action.MANAGE_TENANT)
async def change_rule(
    command: ChangeRule, *, actor: Actor, rules: RuleStore, clock: Clock, recorder: Recorder
) -> RuleView:
    """Keep what is changed, from how the rule holds now."""
    rule = _rule(command.key)
    kept = await rules.hold(command.key, command.job_id)
    version = 0 if kept is None else kept.version
    if command.expected_version not in {None, version}:
        raise RuleChanged(
            "Somebody changed this automation after you opened it. Load it again.",
            current_version=version,
        )
    before = view_of(rule, kept or await _inherited(rules, command.key, command.job_id))
    change = RuleChange(
        key=command.key,
        job_id=command.job_id,
        enabled=before.enabled if command.enabled is UNSET else command.enabled,
        delay_minutes=(
            before.delay_minutes if command.delay_minutes is UNSET else command.delay_minutes
        ),
        version=version,
    )
    after = view_of(rule, change)
    if kept is not None and (after.enabled, after.delay_minutes) == (
        kept.enabled,
        kept.delay_minutes,
    ):
        return view_of(rule, kept)
    change.version += 1
    await rules.keep(change, actor.member_id, clock.now())
    after = view_of(rule, change)
    recorder.record(
        AutomationChanged(aggregate_id=actor.tenant_id, key=command.key, job_id=command.job_id),
        before=before,
        after=after,
    )
    return after


@handles(ResetRule, action=Action.MANAGE_TENANT)
async def reset_rule(
    command: ResetRule, *, actor: Actor, rules: RuleStore, recorder: Recorder
) -> RuleView:
    """Forget what was changed."""
    rule = _rule(command.key)
    kept = await rules.hold(command.key, command.job_id)
    inherited = await _inherited(rules, command.key, command.job_id)
    after = view_of(rule, inherited)
    if kept is None:
        return after
    await rules.remove(command.key, command.job_id)
    recorder.record(
        AutomationReset(aggregate_id=actor.tenant_id, key=command.key, job_id=command.job_id),
        before=view_of(rule, kept),
        after=after,
    )
    return after


@handles(ListPlanned, action=Action.VIEW_CANDIDATES)
async def list_planned(
    query: ListPlanned, *, actor: Actor, access: Access, steps: StepQueries
) -> Planned:
    """Return what is planned and what was."""
    found = await steps.of_application(query.application_id, limited_to(actor, access))
    return Planned(tuple(found))


@handles(TakeBack, action=Action.MOVE_APPLICATION)
async def take_back(
    command: TakeBack,
    *,
    actor: Actor,
    steps: Steps,
    tasks: Tasks,
    clock: Clock,
    recorder: Recorder,
) -> StepView:
    """Take it back. A worker that is at it already finds the step ended."""
    step = await steps.get_for_change(command.step_id)
    if step is None or step.application_id != command.application_id:
        raise StepNotFound(StepNotFound.TEXT)
    step.take_back(actor.member_id, clock.now())
    await tasks.cancel(step.task_key)
    await end(step, steps, recorder)
    return await steps.view(step.id)


@handles(RunStep, action=Action.MANAGE_TENANT)
async def run_step(
    command: RunStep,
    *,
    steps: Steps,
    rules: RuleChanges,
    mail: Mail,
    clock: Clock,
    recorder: Recorder,
) -> None:
    """Do what was planned, once."""
    step = await steps.get_for_change(command.step_id)
    if step is None or step.state != "planned":
        return
    standing = await steps.standing(step.application_id, step.interview_id)
    if standing is None:
        return
    known = rules_for(standing.job_id, await rules.changes(standing.job_id))
    rule = next((each for each in known if each.key == step.rule_key), None)
    await run(step, standing, rule, steps=steps, mail=mail, clock=clock, recorder=recorder)


def _rule(key: str) -> Rule:
    rule = default_rule(key)
    if rule is None:
        raise RuleNotFound(RuleNotFound.TEXT)
    return rule


async def _inherited(rules: RuleChanges, key: str, job_id: JobId | None) -> RuleChange | None:
    """Return what holds for every job, for a rule that is changed for one."""
    if job_id is None:
        return None
    changes = await rules.changes(None)
    return next((each for each in changes if each.key == key), None)
