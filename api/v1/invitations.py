"""Inviting people to the team."""

from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import Controller, Request, delete, get, post
from litestar.params import FromPath, JSONBody
from msgspec import Meta

from api.mutation import mutate
from api.problems import problems
from api.replies import Reply, reply
from api.request_scope import Scoped
from core.identity.contracts.team import (
    InvitationId,
    InvitationIssued,
    InvitationView,
    InviteMember,
    ListInvitations,
    RevokeInvitation,
)
from core.shared.actor import Role
from core.shared.paging import Page


class NewInvitation(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Whom to invite."""

    email: Annotated[str, Meta(min_length=3, max_length=254, examples=["grace@acme.example"])]
    name: Annotated[str, Meta(min_length=1, max_length=120, examples=["Grace Hopper"])]
    role: Role
    by_mail: Annotated[
        bool,
        Meta(
            description="Have the link mailed to the invited person alone, if a plugin that sends "
            "e-mail is enabled. Otherwise it is in the answer."
        ),
    ] = True


class InvitationController(Controller):
    """Invitations."""

    path = "/invitations"
    tags = ("Team",)

    @get(
        "/",
        operation_id="listInvitations",
        responses=problems(403),
        summary="List open invitations",
    )
    async def list(self, tenant_scope: Scoped) -> Reply[Page[InvitationView]]:
        """Return invitations that were neither accepted nor withdrawn, the newest first."""
        return reply(Page(await tenant_scope.ask(ListInvitations())))

    @post(
        "/",
        operation_id="inviteMember",
        responses=problems(403, 409),
        summary="Invite someone",
        status_code=201,
    )
    async def create(
        self, request: Request[Any, Any, Any], tenant_scope: Scoped, data: JSONBody[NewInvitation]
    ) -> Reply[InvitationIssued]:
        """Make a link that works once, for seven days, and is mailed, or shown only here.

        An open invitation to the same address is withdrawn.
        """
        command = InviteMember(
            email=data.email, name=data.name, role=data.role, by_mail=data.by_mail
        )
        return await mutate(request, tenant_scope, command, status=201, secret=True)

    @delete(
        "/{invitation_id:uuid}",
        operation_id="revokeInvitation",
        responses=problems(403, 404),
        summary="Withdraw an invitation",
    )
    async def revoke(
        self, request: Request[Any, Any, Any], tenant_scope: Scoped, invitation_id: FromPath[UUID]
    ) -> Reply[None]:
        """Make the link worthless; what was accepted stays."""
        command = RevokeInvitation(invitation_id=InvitationId(invitation_id))
        return await mutate(request, tenant_scope, command, status=204)
