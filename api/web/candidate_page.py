"""The page of one person, who else they may be, and how two records become one."""

import asyncio
from collections.abc import Sequence
from typing import Annotated, Any, Final
from uuid import UUID

from litestar import Request, get
from litestar.params import FromPath, QueryParameter
from litestar.types import ControllerRouterHandler

from api.replies import Reply
from api.request_scope import Scoped
from api.web import labels
from api.web.candidate_applications import applications_of
from api.web.candidate_timeline import Timeline, rows_of, timeline_of, words_for
from api.web.frame import WEB, is_partial, may, page, partial, require
from core.candidates.contracts import (
    CandidateId,
    CandidateView,
    GetCandidate,
)
from core.candidates.duplicates import (
    Duplicate,
    FindDuplicates,
    ListDuplicates,
)
from core.jobs.contracts import JobRow, ListJobs
from core.shared.ids import MemberId
from core.shared.paging import MAX_LIMIT, PageRequest
from core.shared.permissions import Action
from tenants.scope import TenantScope

Cursor = Annotated[str | None, QueryParameter(max_length=2_000)]
_CHOSEN: Final = ("full_name", "preferred_name", "headline", "location", "source")


@get("/candidates/{candidate_id:uuid}", **WEB)
async def candidate(
    request: Request[Any, Any, Any], tenant_scope: Scoped, candidate_id: FromPath[UUID]
) -> Reply[bytes]:
    """Show one person: profile, applications, what happened, notes and files."""
    known = CandidateId(candidate_id)
    actor = tenant_scope.actor
    found, rows = await asyncio.gather(
        tenant_scope.ask(GetCandidate(candidate_id=known)), rows_of(tenant_scope, known)
    )
    happened, told, others, jobs = await asyncio.gather(
        timeline_of(tenant_scope, known, rows),
        applications_of(tenant_scope, rows, found),
        _duplicates(tenant_scope, known),
        _open_jobs(tenant_scope),
    )
    return page(
        request,
        "candidate.html",
        candidate=found,
        files=happened.files,
        applications=happened.applications,
        told=told,
        duplicates=others,
        merges=happened.merges,
        shared=labels.SHARED_CONTACT,
        jobs=jobs,
        members=_assignable(happened),
        **words_for(tenant_scope, known, happened),
        may_delete=may(actor, Action.DELETE_CANDIDATE),
        may_move=may(actor, Action.MOVE_APPLICATION),
        may_assign=may(actor, Action.ASSIGN_APPLICATION),
        dispositions=labels.DISPOSITION,
        disposition_kinds=labels.DISPOSITION_KIND,
        sources=labels.SOURCE,
        rejections=labels.REJECTION,
        withdrawals=labels.WITHDRAWAL,
    )


@get("/duplicates", **WEB)
async def duplicates(
    request: Request[Any, Any, Any], tenant_scope: Scoped, cursor: Cursor = None
) -> Reply[bytes]:
    """List contacts that several candidates share; the page asks for the rest by itself."""
    found = await tenant_scope.ask(ListDuplicates(cursor=cursor))
    context: dict[str, Any] = {
        "found": found,
        "shared": labels.SHARED_CONTACT,
        "is_first": cursor is None,
    }
    if cursor and is_partial(request):
        return partial(request, "pieces/duplicate_groups.html", **context)
    return page(request, "duplicates.html", **context)


@get("/candidates/{candidate_id:uuid}/merge/{other_id:uuid}", **WEB)
async def merge(
    request: Request[Any, Any, Any],
    tenant_scope: Scoped,
    candidate_id: FromPath[UUID],
    other_id: FromPath[UUID],
) -> Reply[bytes]:
    """Show two records side by side and ask whose values are kept."""
    require(tenant_scope, Action.EDIT_CANDIDATE)
    kept, other = await asyncio.gather(
        *(
            tenant_scope.ask(GetCandidate(candidate_id=CandidateId(each)))
            for each in (candidate_id, other_id)
        )
    )
    return page(
        request,
        "merge.html",
        kept=kept,
        other=other,
        differing=differing(kept, other),
        names=labels.MERGED_FIELD,
    )


def differing(kept: CandidateView, other: CandidateView) -> list[tuple[str, str, str]]:
    """Return field, our value and theirs, of fields that both have and only one can stay."""
    pairs = [(name, getattr(kept, name), getattr(other, name)) for name in _CHOSEN]
    return [
        (name, ours, theirs) for name, ours, theirs in pairs if ours and theirs and theirs != ours
    ]


async def _duplicates(scope: TenantScope, candidate_id: CandidateId) -> Sequence[Duplicate]:
    if not may(scope.actor, Action.EDIT_CANDIDATE):
        return ()
    return (await scope.ask(FindDuplicates(candidate_id=candidate_id))).items


async def _open_jobs(scope: TenantScope) -> Sequence[JobRow]:
    """Return the jobs that a candidate can be put into."""
    if not may(scope.actor, Action.MOVE_APPLICATION):
        return ()
    found = await scope.ask(ListJobs(page=PageRequest(limit=MAX_LIMIT), status="open"))
    return found.items


def _assignable(happened: Timeline) -> list[tuple[MemberId, str]]:
    """Return who can be given an application, by name."""
    active = ((each.id, each.name) for each in happened.members if each.status == "active")
    return sorted(active, key=lambda pair: pair[1].casefold())


ROUTES: Final[tuple[ControllerRouterHandler, ...]] = (candidate, duplicates, merge)
