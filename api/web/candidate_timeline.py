"""Everything that happened around a candidate, in one list: the live piece of their page."""

import asyncio
from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

import msgspec
from litestar import Request, get
from litestar.params import FromPath
from litestar.types import ControllerRouterHandler

from api.replies import Reply
from api.request_scope import Scoped
from api.web import labels, letters_shown
from api.web.candidate_interviews import interviews_for
from api.web.candidate_moments import (
    Moment,
    Names,
    of_feedback,
    of_files,
    of_history,
    of_interviews,
    of_merges,
)
from api.web.frame import WEB, may, partial
from core.applications.contracts import (
    ApplicationRow,
    GetHistory,
    ListApplications,
)
from core.candidates.contracts import CandidateId, FileView, ListFiles, ListNotes
from core.candidates.duplicates import ListMerges, MergeView
from core.identity.contracts.team import ListMembers, MemberView
from core.interviews.contracts import ListFeedback, ListInterviews
from core.messages.contracts import SuppressionView
from core.messages.replies import Letter, ReplyView, ShowConversation
from core.shared.paging import MAX_LIMIT, PageRequest
from core.shared.permissions import Action
from core.status.contracts.activity import ListActivity
from core.status.contracts.history import ShowStatusHistory
from tenants.scope import TenantScope

MOST_SHOWN: Final = 10
"""Of so many applications, the newest, it is shown what happened to them."""
_LOOKS: Final = frozenset(("viewed", "resume_viewed", "downloaded"))


class Timeline(msgspec.Struct, frozen=True, kw_only=True):
    """What the piece shows."""

    applications: Sequence[ApplicationRow]
    moments: list[Moment]
    suppressed: tuple[SuppressionView, ...]
    """Addresses of the candidate that aren't written to."""
    files: Sequence[FileView]
    merges: Sequence[MergeView]
    """Those that were not undone."""
    members: Sequence[MemberView]
    """The team, also those who left; empty for whom may not see it."""


@get("/candidates/{candidate_id:uuid}/timeline", **WEB)
async def candidate_timeline(
    request: Request[Any, Any, Any], tenant_scope: Scoped, candidate_id: FromPath[UUID]
) -> Reply[bytes]:
    """Show what happened, for the page to put in the place of what it shows."""
    known = CandidateId(candidate_id)
    found = await timeline_of(tenant_scope, known, await rows_of(tenant_scope, known))
    return partial(
        request, "pieces/candidate_timeline.html", **words_for(tenant_scope, known, found)
    )


def words_for(scope: TenantScope, candidate_id: CandidateId, found: Timeline) -> dict[str, Any]:
    """Return what the piece's template is given."""
    titles = {each.id: each.job_title for each in found.applications}
    return {
        "candidate_id": candidate_id,
        "timeline": found.moments,
        "outcomes": labels.REPORT_OUTCOME,
        "interview_kinds": labels.INTERVIEW_KIND,
        "recommendations": labels.RECOMMENDATION,
        "suppressed": found.suppressed,
        "job_titles": titles,
        "me": scope.actor.member_id,
        "may_edit": may(scope.actor, Action.EDIT_CANDIDATE),
        "may_manage_messages": may(scope.actor, Action.MANAGE_MESSAGES),
        "standing_of": letters_shown.standing_of,
        "happened": letters_shown.happened,
        "shown_text": letters_shown.shown_text,
        "safe_letter": letters_shown.safe_letter,
        "suppressed_why": letters_shown.SUPPRESSED,
        **interviews_for(scope, found.applications, found.moments),
    }


async def rows_of(scope: TenantScope, candidate_id: CandidateId) -> Sequence[ApplicationRow]:
    """Return the candidate's applications, the newest first."""
    page_request = PageRequest(limit=MAX_LIMIT)
    found = await scope.ask(ListApplications(page=page_request, candidate_id=candidate_id))
    return found.items


async def timeline_of(
    scope: TenantScope, candidate_id: CandidateId, applications: Sequence[ApplicationRow]
) -> Timeline:
    """Return what happened around a candidate with these applications, the latest first."""
    happened, notes, conversation, looks, record = await asyncio.gather(
        _happened(scope, applications),
        scope.ask(ListNotes(candidate_id=candidate_id, limit=MAX_LIMIT)),
        _conversation(scope, candidate_id),
        _looks_and_reports(scope, candidate_id),
        _record(scope, candidate_id),
    )
    files, merges, members = record
    letters, replies, suppressed = conversation
    names: Names = {each.id: each.name for each in members}
    moments = [
        *(
            Moment(at=each.created_at, kind="note", by=each.author_name, text=each.text, note=each)
            for each in notes.items
        ),
        *(Moment(at=each.created_at, kind="letter", letter=each) for each in letters),
        *(Moment(at=each.received_at, kind="reply", reply=each) for each in replies),
        *happened,
        *looks,
        *of_files(files, names),
        *of_merges(merges, names),
    ]
    moments.sort(key=lambda moment: moment.at, reverse=True)
    return Timeline(
        applications=applications,
        moments=moments,
        suppressed=suppressed,
        files=files,
        merges=[each for each in merges if each.undone_at is None],
        members=members,
    )


async def _looks_and_reports(scope: TenantScope, candidate_id: CandidateId) -> list[Moment]:
    """Return who looked at the candidate, and what was reported without changing anything."""
    latest = PageRequest(limit=MAX_LIMIT)
    activity, history = await asyncio.gather(
        scope.ask(ListActivity(candidate_id=candidate_id, page=latest)),
        scope.ask(ShowStatusHistory(candidate_id=candidate_id, page=latest)),
    )
    looks = [
        Moment(at=each.at, kind=each.kind, by=each.by.name)
        for each in activity.items
        if each.kind in _LOOKS
    ]
    reports = [
        Moment(
            at=each.at,
            kind="reported",
            by=each.reported_by,
            job=each.job_title,
            after=each.reported_status,
            text=each.note,
            outcome=each.outcome,
        )
        for each in history.items
        if each.kind == "reported"
    ]
    return looks + reports


async def _happened(scope: TenantScope, applications: Sequence[ApplicationRow]) -> list[Moment]:
    """Return what happened to the newest applications."""
    happened = await asyncio.gather(*(_of(scope, row) for row in applications[:MOST_SHOWN]))
    return [moment for moments in happened for moment in moments]


async def _of(scope: TenantScope, row: ApplicationRow) -> list[Moment]:
    """Return what happened to one application."""
    history, interviews, feedback = await asyncio.gather(
        scope.ask(GetHistory(application_id=row.id)),
        scope.ask(
            ListInterviews(
                page=PageRequest(limit=MAX_LIMIT), application_id=row.id, include_cancelled=True
            )
        ),
        scope.ask(ListFeedback(application_id=row.id)),
    )
    return [
        *of_history(row, history),
        *of_interviews(row, interviews.items),
        *of_feedback(row, feedback.items),
    ]


async def _record(
    scope: TenantScope, candidate_id: CandidateId
) -> tuple[Sequence[FileView], Sequence[MergeView], Sequence[MemberView]]:
    """Return files and merges, with the team that they name."""
    files, merges, members = await asyncio.gather(
        scope.ask(ListFiles(candidate_id=candidate_id, limit=MAX_LIMIT)),
        scope.ask(ListMerges(candidate_id=candidate_id)),
        _members(scope),
    )
    return files.items, merges.items, members


async def _members(scope: TenantScope) -> Sequence[MemberView]:
    """Return the team, also those who left; nobody where it may not be seen."""
    if not may(scope.actor, Action.VIEW_TEAM):
        return ()
    return (await scope.ask(ListMembers(page=PageRequest(limit=MAX_LIMIT)))).items


async def _conversation(
    scope: TenantScope, candidate_id: CandidateId
) -> tuple[tuple[Letter, ...], tuple[ReplyView, ...], tuple[SuppressionView, ...]]:
    if not may(scope.actor, Action.EDIT_CANDIDATE):
        return (), (), ()
    found = await scope.ask(ShowConversation(candidate_id=candidate_id))
    return found.letters, found.replies, found.suppressed


ROUTES: Final[tuple[ControllerRouterHandler, ...]] = (candidate_timeline,)
