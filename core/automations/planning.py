"""From something that happened to what rules will do: which apply, and the steps that are planned.
Called by the handlers and by the search for silence.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from core.automations.checking import attention_of
from core.automations.contracts import RuleKey, SkipReason, StepId, Trigger
from core.automations.definition import Act, SendMail, WhenFeedbackMissing, WhenInterviewAhead
from core.automations.events import StepPlanned
from core.automations.facts import Facts, first_that_fails
from core.automations.model import Standing, Step
from core.automations.own import MAX_DEPTH, OwnRule, occasion_of_interview, template_of
from core.automations.ports import Desk
from core.automations.quiet import time_to_send
from core.automations.rules import Occasion, rules_for, rules_that_apply
from core.automations.running import end, run
from core.interviews.contracts import InterviewId
from core.shared.clock import UtcDatetime
from core.shared.events import Cause

NOT_APPLIED = frozenset({"import", "sourced"})
"""Sources of applications that the candidate knows nothing of."""


@dataclass(frozen=True)
class Happening:
    """Something that happened to an application, and when."""

    occasion: Occasion
    event_id: UUID
    at: UtcDatetime
    interview_id: InterviewId | None = None
    cause: Cause | None = None
    """The rule that did it, if one did."""

    @property
    def depth(self) -> int:
        """The place of what comes of it among rules that follow one another."""
        return 1 if self.cause is None else self.cause.depth + 1


@dataclass(frozen=True)
class Doing:
    """What a rule wants to do about something."""

    key: RuleKey
    name: str | None
    trigger: Trigger
    action: Act
    delay: timedelta
    own: OwnRule | None = None


async def react(desk: Desk, standing: Standing, happening: Happening) -> None:
    """Plan what the rules say: of those that everybody starts with the first that fits and those
    that stand apart, of one's own every one.
    """
    for default in await _defaults(desk, standing, happening):
        await _plan(desk, standing, happening, default, None)
    own = await desk.own.all(happening.occasion.trigger)
    for rule in own:
        if rule.is_for(standing.job_id, happening.occasion) and rule.active_since <= happening.at:
            await react_by(desk, rule, standing, happening)


async def react_again(
    desk: Desk, standing: Standing, happening: Happening, since: UtcDatetime
) -> None:
    """Do what rules that everybody starts with say, unless they reacted since an instant."""
    for default in await _defaults(desk, standing, happening):
        if not await desk.steps.has_reacted(standing.application_id, default.key, since):
            await _plan(desk, standing, happening, default, None)


async def react_by(desk: Desk, rule: OwnRule, standing: Standing, happening: Happening) -> bool:
    """Plan what one rule of one's own says, if its conditions hold; whether it reacted."""
    if rule.definition is None:
        return False
    doing = Doing(
        key=rule.key,
        name=rule.name,
        trigger=rule.trigger,
        action=rule.definition.action,
        delay=timedelta(minutes=rule.definition.delay_minutes),
        own=rule,
    )
    if not await _is_possible(desk, doing.action, standing):
        return False
    facts = (await desk.known.facts([standing.application_id])).get(standing.application_id)
    if facts is None:
        return False
    if first_that_fails(rule.definition.conditions, facts, desk.clock.now()) is not None:
        return False
    return await _plan(desk, standing, happening, doing, facts)


async def drop(desk: Desk, step: Step, standing: Standing) -> None:
    """Skip a planned step that doesn't fit any more, and take its task back."""
    misfit = step.misfit(standing)
    if misfit is not None and misfit != "feedback_given":
        await desk.tasks.cancel(step.task_key)
        step.skip(misfit, desk.clock.now())
        await end(desk, step)


async def _defaults(desk: Desk, standing: Standing, happening: Happening) -> list[Doing]:
    known = rules_for(standing.job_id, await desk.rules.changes(standing.job_id))
    found = []
    for rule in rules_that_apply(known, happening.occasion):
        if rule.template is None:
            continue
        action = SendMail(rule.template)  # type: ignore[arg-type]  # theirs all go to candidates
        if await _is_possible(desk, action, standing):
            delay = timedelta(minutes=rule.delay_minutes)
            found.append(Doing(rule.key, None, rule.trigger, action, delay))
    return found


async def _is_possible(desk: Desk, action: Act, standing: Standing) -> bool:
    """Whether there is anybody to write to and anything that sends.

    Who enables a plugin later wants no news of the past to go out; who didn't apply hears nothing.
    """
    if not isinstance(action, SendMail):
        return True
    if standing.source in NOT_APPLIED or not standing.has_address:
        return False
    return await desk.mail.is_possible()


async def _plan(
    desk: Desk, standing: Standing, happening: Happening, doing: Doing, facts: Facts | None
) -> bool:
    """Keep the step and promise its task; what needs no waiting is done at once."""
    step = _step(desk, standing, happening, doing)
    now = desk.clock.now()
    if step is None or step.misfit(standing) not in {None, "feedback_given"}:
        return False
    cause = happening.cause
    step.after_silence = doing.trigger == "no_answer" or (
        cause is not None and await desk.steps.is_after_silence(StepId(cause.step_id))
    )
    refused = await _refused(desk, doing, happening)
    if refused is None and isinstance(doing.action, SendMail):
        await _mind_quiet_hours(desk, step, facts, now)
    if not await desk.steps.add(step):
        return False
    if refused is not None:
        step.skip(refused, now)
        await end(desk, step)
    elif step.due_at <= now:
        await run(desk, step, standing)
    else:
        await promise(desk, step)
        desk.recorder.record(
            StepPlanned(
                aggregate_id=step.id, application_id=step.application_id, rule_key=step.rule_key
            )
        )
    return True


async def promise(desk: Desk, step: Step) -> None:
    """Promise the task of a step."""
    await desk.tasks.schedule(
        "automation_step", {"step_id": step.id}, run_at=step.due_at, unique_key=step.task_key
    )


async def _refused(desk: Desk, doing: Doing, happening: Happening) -> SkipReason | None:
    """Return why a rule that applies does nothing, in a way that is seen."""
    if doing.own is None:
        return None
    if happening.depth > MAX_DEPTH:
        return "too_deep"
    return "needs_attention" if await attention_of(doing.own, desk.own) else None


async def _mind_quiet_hours(desk: Desk, step: Step, facts: Facts | None, now: UtcDatetime) -> None:
    hours = (await desk.own.settings()).quiet_hours
    if hours is None:
        return
    known = facts or (await desk.known.facts([step.application_id]))[step.application_id]
    at = time_to_send(
        hours,
        desk.zones.zone_of(known),
        step.due_at,
        now,
        step.interview_at,
        is_reminder=step.trigger == "interview_ahead",
    )
    if at != step.due_at:
        step.wanted_at, step.due_at = step.due_at, at


def _step(desk: Desk, standing: Standing, happening: Happening, doing: Doing) -> Step | None:
    """Return the step; None when its time is past as it is planned."""
    interview = standing.interview if happening.interview_id is not None else None
    due: datetime = happening.at + doing.delay
    event_id = happening.event_id
    when = None if doing.own is None or doing.own.definition is None else doing.own.definition.when
    if doing.trigger == "interview_ahead" and interview is not None:
        lead = timedelta(hours=when.hours) if isinstance(when, WhenInterviewAhead) else doing.delay
        due = interview.starts_at - lead
        if due <= desk.clock.now():
            return None  # it is so near that who was told of it needs no reminder
    if isinstance(when, WhenFeedbackMissing) and interview is not None:
        due = interview.ends_at + timedelta(hours=when.hours)
        if due <= desk.clock.now():
            return None
    if when is not None and interview is not None and doing.trigger in _OF_A_TIME:
        event_id = occasion_of_interview(
            doing.trigger, happening.interview_id or InterviewId(event_id), interview.starts_at
        )
    return Step(
        id=StepId(desk.ids.new()),
        rule_key=doing.key,
        trigger=doing.trigger,
        template=template_of(doing.action),
        application_id=standing.application_id,
        event_id=event_id,
        stage_id=happening.occasion.stage_id,
        stage_name=happening.occasion.stage_name or None,
        happened_at=happening.at,
        due_at=UtcDatetime(due),
        interview_id=happening.interview_id,
        interview_at=None if interview is None else interview.starts_at,
        rule_name=doing.name,
        action=None if doing.own is None else doing.action,
        depth=min(happening.depth, MAX_DEPTH + 1),
    )


_OF_A_TIME = frozenset({"interview_ahead", "feedback_missing"})
"""Triggers that come of an interview's time, however often it was told of."""
