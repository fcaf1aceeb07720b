"""Moving and rejecting many applications at once."""

from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import Controller, Request, get, post
from litestar.params import FromPath, JSONBody
from msgspec import Meta

from api.conditional import reply_with_version
from api.mutation import mutate
from api.problems import problems
from api.replies import Reply
from api.request_scope import Scoped
from core.applications.contracts import (
    MAX_BULK,
    ApplicationId,
    BulkMove,
    BulkMoveView,
    BulkRejectionId,
    BulkRejectionView,
    CreateBulkRejection,
    GetBulkRejection,
    Move,
    Note,
    RecallBulkRejection,
    RejectionReason,
)
from core.jobs.contracts import StageId


class BulkMoveInput(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Applications of one job, each with the stage where you saw it, and where they go."""

    moves: Annotated[tuple[Move, ...], Meta(min_length=1, max_length=MAX_BULK)]
    to_stage_id: StageId
    reason: Note | None = None


class BulkRejectionInput(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Applications to reject when the delay is over."""

    application_ids: Annotated[tuple[ApplicationId, ...], Meta(min_length=1, max_length=MAX_BULK)]
    reason: RejectionReason
    note: Note | None = None
    delay_minutes: Annotated[
        int,
        Meta(ge=0, le=10_080, description="How long it can be recalled before it takes effect."),
    ] = 30


class RecallInput(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What to take back."""

    application_id: Annotated[
        ApplicationId | None, Meta(description="Only this application; everything if left out.")
    ] = None


class BulkController(Controller):
    """Bulk actions."""

    path = "/"
    tags = ("Applications",)

    @post(
        "/bulk-moves",
        operation_id="bulkMoveApplications",
        summary="Move many applications",
        status_code=200,
        responses=problems(403),
    )
    async def move(
        self, request: Request[Any, Any, Any], tenant_scope: Scoped, data: JSONBody[BulkMoveInput]
    ) -> Reply[BulkMoveView]:
        """Move each application that is where you saw it, and say of the others why not."""
        command = BulkMove(moves=data.moves, to_stage_id=data.to_stage_id, reason=data.reason)
        return await mutate(request, tenant_scope, command)

    @post(
        "/bulk-rejections",
        operation_id="createBulkRejection",
        summary="Reject many applications after a delay",
        responses=problems(403),
    )
    async def reject(
        self,
        request: Request[Any, Any, Any],
        tenant_scope: Scoped,
        data: JSONBody[BulkRejectionInput],
    ) -> Reply[BulkRejectionView]:
        """Promise the rejections; until they take effect they can be recalled."""
        return await mutate(
            request,
            tenant_scope,
            CreateBulkRejection(**msgspec.structs.asdict(data)),
            status=201,
            location=lambda view: f"/api/v1/bulk-rejections/{view.id}",
        )

    @get(
        "/bulk-rejections/{bulk_rejection_id:uuid}",
        operation_id="showBulkRejection",
        summary="Read a bulk rejection",
        responses=problems(403, 404),
    )
    async def show(
        self,
        request: Request[Any, Any, Any],
        tenant_scope: Scoped,
        bulk_rejection_id: FromPath[UUID],
    ) -> Reply[BulkRejectionView]:
        """Return it with what became of each application."""
        query = GetBulkRejection(bulk_rejection_id=BulkRejectionId(bulk_rejection_id))
        view = await tenant_scope.ask(query)
        return reply_with_version(request, view, view.version)

    @post(
        "/bulk-rejections/{bulk_rejection_id:uuid}/recall",
        operation_id="recallBulkRejection",
        summary="Recall a bulk rejection",
        status_code=200,
        responses=problems(403, 404, 409),
    )
    async def recall(
        self,
        request: Request[Any, Any, Any],
        tenant_scope: Scoped,
        bulk_rejection_id: FromPath[UUID],
        data: JSONBody[RecallInput],
    ) -> Reply[BulkRejectionView]:
        """Take back all of it, or one application, while it has not taken effect."""
        command = RecallBulkRejection(
            bulk_rejection_id=BulkRejectionId(bulk_rejection_id),
            application_id=data.application_id,
        )
        return await mutate(request, tenant_scope, command)
