"""What rules do when something happens to an interview."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Final

from core.applications.contracts import ApplicationId
from core.automations.contracts import RuleView, StepId, Trigger
from core.automations.handlers import NOT_APPLIED, TOO_LATE
from core.automations.model import InterviewStanding, Standing, Step
from core.automations.planning import drop, plan, rule_for
from core.automations.ports import Mail, RuleChanges, Steps
from core.automations.rules import Occasion
from core.interviews.contracts import InterviewId
from core.interviews.events import (
    InterviewCancelled,
    InterviewEvent,
    InterviewRescheduled,
    InterviewScheduled,
)
from core.ports.tasks import Tasks
from core.shared.clock import Clock, UtcDatetime
from core.shared.events import Recorder
from core.shared.ids import Ids
from core.shared.reactions import Delivery, reacts_to

_TRIGGERS: Final[Mapping[type[InterviewEvent], tuple[Trigger, ...]]] = {
    InterviewScheduled: ("interview_scheduled", "interview_ahead"),
    InterviewRescheduled: ("interview_rescheduled", "interview_ahead"),
    InterviewCancelled: ("interview_cancelled",),
}


@reacts_to(
    InterviewScheduled,
    InterviewRescheduled,
    InterviewCancelled,
    name="automations.follow_interviews",
)
async def follow_interviews(
    event: InterviewEvent,
    *,
    delivery: Delivery,
    steps: Steps,
    rules: RuleChanges,
    mail: Mail,
    tasks: Tasks,
    clock: Clock,
    ids: Ids,
    recorder: Recorder,
) -> None:
    """Take back what is about the interview as it was, then plan what the rules say."""
    now = clock.now()
    if now - delivery.occurred_at > TOO_LATE:
        return  # what is planned is looked at again before it is done
    application_id = ApplicationId(event.application_id)
    interview_id = InterviewId(event.aggregate_id)
    standing = await steps.standing(application_id, interview_id)
    if standing is None or standing.interview is None:
        return
    for planned in await steps.planned_for_change(application_id):
        if planned.interview_id == interview_id:
            await drop(planned, standing, steps=steps, tasks=tasks, clock=clock, recorder=recorder)
    if standing.source in NOT_APPLIED:
        return
    for trigger in _TRIGGERS[type(event)]:
        rule = await rule_for(standing, Occasion(trigger), rules, mail)
        if rule is None or standing.interview.starts_at <= now:
            continue
        step = _step(rule, standing, standing.interview, interview_id, delivery, ids)
        if trigger == "interview_ahead" and step.due_at <= now:
            continue  # it is so near that who was told of it needs no reminder
        await plan(
            step,
            standing,
            rule,
            steps=steps,
            mail=mail,
            tasks=tasks,
            clock=clock,
            recorder=recorder,
        )


def _step(
    rule: RuleView,
    standing: Standing,
    interview: InterviewStanding,
    interview_id: InterviewId,
    delivery: Delivery,
    ids: Ids,
) -> Step:
    delay = timedelta(minutes=rule.delay_minutes)
    is_ahead = rule.trigger == "interview_ahead"
    due = interview.starts_at - delay if is_ahead else delivery.occurred_at + delay
    return Step(
        id=StepId(ids.new()),
        rule_key=rule.key,
        trigger=rule.trigger,
        template=rule.template,
        application_id=standing.application_id,
        event_id=delivery.event_id,
        stage_id=None,
        stage_name=None,
        happened_at=delivery.occurred_at,
        due_at=UtcDatetime(due),
        interview_id=interview_id,
        interview_at=interview.starts_at,
    )
