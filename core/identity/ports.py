"""What the identity slice needs from outside, within the tenant of the transaction or query."""

from typing import Protocol

import msgspec

from core.identity.contracts.api_keys import ApiKeyView
from core.identity.contracts.sign_in import SessionId, SessionView, Workspace
from core.identity.contracts.team import InvitationId, InvitationView, MemberStatus, MemberView
from core.identity.model import ApiKey, Invitation, Member, Session, SignInLink
from core.shared.actor import Role
from core.shared.clock import UtcDatetime
from core.shared.ids import AccountId, ApiKeyId, MemberId
from core.shared.paging import Page, PageRequest


class Verdict(msgspec.Struct, frozen=True):
    """Whether a password fits a hash."""

    fits: bool
    is_outdated: bool = False
    """Whether the hash was made with weaker parameters than today's."""


class PasswordHasher(Protocol):
    """Makes and checks slow hashes without stalling the process."""

    async def hash(self, password: str) -> str:
        """Return a hash that holds its own salt and parameters."""
        ...

    async def verify(self, kept: str | None, password: str) -> Verdict:
        """Compare; with no hash, do the same work and say that it doesn't fit."""
        ...


class Tokens(Protocol):
    """Makes the secrets of this tenant, hashes them for keeping, and puts links around them."""

    def session(self) -> str:
        """Return a new session token."""
        ...

    def api_key(self) -> str:
        """Return a new API key."""
        ...

    def link(self) -> str:
        """Return a new token for a link."""
        ...

    def session_digest(self, token: str) -> bytes:
        """Return what is kept of a session token."""
        ...

    def api_key_digest(self, key: str) -> bytes:
        """Return what is kept of an API key."""
        ...

    def invitation_digest(self, token: str) -> bytes:
        """Return what is kept of an invitation's token."""
        ...

    def reset_digest(self, token: str) -> bytes:
        """Return what is kept of a password reset's token."""
        ...

    def sign_in_digest(self, token: str) -> bytes:
        """Return what is kept of a sign-in link's token."""
        ...

    def browser_digest(self, browser: str) -> bytes:
        """Return what is kept of the secret of the browser that asked for a link."""
        ...

    def code_digest(self, code: str, browser_digest: bytes) -> bytes:
        """Return what is kept of the code that was shown to that browser."""
        ...

    def sign_in_link(self, token: str, following: str) -> str:
        """Return the address at which one signs in, and goes on to a path if there is one."""
        ...

    def invitation_link(self, token: str) -> str:
        """Return the address that an invited person opens."""
        ...

    def reset_link(self, token: str) -> str:
        """Return the address at which a new password is chosen."""
        ...


class AccountMail(Protocol):
    """Keeps for the operator what can't be mailed: only the owner of an address may read it."""

    async def send_reset(self, *, to: str, name: str, workspace: str, link: str) -> None:
        """Keep the link to choose a new password."""
        ...


class KeptPassword(msgspec.Struct, frozen=True):
    """An account and the hash of its password."""

    account_id: AccountId
    password_hash: str

    def __repr__(self) -> str:
        return f"KeptPassword(account_id={self.account_id})"


class SignInCandidate(msgspec.Struct, frozen=True):
    """An active member with the hash of the password."""

    account_id: AccountId
    member_id: MemberId
    password_hash: str

    def __repr__(self) -> str:
        return f"SignInCandidate(member_id={self.member_id})"


class SignInLookup(Protocol):
    """Finds who may sign in, outside any transaction: checking a password takes long."""

    async def active_member(self, email: str) -> SignInCandidate | None:
        """Return the active member with this address."""
        ...


class AccountRepository(Protocol):
    """Accounts of this tenant's members and invited; there is no way to any other."""

    async def password_of(self, account_id: AccountId) -> str | None:
        """Return the hash of a member's password."""
        ...

    async def invited(self, invitation_id: InvitationId) -> KeptPassword | None:
        """Return the account that the invited person has already, if any."""
        ...

    async def join(
        self, account_id: AccountId, *, email: str, name: str, password_hash: str, now: UtcDatetime
    ) -> AccountId:
        """Return the account of `email`, made under `account_id` when there is none."""
        ...

    async def set_password(
        self, account_id: AccountId, password_hash: str, *, now: UtcDatetime
    ) -> None:
        """Keep a new password.

        Every open link of the account, to choose another or to sign in, becomes worthless in every
        tenant of the person.
        """
        ...

    async def rehash(self, account_id: AccountId, *, kept: str, password_hash: str) -> None:
        """Keep the same password under a stronger hash, unless it was changed meanwhile."""
        ...

    async def is_elsewhere(self, account_id: AccountId) -> bool:
        """Whether the person is or was a member of another tenant, which may let them in again."""
        ...

    async def end_sessions_everywhere(self, account_id: AccountId) -> int:
        """End the person's sessions in every tenant and return how many there were."""
        ...


class MemberRepository(Protocol):
    """Members, written; every getter locks the row until the transaction ends."""

    async def get(self, member_id: MemberId) -> Member:
        """Return a member. Raises NotFound."""
        ...

    async def by_account(self, account_id: AccountId) -> Member | None:
        """Return the member that an account is."""
        ...

    async def by_email(self, email: str) -> Member | None:
        """Return the member with this address."""
        ...

    async def active_admins(self) -> list[Member]:
        """Return every active admin, all locked in one order."""
        ...

    async def add(self, member: Member) -> None:
        """Keep a new member. Raises AlreadyMember."""
        ...

    async def save(self, member: Member) -> None:
        """Keep a changed member and raise its version."""
        ...


class InvitationRepository(Protocol):
    """Invitations, written; every getter locks the row."""

    async def get(self, invitation_id: InvitationId) -> Invitation:
        """Return an invitation. Raises NotFound."""
        ...

    async def by_digest(self, digest: bytes) -> Invitation | None:
        """Return the invitation of a token."""
        ...

    async def revoke_open(self, email: str, now: UtcDatetime) -> None:
        """Withdraw every open invitation to this address."""
        ...

    async def count_open(self, now: UtcDatetime) -> int:
        """Return how many invitations could still be accepted."""
        ...

    async def add(self, invitation: Invitation) -> None:
        """Keep a new invitation."""
        ...

    async def save(self, invitation: Invitation) -> None:
        """Keep what became of an invitation."""
        ...


class PasswordResetRepository(Protocol):
    """Links to choose a new password."""

    async def add(
        self, account_id: AccountId, digest: bytes, *, now: UtcDatetime, expires_at: UtcDatetime
    ) -> None:
        """Keep a new link; earlier ones of the account become worthless."""
        ...

    async def use(self, digest: bytes, now: UtcDatetime) -> AccountId | None:
        """Use a link up and return whose it is; None when it isn't valid."""
        ...


class SignInLinks(Protocol):
    """Links to sign in, written."""

    async def add(self, link: SignInLink, now: UtcDatetime) -> None:
        """Keep a new link, and forget those that have expired."""
        ...

    async def by_digest(self, digest: bytes) -> SignInLink | None:
        """Return the link of a token, locked."""
        ...

    async def remove_all_of(self, member_id: MemberId) -> None:
        """Make all of a member's links worthless."""
        ...


class SignInLinkQueries(Protocol):
    """Links to sign in, read."""

    async def by_digest(self, digest: bytes) -> SignInLink | None:
        """Return the link of a token."""
        ...


class SessionRepository(Protocol):
    """Sessions in this tenant, written."""

    async def add(self, session: Session, now: UtcDatetime) -> None:
        """Keep a new session, and drop the member's that have ended."""
        ...

    async def end(self, session_id: SessionId, member_id: MemberId) -> bool:
        """End one session of a member; whether there was one."""
        ...

    async def end_by_digest(self, digest: bytes) -> None:
        """End the session of a token, if there is one."""
        ...

    async def end_of_member(self, member_id: MemberId) -> int:
        """End every session of a member in this tenant and return how many there were."""
        ...


class ApiKeyRepository(Protocol):
    """API keys, written; `get` locks the row."""

    async def get(self, api_key_id: ApiKeyId) -> ApiKey:
        """Return a key. Raises NotFound."""
        ...

    async def add(self, key: ApiKey, digest: bytes) -> None:
        """Keep a new key."""
        ...

    async def save(self, key: ApiKey) -> None:
        """Keep a changed key."""
        ...

    async def replace_secret(
        self, key: ApiKey, digest: bytes, *, old_valid_until: UtcDatetime
    ) -> None:
        """Add a secret; the newest before it holds until then, any older one no longer."""
        ...

    async def drop_secrets(self, key: ApiKey) -> None:
        """Make every secret of the key worthless."""
        ...


class IdentityQueries(Protocol):
    """Reads about people and credentials; none returns a secret or a hash."""

    async def members(
        self, page: PageRequest, *, role: Role | None, status: MemberStatus | None
    ) -> Page[MemberView]:
        """Return members in the order in which they joined."""
        ...

    async def member(self, member_id: MemberId) -> MemberView:
        """Return one member. Raises NotFound."""
        ...

    async def open_invitations(self, now: UtcDatetime) -> tuple[InvitationView, ...]:
        """Return the invitations that are neither accepted nor withdrawn."""
        ...

    async def invitation_by_digest(self, digest: bytes) -> InvitationView | None:
        """Return the invitation of a token."""
        ...

    async def sessions(
        self, member_id: MemberId, *, current: SessionId, now: UtcDatetime
    ) -> tuple[SessionView, ...]:
        """Return the member's live sessions."""
        ...

    async def api_keys(self, member_id: MemberId | None) -> tuple[ApiKeyView, ...]:
        """Return the keys of a member, or everybody's."""
        ...

    async def workspaces(self, account_id: AccountId) -> tuple[Workspace, ...]:
        """Return the tenants that a member of this one is an active member of."""
        ...


class IdentityChanges(Protocol):
    """What processes remember of identities."""

    async def announce_change(self) -> None:
        """Tell every process, at the commit, to forget what it knows of identities."""
        ...
