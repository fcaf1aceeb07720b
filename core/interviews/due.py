"""Tells interviewers that their feedback is due, some time after the interview.

Scheduling promises the task; what was moved, cancelled, decided or given by then is left alone.
"""

from datetime import datetime, timedelta
from typing import Final

from core.interviews.contracts import InterviewId
from core.interviews.errors import InterviewNotFound
from core.interviews.events import FeedbackDue
from core.interviews.model import Interview
from core.interviews.ports import InterviewRepository
from core.ports.tasks import Tasks, task
from core.shared.clock import Clock, UtcDatetime
from core.shared.events import Recorder
from core.shared.permissions import Action
from core.shared.usecase import Command, handles

TASK: Final = "remind_of_feedback"

DUE_AFTER: Final = timedelta(hours=2)
"""After the end: what was said is still remembered, and the next talk may be over."""

NO_NEWS: Final = timedelta(days=7)
"""Nobody is reminded of what was so long ago, be it that no worker ran or that it was played."""


@task(TASK)
class RemindOfFeedback(Command[None], frozen=True, kw_only=True):
    """Tell who owes feedback on an interview that ended then."""

    interview_id: InterviewId
    ends_at: datetime


async def promise_reminder(interview: Interview, tasks: Tasks, now: UtcDatetime) -> None:
    """Promise to look whether feedback was given. Nobody is reminded of the past."""
    due_at = UtcDatetime(interview.ends_at + DUE_AFTER)
    if due_at > now:
        ends_at = interview.ends_at.isoformat()
        await tasks.schedule(
            TASK,
            {"interview_id": str(interview.id), "ends_at": ends_at},
            run_at=due_at,
            unique_key=f"{TASK}:{interview.id}:{ends_at}",
        )


@handles(RemindOfFeedback, action=Action.SCHEDULE_INTERVIEW)
async def remind_of_feedback(
    command: RemindOfFeedback,
    *,
    interviews: InterviewRepository,
    clock: Clock,
    recorder: Recorder,
) -> None:
    """Record who owes it; `core.notifications` tells them."""
    try:
        interview = await interviews.get_for_change(command.interview_id)
    except InterviewNotFound:
        return
    if interview.status != "scheduled" or interview.ends_at != command.ends_at:
        return
    if clock.now() > interview.ends_at + NO_NEWS:
        return
    if await interviews.disposition(interview.application_id, None) != "active":
        return
    owing = await interviews.owing(interview.id)
    if owing:
        recorder.record(
            FeedbackDue(
                aggregate_id=interview.id,
                application_id=interview.application_id,
                interviewers=owing,
            )
        )
