"""The team: who is in it, with which role, and who is let in no longer."""

from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import Controller, Request, get, patch, post
from litestar.params import FromPath, JSONBody, QueryParameter
from msgspec import UNSET, Meta, UnsetType

from api.conditional import expected_version, reply_with_version
from api.mutation import mutate
from api.paging import CursorParameter, LimitParameter, reply_page
from api.problems import problems
from api.replies import Reply
from api.request_scope import Scoped
from core.identity.contracts.team import (
    DeactivateMember,
    ListMembers,
    MemberStatus,
    MemberView,
    ReactivateMember,
    SendMemberPasswordReset,
    ShowMember,
    UpdateMember,
)
from core.shared.actor import Role
from core.shared.ids import MemberId
from core.shared.paging import DEFAULT_LIMIT, Page, PageRequest


class MemberChanges(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What to change about a member; what is left out stays."""

    name: (
        Annotated[str, Meta(min_length=1, max_length=120, examples=["Ada Lovelace"])] | UnsetType
    ) = UNSET
    role: Role | UnsetType = UNSET


class MemberController(Controller):
    """Members."""

    path = "/members"
    tags = ("Team",)

    @get("/", operation_id="listMembers", responses=problems(403), summary="List the team")
    async def list(
        self,
        request: Request[Any, Any, Any],
        tenant_scope: Scoped,
        limit: LimitParameter = DEFAULT_LIMIT,
        cursor: CursorParameter = None,
        role: Annotated[Role | None, QueryParameter(description="Only this role.")] = None,
        status: Annotated[
            MemberStatus | None, QueryParameter(description="Only this status.")
        ] = None,
    ) -> Reply[Page[MemberView]]:
        """Return members in the order in which they joined."""
        query = ListMembers(page=PageRequest(limit, cursor), role=role, status=status)
        return reply_page(request, await tenant_scope.ask(query))

    @get(
        "/{member_id:uuid}",
        operation_id="showMember",
        responses=problems(403, 404),
        summary="Read a member",
    )
    async def show(
        self, request: Request[Any, Any, Any], tenant_scope: Scoped, member_id: FromPath[UUID]
    ) -> Reply[MemberView]:
        """Return one member."""
        view = await tenant_scope.ask(ShowMember(member_id=MemberId(member_id)))
        return reply_with_version(request, view, view.version)

    @patch(
        "/{member_id:uuid}",
        operation_id="updateMember",
        responses=problems(403, 404, 409, 412),
        summary="Change a member",
    )
    async def update(
        self,
        request: Request[Any, Any, Any],
        tenant_scope: Scoped,
        member_id: FromPath[UUID],
        data: JSONBody[MemberChanges],
    ) -> Reply[MemberView]:
        """Change name or role. A new role ends the member's sessions; one admin must stay."""
        command = UpdateMember(
            member_id=MemberId(member_id),
            expected_version=expected_version(request),
            name=data.name,
            role=data.role,
        )
        return await mutate(request, tenant_scope, command)

    @post(
        "/{member_id:uuid}/deactivate",
        operation_id="deactivateMember",
        responses=problems(403, 404, 409),
        summary="Let a member in no longer",
        status_code=200,
    )
    async def deactivate(
        self, request: Request[Any, Any, Any], tenant_scope: Scoped, member_id: FromPath[UUID]
    ) -> Reply[MemberView]:
        """End the member's sessions and API keys; what they did stays."""
        command = DeactivateMember(member_id=MemberId(member_id))
        return await mutate(request, tenant_scope, command)

    @post(
        "/{member_id:uuid}/reactivate",
        operation_id="reactivateMember",
        responses=problems(403, 404),
        summary="Let a member in again",
        status_code=200,
    )
    async def reactivate(
        self, request: Request[Any, Any, Any], tenant_scope: Scoped, member_id: FromPath[UUID]
    ) -> Reply[MemberView]:
        """Let a deactivated member in again, if the plan has room."""
        command = ReactivateMember(member_id=MemberId(member_id))
        return await mutate(request, tenant_scope, command)

    @post(
        "/{member_id:uuid}/password-reset",
        operation_id="sendMemberPasswordReset",
        responses=problems(403, 404, 409),
        summary="Have a member sent a link to choose a new password",
        status_code=204,
    )
    async def password_reset(
        self, request: Request[Any, Any, Any], tenant_scope: Scoped, member_id: FromPath[UUID]
    ) -> Reply[None]:
        """Send the link to the member's own address; nobody else gets to see it."""
        command = SendMemberPasswordReset(member_id=MemberId(member_id))
        return await mutate(request, tenant_scope, command, status=204)
