"""What members did about a candidate, and noting that one looked."""

from typing import Any
from uuid import UUID

import msgspec
from litestar import Controller, Request, get, post
from litestar.params import FromPath, JSONBody

from api.mutation import mutate
from api.paging import CursorParameter, LimitParameter, reply_page
from api.problems import problems
from api.replies import Reply
from api.request_scope import Scoped
from core.candidates.contracts import CandidateId
from core.shared.paging import DEFAULT_LIMIT, Page, PageRequest
from core.status.contracts.activity import (
    ActivityEntry,
    Glance,
    GlanceNoted,
    ListActivity,
    NoteGlance,
)


class GlanceRequest(msgspec.Struct, forbid_unknown_fields=True):
    """What was looked at."""

    kind: Glance


class ActivityController(Controller):
    """What members did about a candidate."""

    path = "/candidates/{candidate_id:uuid}/activity"
    tags = ("Status",)

    @get(
        operation_id="listCandidateActivity",
        summary="List what members did about a candidate",
        description="Viewed, opened a résumé, downloaded, commented, moved, assigned; the latest "
        "first. A look counts once for a member and hour.",
        responses=problems(403, 404),
    )
    async def list(
        self,
        request: Request[Any, Any, Any],
        tenant_scope: Scoped,
        candidate_id: FromPath[UUID],
        limit: LimitParameter = DEFAULT_LIMIT,
        cursor: CursorParameter = None,
    ) -> Reply[Page[ActivityEntry]]:
        """Return a page."""
        query = ListActivity(
            candidate_id=CandidateId(candidate_id), page=PageRequest(limit, cursor)
        )
        return reply_page(request, await tenant_scope.ask(query))

    @post(
        status_code=200,
        operation_id="noteCandidateGlance",
        summary="Note that you looked at a candidate",
        description="The console's pages say so when they are seen. Of an API key nothing is "
        "noted: programs look at nobody.",
        responses=problems(403, 404),
    )
    async def note(
        self,
        request: Request[Any, Any, Any],
        tenant_scope: Scoped,
        candidate_id: FromPath[UUID],
        data: JSONBody[GlanceRequest],
    ) -> Reply[GlanceNoted]:
        """Note it, once an hour."""
        command = NoteGlance(candidate_id=CandidateId(candidate_id), kind=data.kind)
        return await mutate(request, tenant_scope, command)
