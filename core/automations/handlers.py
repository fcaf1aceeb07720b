"""What rules do when something happens to an application."""

from datetime import timedelta
from typing import Final, Literal

from core.applications.contracts import ApplicationId
from core.applications.events import (
    ApplicationCreated,
    ApplicationEvent,
    ApplicationHired,
    ApplicationMoved,
    ApplicationRejected,
    ApplicationReopened,
    ApplicationWithdrawn,
)
from core.automations.contracts import RuleView, StepId
from core.automations.model import Standing, Step
from core.automations.planning import drop, plan, rule_for
from core.automations.ports import Mail, RuleChanges, Steps
from core.automations.rules import Occasion
from core.automations.running import run
from core.careers.events import SubmissionReceived
from core.jobs.contracts import StageId
from core.ports.tasks import Tasks
from core.shared.clock import Clock, UtcDatetime
from core.shared.events import Recorder
from core.shared.ids import Ids
from core.shared.reactions import Delivery, reacts_to

TOO_LATE: Final = timedelta(hours=24)
"""News that comes later than this puzzles more than it helps."""

REMINDED_AT_MOST_EVERY: Final = timedelta(hours=24)
"""Anybody can send a form with anybody's address."""

NOT_APPLIED: Final = frozenset({"import", "sourced"})
"""Sources of applications that the candidate knows nothing of."""


@reacts_to(
    ApplicationCreated,
    ApplicationMoved,
    ApplicationHired,
    ApplicationRejected,
    ApplicationReopened,
    ApplicationWithdrawn,
    name="automations.follow",
)
async def follow(
    event: ApplicationEvent,
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
    """Take back what doesn't fit any more, then plan what the rules say.

    Nothing is planned for who didn't apply, and while no plugin sends for the tenant: who enables
    one later wants no news of the past to go out.
    """
    if clock.now() - delivery.occurred_at > TOO_LATE:
        return  # what is planned is looked at again before it is done
    application_id = ApplicationId(event.aggregate_id)
    standing = await steps.standing(application_id)
    if standing is None:
        return
    for planned in await steps.planned_for_change(application_id):
        now_standing = standing
        if planned.interview_id is not None:
            now_standing = await steps.standing(application_id, planned.interview_id) or standing
        await drop(planned, now_standing, steps=steps, tasks=tasks, clock=clock, recorder=recorder)
    if standing.source in NOT_APPLIED:
        return
    occasion, stage_id = await _occasion(event, steps)
    if occasion is None:
        return
    rule = await rule_for(standing, occasion, rules, mail)
    if rule is None:
        return
    await plan(
        _step(rule, standing, occasion, stage_id, delivery, ids),
        standing,
        rule,
        steps=steps,
        mail=mail,
        tasks=tasks,
        clock=clock,
        recorder=recorder,
    )


@reacts_to(SubmissionReceived, name="automations.applied_again")
async def applied_again(
    event: SubmissionReceived,
    *,
    delivery: Delivery,
    steps: Steps,
    rules: RuleChanges,
    mail: Mail,
    clock: Clock,
    ids: Ids,
    recorder: Recorder,
) -> None:
    """Confirm the first application once more to who applied for the job again.

    The page that they get says nothing of the first, since its reader may know no more than the
    address. A mail reaches whom the address belongs to, so it may lead to the first: that they have
    it proves them. Once a day, so that nobody's mailbox is filled by others.
    """
    now = clock.now()
    if not event.is_repeated or now - delivery.occurred_at > TOO_LATE:
        return
    standing = await steps.standing(ApplicationId(event.application_id))
    if standing is None:
        return
    occasion = Occasion("application_received")
    rule = await rule_for(standing, occasion, rules, mail)
    if rule is None:
        return
    since = UtcDatetime(now - REMINDED_AT_MOST_EVERY)
    if await steps.has_reacted(standing.application_id, rule.key, since):
        return
    step = _step(rule, standing, occasion, None, delivery, ids)
    if step.misfit(standing) is None and await steps.add(step):
        await run(step, standing, rule, steps=steps, mail=mail, clock=clock, recorder=recorder)


async def _occasion(
    event: ApplicationEvent, steps: Steps
) -> tuple[Occasion | None, StageId | None]:
    """Return what happened as rules look at it, and the stage that was reached."""
    if isinstance(event, ApplicationCreated):
        return Occasion("application_received"), None
    if isinstance(event, ApplicationRejected):
        return Occasion("rejected", reason=event.reason), None
    if not isinstance(event, ApplicationMoved | ApplicationHired):
        return None, None
    stage_id = StageId(event.to_stage_id)
    stage = await steps.stage(stage_id)
    if stage is None:
        return None, None
    trigger: Literal["hired", "stage_reached"] = (
        "hired" if isinstance(event, ApplicationHired) else "stage_reached"
    )
    return Occasion(trigger, stage.name, stage.kind), stage_id


def _step(
    rule: RuleView,
    standing: Standing,
    occasion: Occasion,
    stage_id: StageId | None,
    delivery: Delivery,
    ids: Ids,
) -> Step:
    return Step(
        id=StepId(ids.new()),
        rule_key=rule.key,
        trigger=rule.trigger,
        template=rule.template,
        application_id=standing.application_id,
        event_id=delivery.event_id,
        stage_id=stage_id,
        stage_name=occasion.stage_name or None,
        happened_at=delivery.occurred_at,
        due_at=UtcDatetime(delivery.occurred_at + timedelta(minutes=rule.delay_minutes)),
    )
