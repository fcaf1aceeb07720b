"""Facts about people and their credentials. None carries a secret, a name or an e-mail address."""

from typing import ClassVar, Literal

from core.shared.actor import Role
from core.shared.events import Event
from core.shared.ids import MemberId


class MemberEvent(Event, frozen=True, kw_only=True):
    """Base of the facts about a member; `aggregate_id` is the member's id."""

    aggregate: ClassVar[str] = "member"


class MemberJoined(MemberEvent, frozen=True, kw_only=True):
    """Someone became a member."""

    type: ClassVar[str] = "member.joined"
    role: Role


class MemberUpdated(MemberEvent, frozen=True, kw_only=True):
    """A member's name or role changed."""

    type: ClassVar[str] = "member.updated"
    fields: tuple[str, ...]
    role: Role


class MemberDeactivated(MemberEvent, frozen=True, kw_only=True):
    """A member is let in no longer."""

    type: ClassVar[str] = "member.deactivated"


class MemberReactivated(MemberEvent, frozen=True, kw_only=True):
    """A member is let in again."""

    type: ClassVar[str] = "member.reactivated"


class SessionStarted(MemberEvent, frozen=True, kw_only=True):
    """A member signed in."""

    type: ClassVar[str] = "member.signed_in"
    by: Literal["password", "link"] = "password"


class SessionsEnded(MemberEvent, frozen=True, kw_only=True):
    """A member signed out of one session or of all."""

    type: ClassVar[str] = "member.signed_out"
    everywhere: bool


class PasswordChanged(MemberEvent, frozen=True, kw_only=True):
    """A member changed the password, knowing the old one or by a link."""

    type: ClassVar[str] = "member.password_changed"
    by_link: bool


class PasswordResetIssuedFor(MemberEvent, frozen=True, kw_only=True):
    """A link to choose a new password was made for a member."""

    type: ClassVar[str] = "member.password_reset_issued"


class PasswordResetRequested(Event, frozen=True, kw_only=True):
    """Somebody asked for a reset link; whether for a member is not said here."""

    type: ClassVar[str] = "password_reset.requested"
    aggregate: ClassVar[str] = "password_reset"


class SignInLinkIssuedFor(MemberEvent, frozen=True, kw_only=True):
    """A link to sign in was made for a member and mailed."""

    type: ClassVar[str] = "member.sign_in_link_issued"


class SignInLinkRequested(Event, frozen=True, kw_only=True):
    """Somebody asked for a link to sign in; whether for a member is not said here."""

    type: ClassVar[str] = "sign_in_link.requested"
    aggregate: ClassVar[str] = "sign_in_link"


class InvitationEvent(Event, frozen=True, kw_only=True):
    """Base of the facts about an invitation; `aggregate_id` is its id."""

    aggregate: ClassVar[str] = "invitation"


class MemberInvited(InvitationEvent, frozen=True, kw_only=True):
    """Someone was invited."""

    type: ClassVar[str] = "invitation.created"
    role: Role


class InvitationRevoked(InvitationEvent, frozen=True, kw_only=True):
    """An invitation was withdrawn."""

    type: ClassVar[str] = "invitation.revoked"


class InvitationAccepted(InvitationEvent, frozen=True, kw_only=True):
    """The invited person became a member."""

    type: ClassVar[str] = "invitation.accepted"
    member_id: MemberId


class ApiKeyEvent(Event, frozen=True, kw_only=True):
    """Base of the facts about an API key; `aggregate_id` is its id."""

    aggregate: ClassVar[str] = "api_key"
    member_id: MemberId


class ApiKeyCreated(ApiKeyEvent, frozen=True, kw_only=True):
    """A key was made."""

    type: ClassVar[str] = "api_key.created"
    scopes: tuple[str, ...]


class ApiKeyRotated(ApiKeyEvent, frozen=True, kw_only=True):
    """A key got a new secret."""

    type: ClassVar[str] = "api_key.rotated"


class ApiKeyRevoked(ApiKeyEvent, frozen=True, kw_only=True):
    """A key was ended."""

    type: ClassVar[str] = "api_key.revoked"
