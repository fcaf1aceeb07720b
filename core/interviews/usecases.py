"""Scheduling interviews; the scope runs these by the type of the request."""

from msgspec import UNSET

from core.interviews.contracts import (
    CancelInterview,
    GetInterview,
    InterviewId,
    InterviewView,
    ListInterviews,
    RescheduleInterview,
    ScheduleInterview,
)
from core.interviews.due import promise_reminder
from core.interviews.errors import ApplicationEnded
from core.interviews.events import InterviewCancelled, InterviewRescheduled, InterviewScheduled
from core.interviews.model import Interview
from core.interviews.ports import InterviewQueries, InterviewRepository
from core.ports.tasks import Tasks
from core.ports.team import Team
from core.shared.access import Access, limited_to, own_assignments
from core.shared.actor import Actor
from core.shared.clock import Clock
from core.shared.errors import FieldError, InvalidInput
from core.shared.events import Recorder
from core.shared.ids import Ids, MemberId
from core.shared.paging import Page
from core.shared.permissions import Action
from core.shared.usecase import handles

CHANGEABLE = ("kind", "starts_at", "ends_at", "time_zone", "interviewers", "location", "link")


@handles(ScheduleInterview, action=Action.SCHEDULE_INTERVIEW)
async def schedule_interview(
    command: ScheduleInterview,
    *,
    actor: Actor,
    interviews: InterviewRepository,
    team: Team,
    tasks: Tasks,
    clock: Clock,
    ids: Ids,
    recorder: Recorder,
) -> InterviewView:
    """Fix a time with interviewers who are free then."""
    disposition = await interviews.disposition(command.application_id, None)
    if disposition is None:
        raise InvalidInput(FieldError("application_id", "There is no such application."))
    if disposition != "active":
        raise ApplicationEnded(
            f"The application is {disposition}. Reopen it first.", disposition=disposition
        )
    now = clock.now()
    interview = Interview(
        id=InterviewId(ids.new()),
        application_id=command.application_id,
        kind=command.kind,
        starts_at=command.starts_at,
        ends_at=command.ends_at,
        time_zone=command.time_zone,
        interviewers=command.interviewers,
        location=command.location,
        link=command.link,
        created_by=actor.member_id,
        created_at=now,
        updated_at=now,
    )
    interview.check()
    await _check_members(interview.interviewers, team)
    await interviews.add(interview)
    await promise_reminder(interview, tasks, now)
    recorder.record(
        InterviewScheduled(
            aggregate_id=interview.id,
            application_id=interview.application_id,
            starts_at=interview.starts_at,
            ends_at=interview.ends_at,
            interviewers=interview.interviewers,
        ),
        after={"starts_at": interview.starts_at, "interviewers": interview.interviewers},
    )
    return await interviews.view(interview.id)


@handles(RescheduleInterview, action=Action.SCHEDULE_INTERVIEW)
async def reschedule_interview(
    command: RescheduleInterview,
    *,
    interviews: InterviewRepository,
    team: Team,
    tasks: Tasks,
    clock: Clock,
    recorder: Recorder,
) -> InterviewView:
    """Change time, place or interviewers."""
    interview = await interviews.get_for_change(command.interview_id)
    interview.expect(command.expected_version)
    given = {name: getattr(command, name) for name in CHANGEABLE}
    changes = {name: value for name, value in given.items() if value is not UNSET}
    before = {name: getattr(interview, name) for name in changes}
    now = clock.now()
    interview.reschedule(changes, now)
    if "interviewers" in changes:
        await _check_members(interview.interviewers, team)
    await interviews.save(interview)
    await promise_reminder(interview, tasks, now)
    recorder.record(
        InterviewRescheduled(
            aggregate_id=interview.id,
            application_id=interview.application_id,
            starts_at=interview.starts_at,
            ends_at=interview.ends_at,
            interviewers=interview.interviewers,
        ),
        before=before,
        after=changes,
    )
    return await interviews.view(interview.id)


@handles(CancelInterview, action=Action.SCHEDULE_INTERVIEW)
async def cancel_interview(
    command: CancelInterview,
    *,
    interviews: InterviewRepository,
    clock: Clock,
    recorder: Recorder,
) -> InterviewView:
    """Cancel; the interviewers are free again."""
    interview = await interviews.get_for_change(command.interview_id)
    interview.expect(command.expected_version)
    interview.cancel(command.reason, clock.now())
    await interviews.save(interview)
    recorder.record(
        InterviewCancelled(aggregate_id=interview.id, application_id=interview.application_id),
        before={"status": "scheduled"},
        after={"status": "cancelled"},
        reason=command.reason,
    )
    return await interviews.view(interview.id)


@handles(GetInterview, action=Action.VIEW_CANDIDATES)
async def get_interview(
    query: GetInterview, *, actor: Actor, access: Access, interviews: InterviewQueries
) -> InterviewView:
    """Return one interview."""
    return await interviews.interview(query.interview_id, limited_to(actor, access))


@handles(ListInterviews, action=Action.VIEW_CANDIDATES)
async def list_interviews(
    query: ListInterviews, *, actor: Actor, access: Access, interviews: InterviewQueries
) -> Page[InterviewView]:
    """Return one page of interviews."""
    interviewer = own_assignments(actor) if query.mine else None
    return await interviews.page(query, interviewer, limited_to(actor, access))


async def _check_members(interviewers: tuple[MemberId, ...], team: Team) -> None:
    missing = await team.missing(interviewers)
    wrong = [
        FieldError(f"interviewers[{place}]", "No active member of your team.")
        for place, member in enumerate(interviewers)
        if member in missing
    ]
    if wrong:
        raise InvalidInput(*wrong)
