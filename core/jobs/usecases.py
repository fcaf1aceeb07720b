"""What can be done with jobs and pipelines; the scope runs these by the type of the request."""

from typing import Any

import msgspec
from msgspec import UNSET

from core.jobs.contracts import (
    ChangeJobStatus,
    CreateJob,
    DeleteJob,
    EditJob,
    GetDefaultPipeline,
    GetJob,
    JobId,
    JobRow,
    JobView,
    ListJobs,
    PipelineView,
    SetDefaultPipeline,
    Stage,
    StageId,
    TeamMember,
)
from core.jobs.errors import PipelineChanged
from core.jobs.events import (
    DefaultPipelineChanged,
    JobCreated,
    JobDeleted,
    JobEdited,
    JobStatusChanged,
)
from core.jobs.model import Job, named_questions
from core.jobs.pipeline import check_stages, public_name_of
from core.jobs.ports import JobQueries, JobRepository, PipelineRepository
from core.ports.team import Team
from core.shared.actor import Actor
from core.shared.clock import Clock
from core.shared.errors import FieldError, InvalidInput
from core.shared.events import Recorder
from core.shared.ids import Ids
from core.shared.paging import Page
from core.shared.permissions import Action
from core.shared.usecase import handles
from core.tenancy.contracts import Quotas

OPEN_JOBS = "open_jobs"


@handles(CreateJob, action=Action.CREATE_JOB)
async def create_job(
    command: CreateJob,
    *,
    actor: Actor,
    jobs: JobRepository,
    pipelines: PipelineRepository,
    team: Team,
    clock: Clock,
    ids: Ids,
    recorder: Recorder,
) -> JobView:
    """Write a draft with a copy of the tenant's default stages."""
    now = clock.now()
    stages = (await pipelines.get()).stages
    job = Job(
        id=JobId(ids.new()),
        title=command.title.strip(),
        created_at=now,
        updated_at=now,
        status_changed_at=now,
        created_by=actor.member_id,
        department=command.department.strip(),
        location=command.location.strip(),
        remote=command.remote,
        employment_type=command.employment_type,
        seniority=command.seniority,
        pay_range=command.pay_range,
        description=command.description,
        skills=command.skills,
        openings=command.openings,
        hiring_team=command.hiring_team,
        questions=named_questions(command.questions, (), ids.new),
        stages=tuple(
            Stage(
                StageId(ids.new()), stage.name, stage.kind, stage.target_days, public_name_of(stage)
            )
            for stage in stages
        ),
    )
    job.check()
    await _check_members(job.hiring_team, team)
    await jobs.add(job)
    view = view_of(job)
    recorder.record(JobCreated(aggregate_id=job.id), after=view)
    return view


@handles(EditJob, action=Action.EDIT_JOB)
async def edit_job(
    command: EditJob,
    *,
    jobs: JobRepository,
    team: Team,
    clock: Clock,
    ids: Ids,
    recorder: Recorder,
) -> JobView:
    """Change the fields that are set."""
    job = await jobs.get_for_change(command.job_id)
    job.expect(command.expected_version)
    before = view_of(job)
    changes = _changes(command)
    if command.questions is not UNSET:
        changes["questions"] = named_questions(command.questions, job.questions, ids.new)
    differing = job.edit(changes, clock.now())
    if "hiring_team" in differing:
        await _check_members(job.hiring_team, team)
    if not differing:
        return before
    await jobs.save(job)
    recorder.record(
        JobEdited(aggregate_id=job.id, fields=differing),
        before={name: getattr(before, name) for name in differing},
        after={name: getattr(job, name) for name in differing},
    )
    return view_of(job)


@handles(ChangeJobStatus, action=Action.EDIT_JOB)
async def change_job_status(
    command: ChangeJobStatus,
    *,
    jobs: JobRepository,
    quotas: Quotas,
    clock: Clock,
    recorder: Recorder,
) -> JobView:
    """Open, hold, close or reopen; an open job takes one place of the plan's quota."""
    job = await jobs.get_for_change(command.job_id)
    job.expect(command.expected_version)
    before = job.status
    job.change_status(command.status, command.reason, clock.now())
    if job.status == "open":
        await quotas.reserve(OPEN_JOBS)
    elif before == "open":
        await quotas.release(OPEN_JOBS)
    await jobs.save(job)
    recorder.record(
        JobStatusChanged(aggregate_id=job.id, from_status=before, to_status=job.status),
        before={"status": before},
        after={"status": job.status},
        reason=command.reason,
    )
    return view_of(job)


@handles(DeleteJob, action=Action.EDIT_JOB)
async def delete_job(command: DeleteJob, *, jobs: JobRepository, recorder: Recorder) -> None:
    """Delete a draft that nobody applied to."""
    job = await jobs.get_for_change(command.job_id)
    job.expect(command.expected_version)
    job.check_deletable(has_applications=await jobs.has_applications(job.id))
    await jobs.remove(job.id)
    recorder.record(JobDeleted(aggregate_id=job.id), before=view_of(job))


@handles(SetDefaultPipeline, action=Action.MANAGE_TENANT, feature="custom_pipeline")
async def set_default_pipeline(
    command: SetDefaultPipeline,
    *,
    actor: Actor,
    pipelines: PipelineRepository,
    clock: Clock,
    recorder: Recorder,
) -> PipelineView:
    """Replace the stages that new jobs start with."""
    check_stages(command.stages)
    before = await pipelines.get()
    if command.expected_version not in {None, before.version}:
        raise PipelineChanged(
            "Somebody changed these stages after you opened them. Load them again.",
            current_version=before.version,
        )
    after = await pipelines.save(command.stages, before.version, clock.now())
    recorder.record(
        DefaultPipelineChanged(aggregate_id=actor.tenant_id), before=before, after=after
    )
    return after


@handles(GetJob, action=Action.VIEW_JOBS)
async def get_job(query: GetJob, *, jobs: JobQueries) -> JobView:
    """Return one job."""
    return await jobs.job(query.job_id)


@handles(ListJobs, action=Action.VIEW_JOBS)
async def list_jobs(query: ListJobs, *, jobs: JobQueries) -> Page[JobRow]:
    """Return one page of jobs."""
    return await jobs.page(query)


@handles(GetDefaultPipeline, action=Action.VIEW_JOBS)
async def get_default_pipeline(query: GetDefaultPipeline, *, jobs: JobQueries) -> PipelineView:  # noqa: ARG001 - the request has no fields
    """Return the stages that new jobs start with."""
    return await jobs.pipeline()


def view_of(job: Job) -> JobView:
    """Return the job as others see it."""
    return JobView(**{name: getattr(job, name) for name in JobView.__struct_fields__})


def _changes(command: EditJob) -> dict[str, Any]:
    """Return the job's fields that the command sets."""
    given = {name: getattr(command, name) for name in command.__struct_fields__}
    for handled in ("job_id", "expected_version", "questions"):
        del given[handled]
    return {
        name: value.strip() if name in {"title", "department", "location"} else value
        for name, value in given.items()
        if value is not msgspec.UNSET
    }


async def _check_members(hiring_team: tuple[TeamMember, ...], team: Team) -> None:
    missing = await team.missing(each.member_id for each in hiring_team)
    wrong = [
        FieldError(f"hiring_team[{place}].member_id", "No active member of your team.")
        for place, each in enumerate(hiring_team)
        if each.member_id in missing
    ]
    if wrong:
        raise InvalidInput(*wrong)
