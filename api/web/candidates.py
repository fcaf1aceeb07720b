"""The pages of candidates: search, one person with everything about them, and the editor."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any, Final
from uuid import UUID

import msgspec
from litestar import Request, get
from litestar.params import FromPath, QueryParameter
from litestar.types import ControllerRouterHandler

from api.replies import Reply
from api.request_scope import Scoped
from api.web import labels
from api.web.frame import WEB, is_partial, may, page, partial, require
from core.applications.contracts import (
    ApplicationRow,
    GetHistory,
    HistoryView,
    ListApplications,
)
from core.candidates.contracts import (
    CandidateFilter,
    CandidateId,
    GetCandidate,
    ListCandidates,
    ListFiles,
    ListNotes,
    NoteView,
)
from core.identity.contracts.team import ListMembers
from core.jobs.contracts import ListJobs
from core.shared.ids import MemberId
from core.shared.paging import MAX_LIMIT, PageRequest
from core.shared.permissions import Action
from tenants.scope import TenantScope

Words = Annotated[str, QueryParameter(max_length=200)]
Cursor = Annotated[str | None, QueryParameter(max_length=2_000)]
OfJob = Annotated[UUID | None, QueryParameter()]
AssignedTo = Annotated[UUID | None, QueryParameter()]
_MOST_HISTORIES: Final = 10


class Moment(msgspec.Struct, frozen=True):
    """One entry of a candidate's timeline."""

    at: datetime
    kind: str
    """`note`, `assigned`, or a change of stage: `applied moved hired rejected ...`."""
    by: str | None
    job: str | None
    before: str | None
    after: str | None
    text: str | None
    note: NoteView | None = None


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
    found = await tenant_scope.ask(ListCandidates(where=where, cursor=cursor))
    context: dict[str, Any] = {
        "found": found,
        "where": where,
        "q": q,
        "is_first": cursor is None,
        "may_add": may(tenant_scope.actor, Action.EDIT_CANDIDATE),
    }
    if is_partial(request):
        name = "pieces/candidate_rows.html" if cursor else "pieces/candidate_table.html"
        return partial(request, name, **context)
    jobs = await tenant_scope.ask(ListJobs(page=PageRequest(limit=MAX_LIMIT), status="open"))
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


@get("/candidates/{candidate_id:uuid}", **WEB)
async def candidate(
    request: Request[Any, Any, Any], tenant_scope: Scoped, candidate_id: FromPath[UUID]
) -> Reply[bytes]:
    """Show one person: profile, applications, what happened, notes and files."""
    known = CandidateId(candidate_id)
    found = await tenant_scope.ask(GetCandidate(candidate_id=known))
    notes = await tenant_scope.ask(ListNotes(candidate_id=known, limit=MAX_LIMIT))
    files = await tenant_scope.ask(ListFiles(candidate_id=known, limit=MAX_LIMIT))
    applications = await tenant_scope.ask(
        ListApplications(page=PageRequest(limit=MAX_LIMIT), candidate_id=known)
    )
    histories = [
        (row, await tenant_scope.ask(GetHistory(application_id=row.id)))
        for row in applications.items[:_MOST_HISTORIES]
    ]
    actor = tenant_scope.actor
    may_add = may(actor, Action.MOVE_APPLICATION)
    return page(
        request,
        "candidate.html",
        candidate=found,
        files=files.items,
        applications=applications.items,
        timeline=timeline(notes.items, histories),
        jobs=await _open_jobs(tenant_scope) if may_add else [],
        members=await _members(tenant_scope),
        me=actor.member_id,
        may_edit=may(actor, Action.EDIT_CANDIDATE),
        may_delete=may(actor, Action.DELETE_CANDIDATE),
        may_move=may_add,
        may_assign=may(actor, Action.ASSIGN_APPLICATION),
        dispositions=labels.DISPOSITION,
        disposition_kinds=labels.DISPOSITION_KIND,
        sources=labels.SOURCE,
        rejections=labels.REJECTION,
        withdrawals=labels.WITHDRAWAL,
    )


@get("/candidates/{candidate_id:uuid}/edit", **WEB)
async def edit_candidate(
    request: Request[Any, Any, Any], tenant_scope: Scoped, candidate_id: FromPath[UUID]
) -> Reply[bytes]:
    """Change a candidate's profile."""
    require(tenant_scope, Action.EDIT_CANDIDATE)
    found = await tenant_scope.ask(GetCandidate(candidate_id=CandidateId(candidate_id)))
    return page(request, "candidate_edit.html", candidate=found)


def timeline(
    notes: Sequence[NoteView], histories: Sequence[tuple[ApplicationRow, HistoryView]]
) -> list[Moment]:
    """Return everything that happened around a candidate, the latest first."""
    found = [
        Moment(each.created_at, "note", each.author_name, None, None, None, each.text, each)
        for each in notes
    ]
    for row, history in histories:
        found += [
            Moment(
                change.at,
                change.kind,
                change.by.name if change.by else None,
                row.job_title,
                change.from_stage,
                change.to_stage,
                change.reason,
            )
            for change in history.changes
        ]
        found += [
            Moment(
                given.at,
                "assigned",
                given.by.name if given.by else None,
                row.job_title,
                given.from_member.name if given.from_member else None,
                given.to_member.name if given.to_member else None,
                None,
            )
            for given in history.assignments
        ]
    return sorted(found, key=lambda moment: moment.at, reverse=True)


async def _open_jobs(scope: TenantScope) -> Sequence[Any]:
    found = await scope.ask(ListJobs(page=PageRequest(limit=MAX_LIMIT), status="open"))
    return found.items


async def _members(scope: TenantScope) -> Sequence[tuple[MemberId, str]]:
    if not may(scope.actor, Action.VIEW_TEAM):
        return ()
    found = await scope.ask(ListMembers(page=PageRequest(limit=MAX_LIMIT), status="active"))
    return sorted(((each.id, each.name) for each in found.items), key=lambda pair: pair[1])


ROUTES: Final[tuple[ControllerRouterHandler, ...]] = (
    candidates,
    new_candidate,
    candidate,
    edit_candidate,
)
