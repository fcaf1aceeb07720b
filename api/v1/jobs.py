"""Jobs and the stages of their pipelines."""

from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import Controller, Request, delete, get, patch, post, put
from litestar.params import FromPath, JSONBody, QueryParameter
from msgspec import UNSET, Meta, UnsetType

from api.conditional import expected_version, reply_with_version
from api.mutation import mutate
from api.paging import CursorParameter, LimitParameter, reply_page
from api.problems import problems
from api.replies import Reply
from api.request_scope import Scoped
from core.jobs.contracts import (
    ChangeJobStatus,
    CreateJob,
    DefaultStage,
    DeleteJob,
    EditJob,
    EmploymentType,
    GetDefaultPipeline,
    GetJob,
    JobId,
    JobRow,
    JobStatus,
    JobView,
    ListJobs,
    LongText,
    PayRange,
    PipelineView,
    QuestionSpec,
    Reason,
    Remote,
    Seniority,
    SetDefaultPipeline,
    SetJobStages,
    ShortText,
    Skill,
    StageId,
    StageSpec,
    TeamMember,
    Title,
)
from core.shared.paging import DEFAULT_LIMIT, Page, PageRequest

Openings = Annotated[int, Meta(ge=1, le=10_000, description="How many people are sought.")]
Skills = Annotated[tuple[Skill, ...], Meta(max_length=100)]
HiringTeam = Annotated[
    tuple[TeamMember, ...], Meta(max_length=100, description="Who takes part, and how.")
]
Questions = Annotated[tuple[QuestionSpec, ...], Meta(max_length=50)]


class JobInput(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A job to write down as a draft."""

    title: Title
    department: ShortText = ""
    location: ShortText = ""
    remote: Remote = "onsite"
    employment_type: EmploymentType = "full_time"
    seniority: Seniority | None = None
    pay_range: PayRange | None = None
    description: LongText = ""
    skills: Skills = ()
    openings: Openings = 1
    hiring_team: HiringTeam = ()
    questions: Questions = ()


class JobChanges(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What to change about a job; what is left out stays, a list replaces the whole list."""

    title: Title | UnsetType = UNSET
    department: ShortText | UnsetType = UNSET
    location: ShortText | UnsetType = UNSET
    remote: Remote | UnsetType = UNSET
    employment_type: EmploymentType | UnsetType = UNSET
    seniority: Seniority | UnsetType | None = UNSET
    pay_range: PayRange | UnsetType | None = UNSET
    description: LongText | UnsetType = UNSET
    skills: Skills | UnsetType = UNSET
    openings: Openings | UnsetType = UNSET
    hiring_team: HiringTeam | UnsetType = UNSET
    questions: Questions | UnsetType = UNSET


class JobStatusInput(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where the job goes, and why."""

    status: JobStatus
    reason: Annotated[
        Reason | None, Meta(description="Needed to hold, to close and to reopen a job.")
    ] = None


class JobStagesInput(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """All stages of the job, in order. A stage with its id is kept, one that is left out goes."""

    stages: Annotated[tuple[StageSpec, ...], Meta(min_length=2, max_length=20)]
    move_to: Annotated[
        dict[StageId, StageId],
        Meta(description="Where the applications of a removed stage go, by that stage's id."),
    ] = msgspec.field(default_factory=dict)


class PipelineInput(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The stages that new jobs start with, in order."""

    stages: Annotated[tuple[DefaultStage, ...], Meta(min_length=2, max_length=20)]


class JobController(Controller):
    """Jobs."""

    path = "/jobs"
    tags = ("Jobs",)

    @post(
        operation_id="createJob",
        summary="Write a draft of a job",
        responses=problems(403),
    )
    async def create(
        self, request: Request[Any, Any, Any], tenant_scope: Scoped, data: JSONBody[JobInput]
    ) -> Reply[JobView]:
        """Create a draft with a copy of the workspace's default stages."""
        command = CreateJob(**msgspec.structs.asdict(data))
        return await mutate(
            request,
            tenant_scope,
            command,
            status=201,
            location=lambda job: f"/api/v1/jobs/{job.id}",
        )

    @get(operation_id="listJobs", summary="List jobs", responses=problems(403))
    async def list(
        self,
        request: Request[Any, Any, Any],
        tenant_scope: Scoped,
        limit: LimitParameter = DEFAULT_LIMIT,
        cursor: CursorParameter = None,
        status: Annotated[JobStatus | None, QueryParameter(description="Only this status.")] = None,
        department: Annotated[
            str | None, QueryParameter(max_length=200, description="Only this department.")
        ] = None,
        q: Annotated[
            str | None,
            QueryParameter(max_length=200, description="Part of the title, whatever the case."),
        ] = None,
    ) -> Reply[Page[JobRow]]:
        """Return jobs, newest first."""
        query = ListJobs(page=PageRequest(limit, cursor), status=status, department=department, q=q)
        return reply_page(request, await tenant_scope.ask(query))

    @get(
        "/{job_id:uuid}",
        operation_id="showJob",
        summary="Read a job",
        responses=problems(403, 404),
    )
    async def show(
        self, request: Request[Any, Any, Any], tenant_scope: Scoped, job_id: FromPath[UUID]
    ) -> Reply[JobView]:
        """Return one job with its team, questions and stages."""
        view = await tenant_scope.ask(GetJob(job_id=JobId(job_id)))
        return reply_with_version(request, view, view.version)

    @patch(
        "/{job_id:uuid}",
        operation_id="updateJob",
        summary="Change a job",
        responses=problems(403, 404, 412),
    )
    async def update(
        self,
        request: Request[Any, Any, Any],
        tenant_scope: Scoped,
        job_id: FromPath[UUID],
        data: JSONBody[JobChanges],
    ) -> Reply[JobView]:
        """Change what is given."""
        command = EditJob(
            job_id=JobId(job_id),
            expected_version=expected_version(request),
            **msgspec.structs.asdict(data),
        )
        return await mutate(request, tenant_scope, command)

    @delete(
        "/{job_id:uuid}",
        operation_id="deleteJob",
        summary="Delete a draft",
        status_code=204,
        responses=problems(403, 404, 409, 412),
    )
    async def remove(
        self, request: Request[Any, Any, Any], tenant_scope: Scoped, job_id: FromPath[UUID]
    ) -> Reply[None]:
        """Delete a draft that nobody applied to."""
        command = DeleteJob(job_id=JobId(job_id), expected_version=expected_version(request))
        return await mutate(request, tenant_scope, command, status=204)

    @post(
        "/{job_id:uuid}/status",
        operation_id="changeJobStatus",
        summary="Open, hold, close or reopen a job",
        status_code=200,
        responses=problems(403, 404, 409, 412),
    )
    async def change_status(
        self,
        request: Request[Any, Any, Any],
        tenant_scope: Scoped,
        job_id: FromPath[UUID],
        data: JSONBody[JobStatusInput],
    ) -> Reply[JobView]:
        """Go to another status; a refusal lists where the job can go."""
        command = ChangeJobStatus(
            job_id=JobId(job_id),
            status=data.status,
            reason=data.reason,
            expected_version=expected_version(request),
        )
        return await mutate(request, tenant_scope, command)

    @put(
        "/{job_id:uuid}/stages",
        operation_id="setJobStages",
        summary="Replace a job's stages",
        responses=problems(403, 404, 409, 412),
    )
    async def set_stages(
        self,
        request: Request[Any, Any, Any],
        tenant_scope: Scoped,
        job_id: FromPath[UUID],
        data: JSONBody[JobStagesInput],
    ) -> Reply[JobView]:
        """Rename, reorder, add and remove stages."""
        command = SetJobStages(
            job_id=JobId(job_id),
            stages=data.stages,
            move_to=data.move_to,
            expected_version=expected_version(request),
        )
        return await mutate(request, tenant_scope, command)


class PipelineController(Controller):
    """The stages that new jobs start with."""

    path = "/pipeline"
    tags = ("Jobs",)

    @get(
        operation_id="showDefaultPipeline",
        summary="Read the default stages",
        responses=problems(403),
    )
    async def show(
        self, request: Request[Any, Any, Any], tenant_scope: Scoped
    ) -> Reply[PipelineView]:
        """Return the stages that new jobs start with."""
        view = await tenant_scope.ask(GetDefaultPipeline())
        return reply_with_version(request, view, view.version)

    @put(
        operation_id="setDefaultPipeline",
        summary="Replace the default stages",
        responses=problems(403, 412),
    )
    async def replace(
        self, request: Request[Any, Any, Any], tenant_scope: Scoped, data: JSONBody[PipelineInput]
    ) -> Reply[PipelineView]:
        """Replace them; jobs that exist keep theirs."""
        command = SetDefaultPipeline(stages=data.stages, expected_version=expected_version(request))
        return await mutate(request, tenant_scope, command)
