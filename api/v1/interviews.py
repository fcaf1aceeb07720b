"""Interviews: scheduling, changing, cancelling and listing them."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import Controller, Request, get, patch, post
from litestar.params import FromPath, JSONBody, QueryParameter
from msgspec import UNSET, Meta, UnsetType

from api.conditional import expected_version, reply_with_version
from api.instants import in_utc
from api.mutation import mutate
from api.paging import CursorParameter, LimitParameter, reply_page
from api.problems import problems
from api.replies import Reply
from api.request_scope import Scoped
from core.applications.contracts import ApplicationId
from core.interviews.contracts import (
    CancelInterview,
    CancelReason,
    GetInterview,
    InterviewId,
    InterviewKind,
    InterviewView,
    Link,
    ListInterviews,
    Place,
    RescheduleInterview,
    ScheduleInterview,
    ZoneName,
)
from core.shared.ids import MemberId
from core.shared.paging import DEFAULT_LIMIT, Page, PageRequest

Instant = Annotated[
    datetime, Meta(tz=True, description="RFC 3339.", examples=["2026-03-02T09:00:00Z"])
]
Interviewers = Annotated[tuple[MemberId, ...], Meta(min_length=1, max_length=20)]


class InterviewInput(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An interview to schedule."""

    application_id: ApplicationId
    kind: InterviewKind
    starts_at: Instant
    ends_at: Instant
    time_zone: ZoneName
    interviewers: Interviewers
    location: Place | None = None
    link: Link | None = None


class InterviewChanges(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What to change about an interview; what is left out stays."""

    kind: InterviewKind | UnsetType = UNSET
    starts_at: Instant | UnsetType = UNSET
    ends_at: Instant | UnsetType = UNSET
    time_zone: ZoneName | UnsetType = UNSET
    interviewers: Interviewers | UnsetType = UNSET
    location: Place | UnsetType | None = UNSET
    link: Link | UnsetType | None = UNSET


class CancelInput(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Why it won't take place."""

    reason: CancelReason


class InterviewController(Controller):
    """Interviews."""

    path = "/interviews"
    tags = ("Interviews",)

    @post(
        operation_id="scheduleInterview",
        summary="Schedule an interview",
        responses=problems(403, 409),
    )
    async def schedule(
        self, request: Request[Any, Any, Any], tenant_scope: Scoped, data: JSONBody[InterviewInput]
    ) -> Reply[InterviewView]:
        """Fix a time; interviewers who have another interview then are refused."""
        return await mutate(
            request,
            tenant_scope,
            ScheduleInterview(**msgspec.structs.asdict(data)),
            status=201,
            location=lambda view: f"/api/v1/interviews/{view.id}",
        )

    @get(operation_id="listInterviews", summary="List interviews", responses=problems(403))
    async def list(
        self,
        request: Request[Any, Any, Any],
        tenant_scope: Scoped,
        *,
        limit: LimitParameter = DEFAULT_LIMIT,
        cursor: CursorParameter = None,
        application_id: Annotated[
            UUID | None, QueryParameter(description="Only of this application.")
        ] = None,
        mine: Annotated[bool, QueryParameter(description="Only those that you hold.")] = False,
        starts_after: Annotated[
            datetime | None, QueryParameter(description="Only those that start later (RFC 3339).")
        ] = None,
        include_cancelled: Annotated[
            bool, QueryParameter(description="Also those that were cancelled.")
        ] = False,
    ) -> Reply[Page[InterviewView]]:
        """Return interviews in the order in which they start."""
        query = ListInterviews(
            page=PageRequest(limit, cursor),
            application_id=None if application_id is None else ApplicationId(application_id),
            mine=mine,
            starts_after=in_utc(starts_after, "starts_after"),
            include_cancelled=include_cancelled,
        )
        return reply_page(request, await tenant_scope.ask(query))

    @get(
        "/{interview_id:uuid}",
        operation_id="showInterview",
        summary="Read an interview",
        responses=problems(403, 404),
    )
    async def show(
        self, request: Request[Any, Any, Any], tenant_scope: Scoped, interview_id: FromPath[UUID]
    ) -> Reply[InterviewView]:
        """Return one interview."""
        view = await tenant_scope.ask(GetInterview(interview_id=InterviewId(interview_id)))
        return reply_with_version(request, view, view.version)

    @patch(
        "/{interview_id:uuid}",
        operation_id="rescheduleInterview",
        summary="Change an interview",
        responses=problems(403, 404, 409, 412),
    )
    async def reschedule(
        self,
        request: Request[Any, Any, Any],
        tenant_scope: Scoped,
        interview_id: FromPath[UUID],
        data: JSONBody[InterviewChanges],
    ) -> Reply[InterviewView]:
        """Change time, place or interviewers."""
        command = RescheduleInterview(
            interview_id=InterviewId(interview_id),
            expected_version=expected_version(request),
            **msgspec.structs.asdict(data),
        )
        return await mutate(request, tenant_scope, command)

    @post(
        "/{interview_id:uuid}/cancel",
        operation_id="cancelInterview",
        summary="Cancel an interview",
        status_code=200,
        responses=problems(403, 404, 409, 412),
    )
    async def cancel(
        self,
        request: Request[Any, Any, Any],
        tenant_scope: Scoped,
        interview_id: FromPath[UUID],
        data: JSONBody[CancelInput],
    ) -> Reply[InterviewView]:
        """Cancel; the interviewers are free again."""
        command = CancelInterview(
            interview_id=InterviewId(interview_id),
            reason=data.reason,
            expected_version=expected_version(request),
        )
        return await mutate(request, tenant_scope, command)
