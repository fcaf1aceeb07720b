"""The team: members, invitations, and the way back in for one who forgot the password."""

from typing import Annotated, Literal, NewType
from uuid import UUID

import msgspec
from msgspec import UNSET, UnsetType

from core.ports.tasks import task
from core.shared.actor import Role
from core.shared.clock import UtcDatetime
from core.shared.ids import MemberId
from core.shared.paging import Page, PageRequest
from core.shared.usecase import Command, Query

InvitationId = NewType("InvitationId", UUID)
MemberStatus = Literal["active", "deactivated"]
InvitationStatus = Literal["open", "accepted", "revoked", "expired"]

EmailText = Annotated[str, msgspec.Meta(min_length=3, max_length=254)]
NameText = Annotated[str, msgspec.Meta(min_length=1, max_length=120)]


class MemberView(msgspec.Struct, frozen=True):
    """A member of the team."""

    id: MemberId
    email: str
    name: str
    role: Role
    status: MemberStatus
    joined_at: UtcDatetime
    deactivated_at: UtcDatetime | None
    version: int


class InvitationView(msgspec.Struct, frozen=True):
    """An invitation; its link is shown only once, when it is made."""

    id: InvitationId
    email: str
    name: str
    role: Role
    status: InvitationStatus
    invited_by: MemberId | None
    created_at: UtcDatetime
    expires_at: UtcDatetime


class InvitationIssued(msgspec.Struct, frozen=True):
    """A new invitation. Its link works once, and is mailed or shown, never both."""

    invitation: InvitationView
    mailed: bool
    """Whether the link goes to the invited person by mail, and to nobody else."""
    link: str | None
    token: str | None

    def __repr__(self) -> str:
        return f"InvitationIssued(invitation={self.invitation.id})"


class LinkPromised(msgspec.Struct, frozen=True):
    """Where a link goes if the address is a member's; says nothing about whether it is."""

    by_mail: bool
    """False: no plugin that sends is enabled, so it lies with the operator."""


class InvitationPreview(msgspec.Struct, frozen=True):
    """What the holder of an invitation's link sees before they accept."""

    workspace: str
    email: str
    name: str
    role: Role
    expires_at: UtcDatetime


class PasswordResetIssued(msgspec.Struct, frozen=True):
    """A link that lets its holder choose a new password, once."""

    link: str
    token: str
    expires_at: UtcDatetime


class ListMembers(Query[Page[MemberView]], frozen=True, kw_only=True):
    """Read the team in the order in which its members joined."""

    page: PageRequest = PageRequest()
    role: Role | None = None
    status: MemberStatus | None = None


class ShowMember(Query[MemberView], frozen=True, kw_only=True):
    """Read one member."""

    member_id: MemberId


class UpdateMember(Command[MemberView], frozen=True, kw_only=True):
    """Change a member's name or role. A new role ends the member's sessions."""

    member_id: MemberId
    expected_version: int | None = None
    name: str | UnsetType = UNSET
    role: Role | UnsetType = UNSET


class DeactivateMember(Command[MemberView], frozen=True, kw_only=True):
    """Let a member in no longer. What they did stays; their sessions and API keys end."""

    member_id: MemberId


class ReactivateMember(Command[MemberView], frozen=True, kw_only=True):
    """Let a deactivated member in again, with the API keys they had."""

    member_id: MemberId


class InviteMember(Command[InvitationIssued], frozen=True, kw_only=True):
    """Invite someone; an open invitation to the same address is replaced."""

    email: EmailText
    name: NameText
    role: Role
    by_mail: bool = True
    """Have the link mailed if a plugin that sends is enabled; otherwise it is in the answer."""


class ListInvitations(Query[tuple[InvitationView, ...]], frozen=True, kw_only=True):
    """Read the open invitations."""


class RevokeInvitation(Command[None], frozen=True, kw_only=True):
    """Make an invitation's link worthless."""

    invitation_id: InvitationId


class PreviewInvitation(Query[InvitationPreview], frozen=True, kw_only=True):
    """Read what an invitation's link offers, without using it up."""

    token: str


class AcceptInvitation(Command[MemberView], frozen=True, kw_only=True):
    """Become a member. Who has an account already gives its password, others choose one."""

    token: str
    password: str
    address: str
    name: str | None = None

    def __repr__(self) -> str:
        return "AcceptInvitation(...)"


class RequestPasswordReset(Command[LinkPromised], frozen=True, kw_only=True):
    """Ask for a link by mail; does the same whether the address is known or not."""

    email: str
    address: str


class SendMemberPasswordReset(Command[None], frozen=True, kw_only=True):
    """Have a link mailed to a member. The admin doesn't see it: the account isn't theirs."""

    member_id: MemberId


@task("password_reset_mail")
class DeliverPasswordReset(Command[None], frozen=True, kw_only=True):
    """Make the link and mail it, if the address is a member's. Done in the background."""

    email: str


class IssuePasswordReset(Command[PasswordResetIssued], frozen=True, kw_only=True):
    """Make a link and show it. Only for the operator, who has checked who asks."""

    email: str


class ResetPassword(Command[None], frozen=True, kw_only=True):
    """Choose a new password with a link; ends every session of the person, everywhere."""

    token: str
    password: str

    def __repr__(self) -> str:
        return "ResetPassword(...)"
