"""What needs me today: the first page after signing in."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from litestar import Request, get
from litestar.types import ControllerRouterHandler

from api.replies import Reply
from api.request_scope import Scoped
from api.web.frame import WEB, may, page
from api.web.labels import INTERVIEW_KIND
from core.applications.contracts import (
    ApplicationId,
    ApplicationRow,
    ApplicationView,
    GetApplication,
    ListApplications,
)
from core.interviews.contracts import InterviewView, ListInterviews
from core.jobs.contracts import ListJobs
from core.messages.replies import ListTroubles, Trouble
from core.promises.contracts import ListWaiting, Waiting
from core.shared.errors import NotFound
from core.shared.paging import MAX_LIMIT, PageRequest
from core.shared.permissions import Action
from tenants.scope import TenantScope

_SHOWN: Final = 8
_LONG_WAIT: Final = timedelta(days=7)


@get("/dashboard", **WEB)
async def dashboard(request: Request[Any, Any, Any], tenant_scope: Scoped) -> Reply[bytes]:
    """Show my interviews, who waits for me the longest, and the open jobs."""
    now = datetime.now(UTC)
    jobs, mine, interviews, troubles, waiting = await asyncio.gather(
        tenant_scope.ask(ListJobs(page=PageRequest(limit=_SHOWN), status="open")),
        _mine(tenant_scope),
        _interviews(tenant_scope, now),
        _troubles(tenant_scope),
        _waiting(tenant_scope),
    )
    return page(
        request,
        "dashboard.html",
        jobs=jobs.items,
        mine=mine[:_SHOWN],
        mine_total=len(mine),
        late=[each.id for each in mine if now - each.stage_entered_at > _LONG_WAIT],
        interviews=await _with_whom(tenant_scope, interviews, mine),
        waiting=waiting,
        troubles=troubles,
        kinds=INTERVIEW_KIND,
        may_create=may(tenant_scope.actor, Action.CREATE_JOB),
    )


async def _mine(scope: TenantScope) -> list[ApplicationRow]:
    """Return active applications that I look after, the longest in their stage first."""
    if scope.actor.member_id is None or not may(scope.actor, Action.VIEW_CANDIDATES):
        return []
    found = await scope.ask(
        ListApplications(
            page=PageRequest(limit=MAX_LIMIT),
            assignee_id=scope.actor.member_id,
            disposition="active",
        )
    )
    return sorted(found.items, key=lambda row: row.stage_entered_at)


async def _troubles(scope: TenantScope) -> Sequence[Trouble]:
    """Return messages to my candidates that failed, or of which nobody knows."""
    if scope.actor.member_id is None or not may(scope.actor, Action.EDIT_CANDIDATE):
        return ()
    return (await scope.ask(ListTroubles())).items[:_SHOWN]


async def _waiting(scope: TenantScope) -> Waiting:
    """Return candidates of mine whose promised answer is near or late."""
    if scope.actor.member_id is None or not may(scope.actor, Action.VIEW_CANDIDATES):
        return Waiting((), is_cut=False)
    return await scope.ask(ListWaiting(mine=True, limit=_SHOWN))


async def _interviews(scope: TenantScope, now: datetime) -> Sequence[InterviewView]:
    """Return my next interviews, with those that began within the hour."""
    if not may(scope.actor, Action.VIEW_CANDIDATES):
        return ()
    found = await scope.ask(
        ListInterviews(
            page=PageRequest(limit=_SHOWN), mine=True, starts_after=now - timedelta(hours=1)
        )
    )
    return found.items


async def _with_whom(
    scope: TenantScope, interviews: Sequence[InterviewView], mine: Sequence[ApplicationRow]
) -> list[tuple[InterviewView, ApplicationRow | ApplicationView | None]]:
    """Return interviews with the applications they are about; None for one that just went."""
    known: dict[ApplicationId, ApplicationRow | ApplicationView] = {row.id: row for row in mine}
    others = {each.application_id for each in interviews} - known.keys()
    for found in await asyncio.gather(*(_application(scope, each) for each in others)):
        if found is not None:
            known[found.id] = found
    return [(each, known.get(each.application_id)) for each in interviews]


async def _application(scope: TenantScope, known: ApplicationId) -> ApplicationView | None:
    try:
        return await scope.ask(GetApplication(application_id=known))
    except NotFound:
        return None


ROUTES: Final[tuple[ControllerRouterHandler, ...]] = (dashboard,)
