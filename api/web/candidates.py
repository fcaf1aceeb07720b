"""The pages of candidates: search, and the editor of a profile."""

import asyncio
from typing import Annotated, Any, Final
from uuid import UUID

from litestar import Request, get
from litestar.params import FromPath, QueryParameter
from litestar.types import ControllerRouterHandler

from api.replies import Reply
from api.request_scope import Scoped
from api.web.frame import WEB, is_partial, may, page, partial, require
from core.candidates.contracts import (
    CandidateFilter,
    CandidateId,
    GetCandidate,
    ListCandidates,
)
from core.jobs.contracts import ListJobs
from core.shared.paging import MAX_LIMIT, PageRequest
from core.shared.permissions import Action

Words = Annotated[str, QueryParameter(max_length=200)]
Cursor = Annotated[str | None, QueryParameter(max_length=2_000)]
OfJob = Annotated[UUID | None, QueryParameter()]
AssignedTo = Annotated[UUID | None, QueryParameter()]


@get("/candidates", **WEB)
async def candidates(
    request: Request[Any, Any, Any],
    tenant_scope: Scoped,
    q: Words = "",
    skill: Words = "",
    tag: Words = "",
    source: Words = "",
    job: OfJob = None,
    assignee: AssignedTo = None,
    cursor: Cursor = None,
) -> Reply[bytes]:
    """List candidates; the address holds the filters."""
    where = CandidateFilter(
        text=q.strip() or None,
        skill=skill.strip() or None,
        tag=tag.strip() or None,
        source=source.strip() or None,
        job_id=job,
        assignee=assignee,
    )
    asked = tenant_scope.ask(ListCandidates(where=where, cursor=cursor))
    if is_partial(request):
        found, jobs = await asked, None
    else:
        open_jobs = ListJobs(page=PageRequest(limit=MAX_LIMIT), status="open")
        found, jobs = await asyncio.gather(asked, tenant_scope.ask(open_jobs))
    context: dict[str, Any] = {
        "found": found,
        "where": where,
        "q": q,
        "is_first": cursor is None,
        "may_add": may(tenant_scope.actor, Action.EDIT_CANDIDATE),
        "may_import": may(tenant_scope.actor, Action.IMPORT_CANDIDATES),
    }
    if jobs is None:
        name = "pieces/candidate_rows.html" if cursor else "pieces/candidate_table.html"
        return partial(request, name, **context)
    return page(
        request,
        "candidates.html",
        jobs=jobs.items,
        me=tenant_scope.actor.member_id,
        **context,
    )


@get("/candidates/new", **WEB)
async def new_candidate(request: Request[Any, Any, Any], tenant_scope: Scoped) -> Reply[bytes]:
    """Ask for a new candidate."""
    require(tenant_scope, Action.EDIT_CANDIDATE)
    return page(request, "candidate_edit.html", candidate=None)


@get("/candidates/{candidate_id:uuid}/edit", **WEB)
async def edit_candidate(
    request: Request[Any, Any, Any], tenant_scope: Scoped, candidate_id: FromPath[UUID]
) -> Reply[bytes]:
    """Change a candidate's profile."""
    require(tenant_scope, Action.EDIT_CANDIDATE)
    found = await tenant_scope.ask(GetCandidate(candidate_id=CandidateId(candidate_id)))
    return page(request, "candidate_edit.html", candidate=found)


ROUTES: Final[tuple[ControllerRouterHandler, ...]] = (
    candidates,
    new_candidate,
    edit_candidate,
)
