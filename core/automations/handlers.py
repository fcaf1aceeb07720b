"""What rules do when something happens to an application."""

from datetime import timedelta
from typing import Final

from core.applications.contracts import ApplicationId
from core.applications.events import (
    ApplicationAssigned,
    ApplicationCreated,
    ApplicationEvent,
    ApplicationHired,
    ApplicationMoved,
    ApplicationRejected,
    ApplicationReopened,
    ApplicationWithdrawn,
)
from core.automations.contracts import Trigger
from core.automations.planning import Happening, drop, react, react_again
from core.automations.ports import Desk, Steps
from core.automations.rules import Occasion
from core.careers.events import SubmissionReceived
from core.jobs.contracts import StageId
from core.shared.clock import UtcDatetime
from core.shared.reactions import Delivery, reacts_to

TOO_LATE: Final = timedelta(hours=24)
"""News that comes later than this puzzles more than it helps."""

REMINDED_AT_MOST_EVERY: Final = timedelta(hours=24)
"""Anybody can send a form with anybody's address."""


@reacts_to(
    ApplicationCreated,
    ApplicationMoved,
    ApplicationHired,
    ApplicationRejected,
    ApplicationReopened,
    ApplicationWithdrawn,
    ApplicationAssigned,
    name="automations.follow",
)
async def follow(event: ApplicationEvent, *, delivery: Delivery, desk: Desk) -> None:
    """Take back what doesn't fit any more, then plan what the rules say.

    Nobody is written to who didn't apply, and nobody while no plugin sends for the tenant: who
    enables one later wants no news of the past to go out.
    """
    if desk.clock.now() - delivery.occurred_at > TOO_LATE:
        return  # what is planned is looked at again before it is done
    application_id = ApplicationId(event.aggregate_id)
    standing = await desk.steps.standing(application_id)
    if standing is None:
        return
    for planned in await desk.steps.planned_for_change(application_id):
        now_standing = standing
        if planned.interview_id is not None:
            found = await desk.steps.standing(application_id, planned.interview_id)
            now_standing = found or standing
        await drop(desk, planned, now_standing)
    occasion = await _occasion(event, desk.steps)
    if occasion is not None:
        happening = Happening(occasion, delivery.event_id, delivery.occurred_at, cause=event.cause)
        await react(desk, standing, happening)


@reacts_to(SubmissionReceived, name="automations.applied_again")
async def applied_again(event: SubmissionReceived, *, delivery: Delivery, desk: Desk) -> None:
    """Confirm the first application once more to who applied for the job again.

    The page that they get says nothing of the first, since its reader may know no more than the
    address. A mail reaches whom the address belongs to, so it may lead to the first: that they have
    it proves them. Once a day, so that nobody's mailbox is filled by others.
    """
    now = desk.clock.now()
    if not event.is_repeated or now - delivery.occurred_at > TOO_LATE:
        return
    standing = await desk.steps.standing(ApplicationId(event.application_id))
    if standing is None:
        return
    happening = Happening(Occasion("application_received"), delivery.event_id, delivery.occurred_at)
    await react_again(desk, standing, happening, UtcDatetime(now - REMINDED_AT_MOST_EVERY))


async def _occasion(event: ApplicationEvent, steps: Steps) -> Occasion | None:
    """Return what happened as rules look at it."""
    match event:
        case ApplicationRejected(reason=reason):
            return Occasion("rejected", reason=reason)
        case ApplicationWithdrawn(reason=reason):
            return Occasion("withdrawn", reason=reason)
        case ApplicationAssigned(assignee_id=assignee) if assignee is not None:
            return Occasion("assigned")
        case ApplicationMoved() | ApplicationHired():
            return await _reached(event, steps)
        case _:
            applied = isinstance(event, ApplicationCreated)
            return Occasion("application_received") if applied else None


async def _reached(event: ApplicationMoved | ApplicationHired, steps: Steps) -> Occasion | None:
    stage_id = StageId(event.to_stage_id)
    stage = await steps.stage(stage_id)
    if stage is None:
        return None
    trigger: Trigger = "hired" if isinstance(event, ApplicationHired) else "stage_reached"
    return Occasion(trigger, stage.name, stage.kind, stage_id=stage_id)
