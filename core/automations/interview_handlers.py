"""What rules do when something happens to an interview."""

from collections.abc import Mapping
from typing import Final

from core.applications.contracts import ApplicationId
from core.automations.contracts import Trigger
from core.automations.handlers import TOO_LATE
from core.automations.planning import Happening, drop, react
from core.automations.ports import Desk
from core.automations.rules import Occasion
from core.interviews.contracts import InterviewId
from core.interviews.events import (
    InterviewCancelled,
    InterviewEvent,
    InterviewRescheduled,
    InterviewScheduled,
)
from core.shared.reactions import Delivery, reacts_to

_TRIGGERS: Final[Mapping[type[InterviewEvent], tuple[Trigger, ...]]] = {
    InterviewScheduled: ("interview_scheduled", "interview_ahead", "feedback_missing"),
    InterviewRescheduled: ("interview_rescheduled", "interview_ahead", "feedback_missing"),
    InterviewCancelled: ("interview_cancelled",),
}


@reacts_to(
    InterviewScheduled,
    InterviewRescheduled,
    InterviewCancelled,
    name="automations.follow_interviews",
)
async def follow_interviews(event: InterviewEvent, *, delivery: Delivery, desk: Desk) -> None:
    """Take back what is about the interview as it was, then plan what the rules say."""
    now = desk.clock.now()
    if now - delivery.occurred_at > TOO_LATE:
        return  # what is planned is looked at again before it is done
    application_id = ApplicationId(event.application_id)
    interview_id = InterviewId(event.aggregate_id)
    standing = await desk.steps.standing(application_id, interview_id)
    if standing is None or standing.interview is None:
        return
    for planned in await desk.steps.planned_for_change(application_id):
        if planned.interview_id == interview_id:
            await drop(desk, planned, standing)
    for trigger in _TRIGGERS[type(event)]:
        if standing.interview.starts_at <= now and trigger != "feedback_missing":
            continue
        happening = Happening(
            Occasion(trigger), delivery.event_id, delivery.occurred_at, interview_id
        )
        await react(desk, standing, happening)
