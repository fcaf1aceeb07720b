"""Reads: the team, one's own sessions and workspaces, who one is, and the permission table."""

from core.identity.contracts.sign_in import (
    ListPermissions,
    ListSessions,
    ListWorkspaces,
    Me,
    PermissionRow,
    SessionId,
    SessionView,
    ShowMe,
    Workspace,
)
from core.identity.contracts.team import (
    InvitationView,
    ListInvitations,
    ListMembers,
    MemberView,
    ShowMember,
)
from core.identity.policy import own_account, own_member
from core.identity.ports import IdentityQueries
from core.shared.access import authorise
from core.shared.actor import Actor
from core.shared.clock import Clock
from core.shared.errors import Forbidden
from core.shared.paging import Page
from core.shared.permissions import PERMISSIONS, Action
from core.shared.tenant import TenantContext
from core.shared.usecase import handles


@handles(ListMembers, action=Action.VIEW_TEAM)
async def list_members(query: ListMembers, *, queries: IdentityQueries) -> Page[MemberView]:
    """Return the team in the order in which its members joined."""
    return await queries.members(query.page, role=query.role, status=query.status)


@handles(ShowMember, action=Action.VIEW_TEAM)
async def show_member(query: ShowMember, *, queries: IdentityQueries) -> MemberView:
    """Return one member."""
    return await queries.member(query.member_id)


@handles(ListInvitations, action=Action.MANAGE_USERS)
async def list_invitations(
    query: ListInvitations,  # noqa: ARG001 - asks nothing
    *,
    queries: IdentityQueries,
    clock: Clock,
) -> tuple[InvitationView, ...]:
    """Return the invitations that were neither accepted nor withdrawn."""
    return await queries.open_invitations(clock.now())


@handles(ListSessions, action=Action.OWN_ACCOUNT)
async def list_sessions(
    query: ListSessions,  # noqa: ARG001 - asks nothing
    *,
    actor: Actor,
    queries: IdentityQueries,
    clock: Clock,
) -> tuple[SessionView, ...]:
    """Return one's own sessions in this tenant."""
    return await queries.sessions(own_member(actor), current=SessionId(actor.id), now=clock.now())


@handles(ShowMe, action=Action.OWN_ACCOUNT)
async def show_me(
    query: ShowMe,  # noqa: ARG001 - asks nothing
    *,
    actor: Actor,
    context: TenantContext,
    queries: IdentityQueries,
) -> Me:
    """Return who is asking and what they may do."""
    member = await queries.member(own_member(actor))
    return Me(
        kind=actor.kind,
        member_id=member.id,
        name=member.name,
        email=member.email,
        role=member.role,
        scopes=None if actor.scopes is None else tuple(sorted(actor.scopes)),
        permissions=_permissions_of(actor),
        workspace_slug=context.slug,
        workspace_name=context.name,
        plan=context.plan,
    )


@handles(ListWorkspaces, action=Action.OWN_ACCOUNT)
async def list_workspaces(
    query: ListWorkspaces,  # noqa: ARG001 - asks nothing
    *,
    actor: Actor,
    context: TenantContext,
    queries: IdentityQueries,
) -> tuple[Workspace, ...]:
    """Return the tenants that one is a member of.

    An API key belongs to this tenant and is not told of the person's others.
    """
    found = await queries.workspaces(own_account(actor))
    if actor.kind == "member":
        return found
    return tuple(workspace for workspace in found if workspace.slug == context.slug)


@handles(ListPermissions, action=Action.VIEW_TENANT)
async def list_permissions(query: ListPermissions) -> tuple[PermissionRow, ...]:  # noqa: ARG001 - asks nothing
    """Return the permission table."""
    return tuple(
        PermissionRow(action.value, dict(row.items())) for action, row in PERMISSIONS.items()
    )


def _permissions_of(actor: Actor) -> dict[str, str]:
    permitted: dict[str, str] = {}
    for action in Action:
        try:
            permitted[action.value] = authorise(actor, action).grant
        except Forbidden:
            continue
    return permitted
