"""The page of one person, who else they may be, and how two records become one."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import msgspec
from litestar import Request, get
from litestar.params import FromPath
from litestar.types import ControllerRouterHandler

from api.replies import Reply
from api.request_scope import Scoped
from api.web import labels
from api.web.frame import WEB, may, page, require
from core.applications.contracts import (
    ApplicationRow,
    GetHistory,
    HistoryView,
    ListApplications,
)
from core.candidates.contracts import (
    CandidateId,
    CandidateView,
    GetCandidate,
    ListFiles,
    ListNotes,
    NoteView,
)
from core.candidates.duplicates import (
    Duplicate,
    FindDuplicates,
    ListDuplicates,
    ListMerges,
    MergeView,
)
from core.identity.contracts.team import ListMembers
from core.jobs.contracts import ListJobs
from core.shared.ids import MemberId
from core.shared.paging import MAX_LIMIT, PageRequest
from core.shared.permissions import Action
from tenants.scope import TenantScope

_MOST_HISTORIES: Final = 10
_CHOSEN: Final = ("full_name", "preferred_name", "headline", "location", "source")


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
        duplicates=await _duplicates(tenant_scope, known),
        merges=await _merges(tenant_scope, known),
        shared=labels.SHARED_CONTACT,
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


@get("/duplicates", **WEB)
async def duplicates(request: Request[Any, Any, Any], tenant_scope: Scoped) -> Reply[bytes]:
    """List contacts that several candidates share."""
    found = await tenant_scope.ask(ListDuplicates(limit=MAX_LIMIT))
    return page(request, "duplicates.html", found=found, shared=labels.SHARED_CONTACT)


@get("/candidates/{candidate_id:uuid}/merge/{other_id:uuid}", **WEB)
async def merge(
    request: Request[Any, Any, Any],
    tenant_scope: Scoped,
    candidate_id: FromPath[UUID],
    other_id: FromPath[UUID],
) -> Reply[bytes]:
    """Show two records side by side and ask whose values are kept."""
    require(tenant_scope, Action.EDIT_CANDIDATE)
    kept = await tenant_scope.ask(GetCandidate(candidate_id=CandidateId(candidate_id)))
    other = await tenant_scope.ask(GetCandidate(candidate_id=CandidateId(other_id)))
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
    return [(name, ours, theirs) for name, ours, theirs in pairs if ours and theirs != ours]


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


async def _duplicates(scope: TenantScope, candidate_id: CandidateId) -> Sequence[Duplicate]:
    if not may(scope.actor, Action.EDIT_CANDIDATE):
        return ()
    return (await scope.ask(FindDuplicates(candidate_id=candidate_id))).items


async def _merges(scope: TenantScope, candidate_id: CandidateId) -> Sequence[MergeView]:
    found = await scope.ask(ListMerges(candidate_id=candidate_id))
    return [each for each in found.items if each.undone_at is None]


async def _open_jobs(scope: TenantScope) -> Sequence[Any]:
    found = await scope.ask(ListJobs(page=PageRequest(limit=MAX_LIMIT), status="open"))
    return found.items


async def _members(scope: TenantScope) -> Sequence[tuple[MemberId, str]]:
    if not may(scope.actor, Action.VIEW_TEAM):
        return ()
    found = await scope.ask(ListMembers(page=PageRequest(limit=MAX_LIMIT), status="active"))
    return sorted(((each.id, each.name) for each in found.items), key=lambda pair: pair[1])


ROUTES: Final[tuple[ControllerRouterHandler, ...]] = (candidate, duplicates, merge)
