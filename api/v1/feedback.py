"""Feedback on applications: giving, changing and reading it."""

from typing import Any
from uuid import UUID

import msgspec
from litestar import Controller, Request, get, patch, post
from litestar.params import FromPath, JSONBody
from msgspec import UNSET, UnsetType

from api.conditional import expected_version
from api.mutation import mutate
from api.problems import problems
from api.replies import Reply, reply
from api.request_scope import Scoped
from core.applications.contracts import ApplicationId
from core.interviews.contracts import (
    Comment,
    EditFeedback,
    FeedbackHistory,
    FeedbackId,
    FeedbackList,
    FeedbackView,
    GetFeedbackHistory,
    ListFeedback,
    Ratings,
    Recommendation,
    SubmitFeedback,
)


class FeedbackInput(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What you think of the application; ratings go from 1 to 5, by criterion."""

    recommendation: Recommendation
    ratings: Ratings = msgspec.field(default_factory=dict)
    comment: Comment = ""


class FeedbackChanges(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What to change about your feedback; what is left out stays."""

    recommendation: Recommendation | UnsetType = UNSET
    ratings: Ratings | UnsetType = UNSET
    comment: Comment | UnsetType = UNSET


class FeedbackController(Controller):
    """Feedback."""

    path = "/"
    tags = ("Interviews",)

    @post(
        "/applications/{application_id:uuid}/feedback",
        operation_id="submitFeedback",
        summary="Give feedback on an application",
        responses=problems(403, 404, 409),
    )
    async def submit(
        self,
        request: Request[Any, Any, Any],
        tenant_scope: Scoped,
        application_id: FromPath[UUID],
        data: JSONBody[FeedbackInput],
    ) -> Reply[FeedbackView]:
        """Give yours, once; it can be edited."""
        command = SubmitFeedback(
            application_id=ApplicationId(application_id), **msgspec.structs.asdict(data)
        )
        return await mutate(
            request,
            tenant_scope,
            command,
            status=201,
            location=lambda view: f"/api/v1/feedback/{view.id}/versions",
        )

    @get(
        "/applications/{application_id:uuid}/feedback",
        operation_id="listFeedback",
        summary="Read the feedback on an application",
        responses=problems(403, 404),
    )
    async def list(
        self, tenant_scope: Scoped, application_id: FromPath[UUID]
    ) -> Reply[FeedbackList]:
        """Return the feedback; interviewers see that of others once they gave their own."""
        query = ListFeedback(application_id=ApplicationId(application_id))
        return reply(await tenant_scope.ask(query))

    @patch(
        "/feedback/{feedback_id:uuid}",
        operation_id="editFeedback",
        summary="Change your feedback",
        responses=problems(403, 404, 412),
    )
    async def edit(
        self,
        request: Request[Any, Any, Any],
        tenant_scope: Scoped,
        feedback_id: FromPath[UUID],
        data: JSONBody[FeedbackChanges],
    ) -> Reply[FeedbackView]:
        """Change it; the version before is kept."""
        command = EditFeedback(
            feedback_id=FeedbackId(feedback_id),
            expected_version=expected_version(request),
            **msgspec.structs.asdict(data),
        )
        return await mutate(request, tenant_scope, command)

    @get(
        "/feedback/{feedback_id:uuid}/versions",
        operation_id="showFeedbackVersions",
        summary="Read every version of someone's feedback",
        responses=problems(403, 404),
    )
    async def versions(
        self, tenant_scope: Scoped, feedback_id: FromPath[UUID]
    ) -> Reply[FeedbackHistory]:
        """Return every version, oldest first."""
        query = GetFeedbackHistory(feedback_id=FeedbackId(feedback_id))
        return reply(await tenant_scope.ask(query))
