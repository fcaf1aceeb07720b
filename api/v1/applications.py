"""Applications: creating, moving, ending and assigning them, and their history."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import Controller, Request, get, post
from litestar.params import FromPath, JSONBody, QueryParameter
from msgspec import Meta

from api.conditional import expected_version, reply_with_version
from api.instants import in_utc
from api.mutation import mutate
from api.paging import CursorParameter, LimitParameter, reply_page
from api.problems import problems
from api.replies import Reply, reply
from api.request_scope import Scoped
from core.applications.contracts import (
    Answer,
    ApplicationId,
    ApplicationRow,
    ApplicationSource,
    ApplicationView,
    AssignApplication,
    CreateApplication,
    Disposition,
    GetApplication,
    GetHistory,
    GetPipeline,
    GetStageDurations,
    HistoryView,
    ListApplications,
    MoveApplication,
    Note,
    PipelineSnapshot,
    RejectApplication,
    RejectionReason,
    ReopenApplication,
    StageDurationsView,
    WithdrawalReason,
    WithdrawApplication,
)
from core.candidates.contracts import CandidateId
from core.jobs.contracts import JobId, QuestionId, StageId
from core.shared.ids import MemberId
from core.shared.paging import DEFAULT_LIMIT, Page, PageRequest


class ApplicationInput(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A candidate to put into the first stage of an open job."""

    candidate_id: CandidateId
    job_id: JobId
    source: ApplicationSource = "api"
    answers: Annotated[
        dict[QuestionId, Answer],
        Meta(description="Answers by the id of the job's question."),
    ] = msgspec.field(default_factory=dict)
    assignee_id: MemberId | None = None


class MoveInput(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where the application goes, and where you saw it."""

    from_stage_id: StageId
    to_stage_id: StageId
    reason: Note | None = None


class RejectInput(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Why it is rejected; the reason `other` needs a note."""

    reason: RejectionReason
    note: Note | None = None


class WithdrawInput(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Why the candidate withdrew; the reason `other` needs a note."""

    reason: WithdrawalReason
    note: Note | None = None


class ReopenInput(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Why it becomes active again, and in which stage."""

    reason: Note
    to_stage_id: Annotated[
        StageId | None,
        Meta(description="Needed for the hired; others go back to the stage they were in."),
    ] = None


class AssignInput(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Who looks after it from now on; null for nobody."""

    assignee_id: MemberId | None


class ApplicationController(Controller):
    """Applications."""

    path = "/applications"
    tags = ("Applications",)

    @post(
        operation_id="createApplication",
        summary="Let a candidate apply to a job",
        responses=problems(403, 409),
    )
    async def create(
        self,
        request: Request[Any, Any, Any],
        tenant_scope: Scoped,
        data: JSONBody[ApplicationInput],
    ) -> Reply[ApplicationView]:
        """Put a candidate into the first stage of an open job."""
        return await mutate(
            request,
            tenant_scope,
            CreateApplication(**msgspec.structs.asdict(data)),
            status=201,
            location=lambda view: f"/api/v1/applications/{view.id}",
        )

    @get(operation_id="listApplications", summary="List applications", responses=problems(403))
    async def list(
        self,
        request: Request[Any, Any, Any],
        tenant_scope: Scoped,
        limit: LimitParameter = DEFAULT_LIMIT,
        cursor: CursorParameter = None,
        job_id: Annotated[UUID | None, QueryParameter(description="Only of this job.")] = None,
        stage_id: Annotated[UUID | None, QueryParameter(description="Only in this stage.")] = None,
        assignee_id: Annotated[
            UUID | None, QueryParameter(description="Only those this member looks after.")
        ] = None,
        candidate_id: Annotated[
            UUID | None, QueryParameter(description="Only of this candidate.")
        ] = None,
        disposition: Annotated[
            Disposition | None, QueryParameter(description="Only with this disposition.")
        ] = None,
        source: Annotated[
            ApplicationSource | None, QueryParameter(description="Only from this source.")
        ] = None,
    ) -> Reply[Page[ApplicationRow]]:
        """Return applications, newest first; interviewers get those they may see."""
        query = ListApplications(
            page=PageRequest(limit, cursor),
            job_id=None if job_id is None else JobId(job_id),
            stage_id=None if stage_id is None else StageId(stage_id),
            assignee_id=None if assignee_id is None else MemberId(assignee_id),
            candidate_id=None if candidate_id is None else CandidateId(candidate_id),
            disposition=disposition,
            source=source,
        )
        return reply_page(request, await tenant_scope.ask(query))

    @get(
        "/{application_id:uuid}",
        operation_id="showApplication",
        summary="Read an application",
        responses=problems(403, 404),
    )
    async def show(
        self, request: Request[Any, Any, Any], tenant_scope: Scoped, application_id: FromPath[UUID]
    ) -> Reply[ApplicationView]:
        """Return one application."""
        query = GetApplication(application_id=ApplicationId(application_id))
        view = await tenant_scope.ask(query)
        return reply_with_version(request, view, view.version)

    @get(
        "/{application_id:uuid}/history",
        operation_id="showApplicationHistory",
        summary="Read an application's history",
        responses=problems(403, 404),
    )
    async def history(
        self, tenant_scope: Scoped, application_id: FromPath[UUID]
    ) -> Reply[HistoryView]:
        """Return every change of stage, disposition and assignee, oldest first."""
        query = GetHistory(application_id=ApplicationId(application_id))
        return reply(await tenant_scope.ask(query))

    @get(
        "/{application_id:uuid}/stage-durations",
        operation_id="showStageDurations",
        summary="Read how long an application stood in each stage",
        responses=problems(403, 404),
    )
    async def durations(
        self, tenant_scope: Scoped, application_id: FromPath[UUID]
    ) -> Reply[StageDurationsView]:
        """Return the time in each stage, worked out from the history."""
        query = GetStageDurations(application_id=ApplicationId(application_id))
        return reply(await tenant_scope.ask(query))

    @post(
        "/{application_id:uuid}/move",
        operation_id="moveApplication",
        summary="Move an application to another stage",
        status_code=200,
        responses=problems(403, 404, 409, 412),
    )
    async def move(
        self,
        request: Request[Any, Any, Any],
        tenant_scope: Scoped,
        application_id: FromPath[UUID],
        data: JSONBody[MoveInput],
    ) -> Reply[ApplicationView]:
        """Move it, unless someone else did: then the refusal says who, when and where to."""
        command = MoveApplication(
            application_id=ApplicationId(application_id),
            expected_version=expected_version(request),
            **msgspec.structs.asdict(data),
        )
        return await mutate(request, tenant_scope, command)

    @post(
        "/{application_id:uuid}/reject",
        operation_id="rejectApplication",
        summary="Reject an application",
        status_code=200,
        responses=problems(403, 404, 409, 412),
    )
    async def reject(
        self,
        request: Request[Any, Any, Any],
        tenant_scope: Scoped,
        application_id: FromPath[UUID],
        data: JSONBody[RejectInput],
    ) -> Reply[ApplicationView]:
        """Reject at once. It can be reopened."""
        command = RejectApplication(
            application_id=ApplicationId(application_id),
            expected_version=expected_version(request),
            **msgspec.structs.asdict(data),
        )
        return await mutate(request, tenant_scope, command)

    @post(
        "/{application_id:uuid}/withdraw",
        operation_id="withdrawApplication",
        summary="Note that the candidate withdrew",
        status_code=200,
        responses=problems(403, 404, 409, 412),
    )
    async def withdraw(
        self,
        request: Request[Any, Any, Any],
        tenant_scope: Scoped,
        application_id: FromPath[UUID],
        data: JSONBody[WithdrawInput],
    ) -> Reply[ApplicationView]:
        """End it as withdrawn. It can be reopened."""
        command = WithdrawApplication(
            application_id=ApplicationId(application_id),
            expected_version=expected_version(request),
            **msgspec.structs.asdict(data),
        )
        return await mutate(request, tenant_scope, command)

    @post(
        "/{application_id:uuid}/reopen",
        operation_id="reopenApplication",
        summary="Make an application active again",
        status_code=200,
        responses=problems(403, 404, 409, 412),
    )
    async def reopen(
        self,
        request: Request[Any, Any, Any],
        tenant_scope: Scoped,
        application_id: FromPath[UUID],
        data: JSONBody[ReopenInput],
    ) -> Reply[ApplicationView]:
        """Take back a rejection, a withdrawal or a hire."""
        command = ReopenApplication(
            application_id=ApplicationId(application_id),
            expected_version=expected_version(request),
            **msgspec.structs.asdict(data),
        )
        return await mutate(request, tenant_scope, command)

    @post(
        "/{application_id:uuid}/assign",
        operation_id="assignApplication",
        summary="Assign an application to a member",
        status_code=200,
        responses=problems(403, 404, 412),
    )
    async def assign(
        self,
        request: Request[Any, Any, Any],
        tenant_scope: Scoped,
        application_id: FromPath[UUID],
        data: JSONBody[AssignInput],
    ) -> Reply[ApplicationView]:
        """Say who looks after it from now on."""
        command = AssignApplication(
            application_id=ApplicationId(application_id),
            assignee_id=data.assignee_id,
            expected_version=expected_version(request),
        )
        return await mutate(request, tenant_scope, command)


class JobPipelineController(Controller):
    """A job's pipeline."""

    path = "/jobs"
    tags = ("Applications",)

    @get(
        "/{job_id:uuid}/pipeline",
        operation_id="showJobPipeline",
        summary="Read a job's pipeline as it stands or stood",
        responses=problems(403, 404),
    )
    async def show(
        self,
        tenant_scope: Scoped,
        job_id: FromPath[UUID],
        at: Annotated[
            datetime | None,
            QueryParameter(description="How it was at this instant (RFC 3339); now if left out."),
        ] = None,
        cards: Annotated[
            int,
            QueryParameter(ge=0, le=200, description="How many applications to show per stage."),
        ] = 50,
    ) -> Reply[PipelineSnapshot]:
        """Return counts and applications of each stage, from the immutable history."""
        query = GetPipeline(job_id=JobId(job_id), at=in_utc(at, "at"), cards=cards)
        return reply(await tenant_scope.ask(query))
