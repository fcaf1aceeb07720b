"""What can be done with one application; the scope runs these by the type of the request."""

from core.applications.answers import check_answers
from core.applications.contracts import (
    ApplicationId,
    ApplicationView,
    AssignApplication,
    CreateApplication,
    MoveApplication,
    RejectApplication,
    ReopenApplication,
    WithdrawApplication,
)
from core.applications.errors import ApplicationMovedAlready, JobNotOpen
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
from core.applications.model import Application, Change
from core.applications.ports import ApplicationRepository, LastChange, Opening, Openings
from core.jobs.contracts import JobId, StageId
from core.ports.team import Team
from core.shared.actor import Actor
from core.shared.clock import Clock
from core.shared.errors import FieldError, InvalidInput
from core.shared.events import Cause, Recorder
from core.shared.ids import Ids, MemberId
from core.shared.permissions import Action
from core.shared.usecase import handles


@handles(CreateApplication, action=Action.MOVE_APPLICATION)
async def create_application(
    command: CreateApplication,
    *,
    actor: Actor,
    applications: ApplicationRepository,
    openings: Openings,
    team: Team,
    clock: Clock,
    ids: Ids,
    recorder: Recorder,
) -> ApplicationView:
    """Put a candidate into the first stage of an open job."""
    opening = await openings.opening(command.job_id)
    if opening is None:
        raise InvalidInput(FieldError("job_id", "There is no such job."))
    if opening.status != "open":
        raise JobNotOpen(
            "Only open jobs take applications. Open the job first.", status=opening.status
        )
    check_answers(opening.questions, command.answers)
    await _check_assignee(command.assignee_id, team)
    now = clock.now()
    application = Application(
        id=ApplicationId(ids.new()),
        candidate_id=command.candidate_id,
        job_id=command.job_id,
        stage_id=opening.stages[0].id,
        source=command.source,
        applied_at=now,
        stage_entered_at=now,
        updated_at=now,
        answers=command.answers,
    )
    await applications.add(application, application.applied(), opening, actor.member_id)
    recorder.record(
        ApplicationCreated(
            aggregate_id=application.id,
            job_id=application.job_id,
            candidate_id=application.candidate_id,
            stage_id=application.stage_id,
            source=application.source,
        ),
        after={"stage_id": application.stage_id, "disposition": "active"},
    )
    if command.assignee_id is not None:
        application.assign(command.assignee_id, actor.member_id, now)
        await applications.keep_assignment(application, None)
    return await applications.view(application.id)


@handles(MoveApplication, action=Action.MOVE_APPLICATION)
async def move_application(
    command: MoveApplication,
    *,
    actor: Actor,
    applications: ApplicationRepository,
    openings: Openings,
    clock: Clock,
    recorder: Recorder,
) -> ApplicationView:
    """Move to another stage, unless somebody was faster: then say who, when and where to."""
    application = await applications.get_for_change(command.application_id)
    if application.stage_id != command.from_stage_id:
        changes = await applications.last_changes([application.id])
        raise moved_already(application, changes[application.id])
    application.expect(command.expected_version)
    opening = await _opening(openings, application.job_id)
    to = opening.stage(command.to_stage_id)
    if to is None:
        raise InvalidInput(FieldError("to_stage_id", "The job has no such stage."))
    change = application.move(to, command.reason, clock.now())
    await applications.keep([(application, change)], opening, actor.member_id)
    record_change(recorder, application, change, command.cause)
    return await applications.view(application.id)


@handles(RejectApplication, action=Action.MOVE_APPLICATION)
async def reject_application(
    command: RejectApplication,
    *,
    actor: Actor,
    applications: ApplicationRepository,
    openings: Openings,
    clock: Clock,
    recorder: Recorder,
) -> ApplicationView:
    """Reject at once."""
    application = await applications.get_for_change(command.application_id)
    application.expect(command.expected_version)
    change = application.reject(command.reason, command.note, clock.now())
    opening = await _opening(openings, application.job_id)
    await applications.keep([(application, change)], opening, actor.member_id)
    record_change(recorder, application, change)
    return await applications.view(application.id)


@handles(WithdrawApplication, action=Action.MOVE_APPLICATION)
async def withdraw_application(
    command: WithdrawApplication,
    *,
    actor: Actor,
    applications: ApplicationRepository,
    openings: Openings,
    clock: Clock,
    recorder: Recorder,
) -> ApplicationView:
    """Note that the candidate withdrew."""
    application = await applications.get_for_change(command.application_id)
    application.expect(command.expected_version)
    change = application.withdraw(command.reason, command.note, clock.now())
    opening = await _opening(openings, application.job_id)
    await applications.keep([(application, change)], opening, actor.member_id)
    record_change(recorder, application, change)
    return await applications.view(application.id)


@handles(ReopenApplication, action=Action.MOVE_APPLICATION)
async def reopen_application(
    command: ReopenApplication,
    *,
    actor: Actor,
    applications: ApplicationRepository,
    openings: Openings,
    clock: Clock,
    recorder: Recorder,
) -> ApplicationView:
    """Make it active again."""
    application = await applications.get_for_change(command.application_id)
    application.expect(command.expected_version)
    opening = await _opening(openings, application.job_id)
    to = opening.stage(command.to_stage_id or application.stage_id)
    if to is None:
        raise InvalidInput(FieldError("to_stage_id", "The job has no such stage."))
    change = application.reopen(to, command.reason, clock.now())
    await applications.keep([(application, change)], opening, actor.member_id)
    record_change(recorder, application, change)
    return await applications.view(application.id)


@handles(AssignApplication, action=Action.ASSIGN_APPLICATION)
async def assign_application(
    command: AssignApplication,
    *,
    actor: Actor,
    applications: ApplicationRepository,
    team: Team,
    clock: Clock,
    recorder: Recorder,
) -> ApplicationView:
    """Give it to a member to look after, or to nobody."""
    application = await applications.get_for_change(command.application_id)
    application.expect(command.expected_version)
    before = application.assignee_id
    if before != command.assignee_id:
        await _check_assignee(command.assignee_id, team)
        application.assign(command.assignee_id, actor.member_id, clock.now())
        await applications.keep_assignment(application, before)
        recorder.record(
            ApplicationAssigned(
                aggregate_id=application.id,
                job_id=application.job_id,
                assignee_id=application.assignee_id,
                cause=command.cause,
            ),
            before={"assignee_id": before},
            after={"assignee_id": application.assignee_id},
        )
    return await applications.view(application.id)


def moved_already(application: Application, last: LastChange) -> ApplicationMovedAlready:
    """Return the refusal that tells the second mover who was faster, when, and where it is."""
    who = last.by or "The system"
    return ApplicationMovedAlready(
        f"{who} moved this application to {last.stage} at {last.at:%Y-%m-%d %H:%M} UTC.",
        moved_by=last.by,
        moved_at=last.at.isoformat(),
        stage_id=str(application.stage_id),
        stage=last.stage,
        disposition=last.disposition,
        current_version=application.version,
    )


def record_change(
    recorder: Recorder, application: Application, change: Change, cause: Cause | None = None
) -> None:
    """Record the event of a change of stage or disposition."""
    recorder.record(
        _event(application, change, cause),
        before={"stage_id": change.from_stage_id, "disposition": change.from_disposition},
        after={"stage_id": change.to_stage_id, "disposition": change.to_disposition},
        reason=change.reason_code or change.reason,
    )


def _event(application: Application, change: Change, cause: Cause | None) -> ApplicationEvent:
    aggregate_id, job_id = application.id, application.job_id
    match change.kind:
        case "rejected":
            return ApplicationRejected(
                aggregate_id=aggregate_id, job_id=job_id, reason=change.reason_code or "other"
            )
        case "withdrawn":
            return ApplicationWithdrawn(
                aggregate_id=aggregate_id, job_id=job_id, reason=change.reason_code or "other"
            )
        case "reopened":
            return ApplicationReopened(
                aggregate_id=aggregate_id, job_id=job_id, stage_id=change.to_stage_id
            )
        case _:
            kind = ApplicationHired if change.kind == "hired" else ApplicationMoved
            return kind(
                aggregate_id=aggregate_id,
                job_id=job_id,
                from_stage_id=change.from_stage_id or StageId(aggregate_id),
                to_stage_id=change.to_stage_id,
                cause=cause,
            )


async def _opening(openings: Openings, job_id: JobId) -> Opening:
    opening = await openings.opening(job_id)
    if opening is None:
        raise LookupError(f"an application without its job {job_id}")
    return opening


async def _check_assignee(assignee: MemberId | None, team: Team) -> None:
    if assignee is not None and await team.missing([assignee]):
        raise InvalidInput(FieldError("assignee_id", "No active member of your team."))
