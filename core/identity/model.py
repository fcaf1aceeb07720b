"""The aggregates of people: members, invitations, sessions, API keys."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final
from uuid import UUID

from core.identity.contracts.sign_in import SessionId
from core.identity.contracts.team import InvitationId, InvitationStatus, MemberStatus
from core.identity.passwords import parse_email
from core.shared.actor import Role
from core.shared.clock import UtcDatetime
from core.shared.errors import FieldError, InvalidInput
from core.shared.ids import AccountId, ApiKeyId, MemberId
from core.shared.permissions import Action

MAX_NAME_LENGTH: Final = 120
INVITATION_LIFETIME: Final = timedelta(days=7)
RESET_LIFETIME: Final = timedelta(hours=1)
SIGN_IN_LINK_LIFETIME: Final = timedelta(minutes=10)
"""The longest that ASVS 6.5.5 lets such a link live."""
LINKS_PER_ACCOUNT: Final = 3
"""Mails to one address for each attempt that one network address has: nobody fills a mailbox."""


def parse_name(text: str, field: str = "name") -> str:
    """Return a person's or key's name with its white space collapsed. Raises InvalidInput."""
    name = " ".join(text.split())
    if not 0 < len(name) <= MAX_NAME_LENGTH or not name.isprintable():
        raise InvalidInput(FieldError(field, f"Use 1 to {MAX_NAME_LENGTH} printable characters."))
    return name


@dataclass
class Member:
    """What a person is in one tenant."""

    id: MemberId
    account_id: AccountId
    email: str
    name: str
    role: Role
    joined_at: UtcDatetime
    status: MemberStatus = "active"
    deactivated_at: UtcDatetime | None = None
    version: int = 1

    def __post_init__(self) -> None:
        self.name = parse_name(self.name)

    @property
    def is_active_admin(self) -> bool:
        """Whether this member can manage the team."""
        return self.status == "active" and self.role == "admin"

    def rename(self, name: str) -> None:
        """Change the name. Raises InvalidInput."""
        self.name = parse_name(name)

    def deactivate(self, now: UtcDatetime) -> None:
        """Let the member in no longer."""
        self.status, self.deactivated_at = "deactivated", now

    def reactivate(self) -> None:
        """Let the member in again."""
        self.status, self.deactivated_at = "active", None


@dataclass
class Invitation:
    """An offer to become a member, good for one use of its link."""

    id: InvitationId
    email: str
    name: str
    role: Role
    token_hash: bytes
    invited_by: MemberId | None
    created_at: UtcDatetime
    expires_at: UtcDatetime
    accepted_at: UtcDatetime | None = None
    revoked_at: UtcDatetime | None = None

    def __post_init__(self) -> None:
        self.email = parse_email(self.email)
        self.name = parse_name(self.name)

    def status_at(self, now: UtcDatetime) -> InvitationStatus:
        """Return what has become of the invitation."""
        if self.accepted_at is not None:
            return "accepted"
        if self.revoked_at is not None:
            return "revoked"
        return "open" if now < self.expires_at else "expired"


@dataclass
class SignInLink:
    """A way in that a member asked for by mail, bound to the browser that asked."""

    id: UUID
    member_id: MemberId
    token_hash: bytes
    browser_hash: bytes
    """Of the secret that the browser which asked keeps in a cookie."""
    code_hash: bytes
    """Of the code that was shown there, which any other browser must be told."""
    created_at: UtcDatetime
    expires_at: UtcDatetime


@dataclass
class Session:
    """A signed-in browser or app."""

    id: SessionId
    member_id: MemberId
    account_id: AccountId
    token_hash: bytes
    user_agent: str
    created_at: UtcDatetime
    idle_until: UtcDatetime
    expires_at: UtcDatetime


@dataclass
class ApiKey:
    """A credential for programs, limited to scopes."""

    id: ApiKeyId
    member_id: MemberId
    name: str
    hint: str
    scopes: tuple[str, ...]
    created_at: UtcDatetime
    expires_at: UtcDatetime | None
    rotated_at: UtcDatetime | None = None
    revoked_at: UtcDatetime | None = None
    last_used_at: UtcDatetime | None = None
    version: int = 1

    def __post_init__(self) -> None:
        self.name = parse_name(self.name)
        known = {action.value for action in Action}
        unknown = [scope for scope in self.scopes if scope not in known]
        if unknown or not self.scopes:
            wrong = f"There is no scope {', '.join(unknown)}." if unknown else "Name at least one."
            raise InvalidInput(FieldError("scopes", f"{wrong} Scopes: {', '.join(sorted(known))}."))
        self.scopes = tuple(sorted(set(self.scopes)))
