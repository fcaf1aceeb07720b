"""The pages of settings: team, API keys, plan and usage, audit log, background work; and search."""

from typing import Annotated, Any, Final, get_args
from uuid import UUID

from litestar import Request, get
from litestar.params import QueryParameter
from litestar.types import ControllerRouterHandler

from api.replies import Reply
from api.request_scope import Scoped
from api.web import labels
from api.web.frame import WEB, is_partial, may, page, partial, require, translated
from api.web.navigation import places_for
from api.web.roles import SENTENCE_OF
from core.audit.contracts import AuditFilter, ListAudit
from core.candidates.contracts import CandidateFilter, ListCandidates
from core.identity.contracts.api_keys import ListApiKeys
from core.identity.contracts.sign_in import CanMailLinks, ListSessions, ShowMe
from core.identity.contracts.team import ListInvitations, ListMembers
from core.jobs.contracts import ListJobs
from core.messages.member_views import ListMemberMessages, MemberMessageRow
from core.shared.actor import ROLES
from core.shared.ids import MemberId
from core.shared.paging import MAX_LIMIT, PageRequest
from core.shared.permissions import Action
from core.tasks.contracts import ListTasks, TaskGroup
from core.tenancy.contracts import ListPlans, ShowEntitlements
from tenants.scope import TenantScope

Words = Annotated[str, QueryParameter(max_length=200)]
Cursor = Annotated[str | None, QueryParameter(max_length=2_000)]
_FEW: Final = 6
_GROUPS: Final = frozenset(get_args(TaskGroup))


@get("/team", **WEB)
async def team(request: Request[Any, Any, Any], tenant_scope: Scoped) -> Reply[bytes]:
    """Show who works here, and with which role."""
    members = await tenant_scope.ask(ListMembers(page=PageRequest(limit=MAX_LIMIT)))
    may_manage = may(tenant_scope.actor, Action.MANAGE_USERS)
    invitations = await tenant_scope.ask(ListInvitations()) if may_manage else ()
    mails = await _invitation_mails(tenant_scope) if invitations else {}
    return page(
        request,
        "team.html",
        members=members.items,
        invitations=invitations,
        mails=mails,
        mail_states=labels.MAIL_STATES,
        by_mail=may_manage and await tenant_scope.ask(CanMailLinks()),
        roles=labels.ROLES,
        role_names=ROLES,
        may_manage=may_manage,
        me=tenant_scope.actor.member_id,
    )


async def _invitation_mails(tenant_scope: TenantScope) -> dict[str, MemberMessageRow]:
    """Return the latest mail to each invited address, among the last hundred mails."""
    found = await tenant_scope.ask(ListMemberMessages(page=PageRequest(limit=MAX_LIMIT)))
    return {each.to_address: each for each in reversed(found.items) if each.purpose == "invitation"}


@get("/api-keys", **WEB)
async def api_keys(request: Request[Any, Any, Any], tenant_scope: Scoped) -> Reply[bytes]:
    """Show API keys and make new ones."""
    keys = await tenant_scope.ask(ListApiKeys())
    actor = tenant_scope.actor
    return page(
        request,
        "api_keys.html",
        keys=keys,
        scopes=[action.value for action in Action if may(actor, action)],
        says=SENTENCE_OF,
        me=actor.member_id,
    )


@get("/plan", **WEB)
async def plan(request: Request[Any, Any, Any], tenant_scope: Scoped) -> Reply[bytes]:
    """Show what the plan gives and what is used of it."""
    return page(
        request,
        "plan.html",
        plan=await tenant_scope.ask(ShowEntitlements()),
        plans=await tenant_scope.ask(ListPlans()),
    )


@get("/audit", **WEB)
async def audit(
    request: Request[Any, Any, Any],
    tenant_scope: Scoped,
    action: Words = "",
    subject: Words = "",
    member: Annotated[UUID | None, QueryParameter()] = None,
    cursor: Cursor = None,
) -> Reply[bytes]:
    """Show who did what, the latest first; the address holds the filters."""
    where = AuditFilter(
        member_id=MemberId(member) if member else None,
        action=action.strip() or None,
        subject=subject.strip() or None,
    )
    found = await tenant_scope.ask(ListAudit(where=where, page=PageRequest(cursor=cursor)))
    context: dict[str, Any] = {"found": found, "where": where, "is_first": cursor is None}
    if is_partial(request):
        name = "pieces/audit_rows.html" if cursor else "pieces/audit_table.html"
        return partial(request, name, **context)
    members: Any = ()
    if may(tenant_scope.actor, Action.VIEW_TEAM):
        team = await tenant_scope.ask(ListMembers(page=PageRequest(limit=MAX_LIMIT)))
        members = team.items
    return page(request, "audit.html", members=members, **context)


@get("/tasks", **WEB)
async def tasks(
    request: Request[Any, Any, Any],
    tenant_scope: Scoped,
    group: Words = "given_up",
    cursor: Cursor = None,
) -> Reply[bytes]:
    """Show background work, what was given up first."""
    chosen: Any = group if group in _GROUPS else "given_up"
    found = await tenant_scope.ask(ListTasks(group=chosen, page=PageRequest(cursor=cursor)))
    context: dict[str, Any] = {"found": found, "group": chosen, "is_first": cursor is None}
    if is_partial(request) and cursor:
        return partial(request, "pieces/task_rows.html", **context)
    return page(request, "tasks.html", **context)


@get("/account", **WEB)
async def account(request: Request[Any, Any, Any], tenant_scope: Scoped) -> Reply[bytes]:
    """Show who one is, where one is signed in, and change the password."""
    require(tenant_scope, Action.OWN_ACCOUNT)
    return page(
        request,
        "account.html",
        me=await tenant_scope.ask(ShowMe()),
        sessions=await tenant_scope.ask(ListSessions()),
        roles=labels.ROLES,
    )


@get("/search", **WEB)
async def search(
    request: Request[Any, Any, Any], tenant_scope: Scoped, q: Words = ""
) -> Reply[Any]:
    """Fill the palette: places, jobs and candidates that fit what is typed."""
    require(tenant_scope, Action.VIEW_JOBS)
    words = q.strip()
    actor = tenant_scope.actor
    places = [
        place
        for place in places_for(actor)
        if words.casefold() in translated(request.scope, place.label).casefold()
    ]
    jobs: Any = ()
    people: Any = ()
    if words:
        jobs = (await tenant_scope.ask(ListJobs(page=PageRequest(limit=_FEW), q=words))).items
        if may(actor, Action.VIEW_CANDIDATES):
            where = CandidateFilter(text=words)
            people = (await tenant_scope.ask(ListCandidates(where=where, limit=_FEW))).items
    return partial(
        request,
        "pieces/palette_results.html",
        places=places,
        jobs=jobs,
        people=people,
        statuses=labels.JOB_STATUS,
        q=words,
    )


ROUTES: Final[tuple[ControllerRouterHandler, ...]] = (
    team,
    api_keys,
    plan,
    audit,
    tasks,
    account,
    search,
)
