"""What rules planned and did: looking, taking back, doing now; and the task of what was planned."""

from collections.abc import Mapping, Sequence
from datetime import timedelta

import msgspec

from core.automations.contracts import (
    MAX_AT_ONCE,
    DoNow,
    HeldRejection,
    HeldRejections,
    ListAllPlanned,
    ListPlanned,
    ListWaitingRejections,
    Planned,
    RuleView,
    RunStep,
    StepId,
    StepOutcome,
    StepOutcomes,
    StepView,
    TakeBack,
    TakeBackMany,
    WaitingRejections,
)
from core.automations.definition import SendMail
from core.automations.errors import StepNotFound
from core.automations.facts import Facts, first_that_fails
from core.automations.model import Step
from core.automations.own import OwnRule
from core.automations.planning import NOT_APPLIED, promise
from core.automations.ports import ApplicationsKnown, Desk, OwnRules, RuleChanges, StepQueries
from core.automations.quiet import time_to_send
from core.automations.rules import Occasion, rules_for, rules_that_apply
from core.automations.running import end, run
from core.jobs.contracts import JobId
from core.shared.access import Access, limited_to
from core.shared.actor import Actor
from core.shared.clock import Clock
from core.shared.errors import FieldError, InvalidInput
from core.shared.paging import Page
from core.shared.permissions import Action
from core.shared.usecase import handles


@handles(ListPlanned, action=Action.VIEW_CANDIDATES)
async def list_planned(
    query: ListPlanned, *, actor: Actor, access: Access, steps: StepQueries
) -> Planned:
    """Return what is planned for an application and what was."""
    found = await steps.of_application(query.application_id, limited_to(actor, access))
    return Planned(tuple(found))


@handles(ListAllPlanned, action=Action.VIEW_CANDIDATES)
async def list_all_planned(
    query: ListAllPlanned, *, actor: Actor, access: Access, steps: StepQueries
) -> Page[StepView]:
    """Return what is planned in the workspace and what was, as far as the actor may see it."""
    return await steps.page(query, limited_to(actor, access))


@handles(ListWaitingRejections, action=Action.MOVE_APPLICATION)
async def list_waiting_rejections(
    _query: ListWaitingRejections,
    *,
    steps: StepQueries,
    rules: RuleChanges,
    own: OwnRules,
    known: ApplicationsKnown,
    clock: Clock,
) -> WaitingRejections:
    """Return the bulk rejections that wait, with what each candidate will be sent."""
    theirs = [each for each in await own.all("rejected") if each.enabled]
    of_jobs: dict[JobId, tuple[RuleView, ...]] = {}
    shown = []
    for held in await steps.waiting_rejections():
        facts = await known.facts([each.application_id for each in held.items])
        for job_id in {each.job_id for each in facts.values()} - of_jobs.keys():
            of_jobs[job_id] = rules_for(job_id, await rules.changes(job_id))
        items = [
            _to_be_sent(each, facts.get(each.application_id), held, of_jobs, theirs, clock)
            for each in held.items
        ]
        shown.append(msgspec.structs.replace(held, items=tuple(items)))
    return WaitingRejections(tuple(shown))


def _to_be_sent(
    item: HeldRejection,
    facts: Facts | None,
    held: HeldRejections,
    of_jobs: Mapping[JobId, Sequence[RuleView]],
    own: Sequence[OwnRule],
    clock: Clock,
) -> HeldRejection:
    if facts is None or facts.source in NOT_APPLIED or facts.address is None:
        return item
    occasion = Occasion("rejected", reason=held.reason)
    defaults = rules_that_apply(of_jobs[facts.job_id], occasion)
    found = [(each.name, each.delay_minutes) for each in defaults]
    for rule in own:
        definition = rule.definition
        if definition is None or not isinstance(definition.action, SendMail):
            continue
        if not rule.is_for(facts.job_id, occasion):
            continue
        if first_that_fails(definition.conditions, facts, clock.now()) is None:
            found.append((rule.name, definition.delay_minutes))
    if not found:
        return item
    first = min(delay for _, delay in found)
    return msgspec.structs.replace(
        item,
        mails=tuple(name for name, _ in found),
        mail_at=held.effective_at + timedelta(minutes=first),
    )


@handles(TakeBack, action=Action.MOVE_APPLICATION)
async def take_back(command: TakeBack, *, actor: Actor, desk: Desk) -> StepView:
    """Take it back. A worker that is at it already finds the step ended."""
    step = await desk.steps.get_for_change(command.step_id)
    if step is None or step.application_id != command.application_id:
        raise StepNotFound(StepNotFound.TEXT)
    await _take_back(step, actor, desk)
    return await desk.steps.view(step.id)


@handles(TakeBackMany, action=Action.MOVE_APPLICATION)
async def take_back_many(command: TakeBackMany, *, actor: Actor, desk: Desk) -> StepOutcomes:
    """Take back what can be; say of the others why not."""
    outcomes: dict[StepId, StepOutcome] = {}
    for step_id in _in_order(command.step_ids):
        step = await desk.steps.get_for_change(step_id)
        if step is None:
            outcomes[step_id] = StepOutcome(step_id, "not_found")
        elif step.state != "planned":
            outcomes[step_id] = StepOutcome(step_id, "too_late", step.reason)
        else:
            await _take_back(step, actor, desk)
            outcomes[step_id] = StepOutcome(step_id, "taken_back")
    return StepOutcomes(tuple(outcomes[each] for each in command.step_ids))


@handles(DoNow, action=Action.MOVE_APPLICATION)
async def do_now(command: DoNow, *, desk: Desk) -> StepOutcomes:
    """Do what is planned at once; somebody who asks for that also knows what time it is."""
    outcomes: dict[StepId, StepOutcome] = {}
    for step_id in _in_order(command.step_ids):
        step = await desk.steps.get_for_change(step_id)
        standing = None
        if step is not None:
            standing = await desk.steps.standing(step.application_id, step.interview_id)
        if step is None or standing is None:
            outcomes[step_id] = StepOutcome(step_id, "not_found")
        elif step.state != "planned":
            outcomes[step_id] = StepOutcome(step_id, "too_late", step.reason)
        else:
            await desk.tasks.cancel(step.task_key)
            await run(desk, step, standing)
            outcomes[step_id] = _outcome(step)
    return StepOutcomes(tuple(outcomes[each] for each in command.step_ids))


@handles(RunStep, action=Action.MANAGE_TENANT)
async def run_step(command: RunStep, *, desk: Desk) -> None:
    """Do what was planned, once; in quiet hours that began meanwhile, promise it anew."""
    step = await desk.steps.get_for_change(command.step_id)
    if step is None or step.state != "planned":
        return
    standing = await desk.steps.standing(step.application_id, step.interview_id)
    if standing is None:
        return
    if isinstance(step.does, SendMail) and not step.is_early and await _is_held(desk, step):
        await desk.steps.save(step)
        await promise(desk, step)
        return
    await run(desk, step, standing)


async def _is_held(desk: Desk, step: Step) -> bool:
    """Whether it has to wait; then its time was changed."""
    now = desk.clock.now()
    hours = (await desk.own.settings()).quiet_hours
    facts = (await desk.known.facts([step.application_id])).get(step.application_id)
    if hours is None or facts is None:
        return False
    at = time_to_send(
        hours,
        desk.zones.zone_of(facts),
        step.wanted_at or step.due_at,
        now,
        step.interview_at,
        is_reminder=step.trigger == "interview_ahead",
    )
    if at <= now:
        return False
    step.hold(at)
    return True


def _outcome(step: Step) -> StepOutcome:
    return StepOutcome(step.id, "done" if step.state == "done" else "skipped", step.reason)


async def _take_back(step: Step, actor: Actor, desk: Desk) -> None:
    step.take_back(actor.member_id, desk.clock.now())
    await desk.tasks.cancel(step.task_key)
    await end(desk, step)


def _in_order(step_ids: tuple[StepId, ...]) -> list[StepId]:
    """Return them in the order in which everybody locks them."""
    if not 1 <= len(step_ids) <= MAX_AT_ONCE:
        raise InvalidInput(FieldError("step_ids", f"Name from 1 to {MAX_AT_ONCE} planned things."))
    if len(set(step_ids)) < len(step_ids):
        raise InvalidInput(FieldError("step_ids", "One is named twice."))
    return sorted(step_ids)
