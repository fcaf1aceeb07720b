"""Everything that happened around a candidate, in one list: the live piece of their page."""

import asyncio
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
from api.web import labels, letters_shown
from api.web.frame import WEB, may, partial
from core.applications.contracts import (
    ApplicationRow,
    GetHistory,
    HistoryView,
    ListApplications,
)
from core.candidates.contracts import CandidateId, ListNotes, NoteView
from core.messages.contracts import SuppressionView
from core.messages.replies import Letter, ReplyView, ShowConversation
from core.shared.paging import MAX_LIMIT, PageRequest
from core.shared.permissions import Action
from core.status.contracts.activity import ListActivity
from core.status.contracts.history import ShowStatusHistory
from tenants.scope import TenantScope

_MOST_HISTORIES: Final = 10
_LOOKS: Final = frozenset(("viewed", "resume_viewed", "downloaded"))


class Moment(msgspec.Struct, frozen=True, kw_only=True):
    """One entry of a candidate's timeline."""

    at: datetime
    kind: str
    """`note`, `letter`, `reply`, `assigned`, a change of stage (`applied moved hired ...`), a look
    (`viewed resume_viewed downloaded`) or `reported` from outside."""
    by: str | None = None
    job: str | None = None
    before: str | None = None
    after: str | None = None
    text: str | None = None
    note: NoteView | None = None
    letter: Letter | None = None
    reply: ReplyView | None = None
    outcome: str | None = None
    """What came of a report."""


class Timeline(msgspec.Struct, frozen=True, kw_only=True):
    """What the piece shows."""

    applications: Sequence[ApplicationRow]
    moments: list[Moment]
    suppressed: tuple[SuppressionView, ...]
    """Addresses of the candidate that aren't written to."""


@get("/candidates/{candidate_id:uuid}/timeline", **WEB)
async def candidate_timeline(
    request: Request[Any, Any, Any], tenant_scope: Scoped, candidate_id: FromPath[UUID]
) -> Reply[bytes]:
    """Show what happened, for the page to put in the place of what it shows."""
    known = CandidateId(candidate_id)
    found = await timeline_of(tenant_scope, known)
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
    }


async def timeline_of(scope: TenantScope, candidate_id: CandidateId) -> Timeline:
    """Return what happened around a candidate, the latest first."""
    (applications, histories), notes, conversation, looks = await asyncio.gather(
        _applications(scope, candidate_id),
        scope.ask(ListNotes(candidate_id=candidate_id, limit=MAX_LIMIT)),
        _conversation(scope, candidate_id),
        _looks_and_reports(scope, candidate_id),
    )
    letters, replies, suppressed = conversation
    moments = [
        *(
            Moment(at=each.created_at, kind="note", by=each.author_name, text=each.text, note=each)
            for each in notes.items
        ),
        *(Moment(at=each.created_at, kind="letter", letter=each) for each in letters),
        *(Moment(at=each.received_at, kind="reply", reply=each) for each in replies),
        *(moment for row, history in histories for moment in _moments(row, history)),
        *looks,
    ]
    moments.sort(key=lambda moment: moment.at, reverse=True)
    return Timeline(applications=applications, moments=moments, suppressed=suppressed)


def _moments(row: ApplicationRow, history: HistoryView) -> list[Moment]:
    moved = [
        Moment(
            at=change.at,
            kind=change.kind,
            by=change.by.name if change.by else None,
            job=row.job_title,
            before=change.from_stage,
            after=change.to_stage,
            text=change.reason,
        )
        for change in history.changes
    ]
    given = [
        Moment(
            at=each.at,
            kind="assigned",
            by=each.by.name if each.by else None,
            job=row.job_title,
            before=each.from_member.name if each.from_member else None,
            after=each.to_member.name if each.to_member else None,
        )
        for each in history.assignments
    ]
    return moved + given


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


async def _applications(
    scope: TenantScope, candidate_id: CandidateId
) -> tuple[Sequence[ApplicationRow], Sequence[tuple[ApplicationRow, HistoryView]]]:
    """Return the candidate's applications, and what happened to the newest of them."""
    page_request = PageRequest(limit=MAX_LIMIT)
    found = await scope.ask(ListApplications(page=page_request, candidate_id=candidate_id))
    shown = found.items[:_MOST_HISTORIES]
    histories = await asyncio.gather(
        *(scope.ask(GetHistory(application_id=row.id)) for row in shown)
    )
    return found.items, list(zip(shown, histories, strict=True))


async def _conversation(
    scope: TenantScope, candidate_id: CandidateId
) -> tuple[tuple[Letter, ...], tuple[ReplyView, ...], tuple[SuppressionView, ...]]:
    if not may(scope.actor, Action.EDIT_CANDIDATE):
        return (), (), ()
    found = await scope.ask(ShowConversation(candidate_id=candidate_id))
    return found.letters, found.replies, found.suppressed


ROUTES: Final[tuple[ControllerRouterHandler, ...]] = (candidate_timeline,)
