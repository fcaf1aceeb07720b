"""Where applications stand: what changed, the whole history, and what candidates see of it."""

from datetime import datetime
from typing import Annotated, Any, Final
from uuid import UUID

import msgspec
from litestar import Controller, Request, get, post
from litestar.params import JSONBody, QueryParameter
from msgspec import UNSET, Meta, UnsetType

from api.conditional import expected_version, reply_with_version
from api.instants import in_utc
from api.mutation import mutate
from api.paging import CursorParameter, LimitParameter, reply_page
from api.problems import problems
from api.replies import Reply, reply
from api.request_scope import Scoped
from api.streams.view import View
from api.v1.stream import EventPage, log_of, open_stream, page_after
from core.applications.contracts import ApplicationId
from core.candidates.contracts import CandidateId
from core.shared.paging import DEFAULT_LIMIT, PageRequest
from core.status.contracts.history import ShowStatusHistory, StatusHistory
from core.status.contracts.preferences import (
    ChangeStatusPreferences,
    Shown,
    ShowStatusPreferences,
    StatusPreferences,
)

STATUS_TOPICS: Final = frozenset(
    {"activity", "application", "interview", "message", "status_report"}
)
"""What of the workspace's events is about where somebody stands."""
UNVERSIONED: Final = {"also_unversioned": True}
_STREAM: Final = "text/event-stream"


class ChangePreferencesRequest(msgspec.Struct, forbid_unknown_fields=True):
    """What candidates see on the page of their application; what isn't named stays as it is."""

    shown: (
        Annotated[
            tuple[Shown, ...],
            Meta(
                max_length=10,
                description="What is shown. `stage`: the stages by their public names; "
                "`interviews`: when and where; the others: that the team viewed, downloaded, "
                "commented, or that somebody looks after the application.",
                examples=[["stage", "interviews", "viewed"]],
            ),
        ]
        | UnsetType
    ) = UNSET
    names: (
        Annotated[bool, Meta(description="Whether candidates read who of the team it was.")]
        | UnsetType
    ) = UNSET


class StatusController(Controller):
    """Statuses of applications."""

    path = "/status"
    tags = ("Status",)

    @get(
        "/updates",
        operation_id="listStatusUpdates",
        summary="Hear where applications stand",
        description="Changes of stage and disposition, interviews, what became of messages, what "
        "members did, and reports from outside; only what you may read. With `Accept: "
        "text/event-stream` the answer is a live stream as `/api/v1/stream`, resumed with "
        "`Last-Event-ID`. Otherwise it is a page: ask the next time with `after` set to its "
        "`position`. Without `after` a page begins where the log begins, a stream now.",
        responses=problems(403),
        opt=UNVERSIONED,
    )
    async def updates(
        self,
        request: Request[Any, Any, Any],
        tenant_scope: Scoped,
        after: Annotated[
            int | None,
            QueryParameter(ge=0, le=2**63 - 1, description="The `position` of the answer before."),
        ] = None,
        limit: Annotated[
            int, QueryParameter(ge=1, le=200, description="Most positions to look at.")
        ] = 100,
    ) -> Reply[EventPage]:
        """Answer with a page, or open a stream."""
        if _wants_stream(request):
            return open_stream(request, tenant_scope, after, STATUS_TOPICS)
        view = View.of(tenant_scope.tenant, tenant_scope.actor, STATUS_TOPICS)
        log = log_of(request, view)
        bounds = await log.bounds()
        start = bounds.first - 1 if after is None else after
        return reply(await page_after(log, bounds, view, tenant_scope.actor, start, limit))

    @get(
        "/history",
        operation_id="showStatusHistory",
        summary="Show every status there was",
        description="Of one application, or of all that a candidate has: each change with who did "
        "it and how, and each report from outside, the latest first. With `as_of` it is what was "
        "known then, and `standing` where each application stood.",
        responses=problems(403, 404),
        opt=UNVERSIONED,
    )
    async def history(
        self,
        request: Request[Any, Any, Any],
        tenant_scope: Scoped,
        application_id: Annotated[
            UUID | None, QueryParameter(description="Of this application.")
        ] = None,
        candidate_id: Annotated[
            UUID | None, QueryParameter(description="Of all applications of this candidate.")
        ] = None,
        as_of: Annotated[
            datetime | None, QueryParameter(description="As it was at this time.")
        ] = None,
        limit: LimitParameter = DEFAULT_LIMIT,
        cursor: CursorParameter = None,
    ) -> Reply[StatusHistory]:
        """Return a page of the history."""
        query = ShowStatusHistory(
            application_id=None if application_id is None else ApplicationId(application_id),
            candidate_id=None if candidate_id is None else CandidateId(candidate_id),
            as_of=in_utc(as_of, "as_of"),
            page=PageRequest(limit, cursor),
        )
        return reply_page(request, await tenant_scope.ask(query))

    @get(
        "/preferences",
        operation_id="showStatusPreferences",
        summary="Show what candidates see",
        responses=problems(403),
        opt=UNVERSIONED,
    )
    async def preferences(
        self, request: Request[Any, Any, Any], tenant_scope: Scoped
    ) -> Reply[StatusPreferences]:
        """Return what candidates see on the page of their application."""
        view = await tenant_scope.ask(ShowStatusPreferences())
        return reply_with_version(request, view, view.version)

    @post(
        "/preferences",
        status_code=200,
        operation_id="changeStatusPreferences",
        summary="Decide what candidates see",
        responses=problems(403, 412),
        opt=UNVERSIONED,
    )
    async def change_preferences(
        self,
        request: Request[Any, Any, Any],
        tenant_scope: Scoped,
        data: JSONBody[ChangePreferencesRequest],
    ) -> Reply[StatusPreferences]:
        """Change it from now on; what candidates saw before, they saw."""
        command = ChangeStatusPreferences(
            shown=data.shown,
            names=data.names,
            expected_version=expected_version(request, required=False),
        )
        return await mutate(request, tenant_scope, command)


def _wants_stream(request: "Request[Any, Any, Any]") -> bool:
    """Whether the caller names the format of streams; what takes anything gets a page."""
    accepted = request.headers.get("accept", "")
    return any(part.partition(";")[0].strip().lower() == _STREAM for part in accepted.split(","))
