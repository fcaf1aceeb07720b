"""Signing in and out, and what is one's own: profile, password, sessions."""

from datetime import timedelta
from typing import Annotated, NewType
from uuid import UUID

import msgspec

from core.ports.tasks import task
from core.shared.actor import Role
from core.shared.clock import UtcDatetime
from core.shared.ids import AccountId, MemberId
from core.shared.tenant import PlanId
from core.shared.usecase import Command, Query

SessionId = NewType("SessionId", UUID)


class SignInPolicy(msgspec.Struct, frozen=True):
    """How long sessions last and how often one may guess; from the settings."""

    lifetime: timedelta
    idle: timedelta
    attempts: int
    """Failed sign-ins per account and address, per window."""
    attempts_per_address: int
    window_seconds: int


class SignInProof(msgspec.Struct, frozen=True):
    """That someone knew the password of a member. Made by CheckPassword only."""

    member_id: MemberId
    account_id: AccountId
    new_hash: str | None
    """The password hashed anew, when the kept hash was made with weaker parameters."""
    kept_hash: str
    """The hash that was checked: a password changed since then voids the proof."""

    def __repr__(self) -> str:
        return f"SignInProof(member_id={self.member_id})"


class StartedSession(msgspec.Struct, frozen=True):
    """A session and the token that opens it, which is shown once."""

    token: str
    session_id: SessionId
    member_id: MemberId
    role: Role
    expires_at: UtcDatetime
    lifetime_seconds: int

    def __repr__(self) -> str:
        return f"StartedSession(session_id={self.session_id})"


class SessionView(msgspec.Struct, frozen=True):
    """One of one's own sessions."""

    id: SessionId
    is_current: bool
    user_agent: str
    created_at: UtcDatetime
    last_used_at: UtcDatetime
    """To the minute."""
    expires_at: UtcDatetime


class Workspace(msgspec.Struct, frozen=True):
    """A tenant that a person is an active member of."""

    slug: str
    name: str
    role: Role


class Me(msgspec.Struct, frozen=True):
    """Who is asking, as the API sees them."""

    kind: str
    member_id: MemberId | None
    name: str
    email: str
    role: Role
    scopes: tuple[str, ...] | None
    """What an API key is limited to; null when only the role limits."""
    permissions: dict[str, str]
    """`yes` or `assigned` for each action that is permitted."""
    workspace_slug: str
    workspace_name: str
    plan: PlanId


class PermissionRow(msgspec.Struct, frozen=True):
    """One row of the permission table."""

    action: str
    grants: dict[str, str]
    """`yes`, `assigned` or `no` for each role."""


class SignedOut(msgspec.Struct, frozen=True):
    """How many sessions were ended."""

    ended: int


class CheckPassword(Query[SignInProof], frozen=True, kw_only=True):
    """Prove who one is. Takes as long, and says the same, for an unknown e-mail address."""

    email: str
    password: str
    address: str
    """Network address that the attempt comes from."""

    def __repr__(self) -> str:
        return "CheckPassword(...)"


class StartSession(Command[StartedSession], frozen=True, kw_only=True):
    """Open a session for a proof; never routed without CheckPassword before it."""

    proof: SignInProof
    user_agent: str = ""
    replaces: str | None = None
    """Token of the session that the browser had; it ends."""

    def __repr__(self) -> str:
        return f"StartSession(proof={self.proof!r})"


class CanMailLinks(Query[bool], frozen=True, kw_only=True):
    """Ask whether links reach people by mail: whether a plugin that sends is enabled."""


class SignInLinkPromised(msgspec.Struct, frozen=True):
    """What the browser that asked is given, whether the address is a member's or not."""

    browser: str
    """To be kept in a cookie: opens the link in this browser."""
    code: str
    """To be shown: whoever opens the link in another browser types it there."""
    lifetime_seconds: int

    def __repr__(self) -> str:
        return "SignInLinkPromised(...)"


class RequestSignInLink(Command[SignInLinkPromised], frozen=True, kw_only=True):
    """Ask for a link to sign in by mail; does the same whether the address is known or not."""

    email: str
    address: str
    browser: str | None = None
    """What this browser keeps of an earlier request."""
    following: str = ""
    """The path to go to afterwards."""

    def __repr__(self) -> str:
        return "RequestSignInLink(...)"


@task("sign_in_link_mail")
class DeliverSignInLink(Command[None], frozen=True, kw_only=True):
    """Make the link and mail it, if the address is a member's. Done in the background."""

    email: str
    browser_hash: str
    """In hexadecimal, as the code's."""
    code_hash: str
    expires_at: UtcDatetime
    following: str = ""


class SignInLinkState(msgspec.Struct, frozen=True):
    """What a link that works asks for."""

    needs_code: bool
    """Whether another browser than this one asked for it."""


class PreviewSignInLink(Query[SignInLinkState], frozen=True, kw_only=True):
    """Look at a link without using it up. Raises LinkNotValid."""

    token: str
    browser: str | None = None

    def __repr__(self) -> str:
        return "PreviewSignInLink(...)"


class UseSignInLink(Command[StartedSession], frozen=True, kw_only=True):
    """Open a session with a link, in the browser that asked for it or with the code shown there."""

    token: str
    address: str
    browser: str | None = None
    code: Annotated[str, msgspec.Meta(max_length=40)] = ""
    user_agent: str = ""
    replaces: str | None = None
    """Token of the session that the browser had; it ends."""

    def __repr__(self) -> str:
        return "UseSignInLink(...)"


class SignOut(Command[None], frozen=True, kw_only=True):
    """End the session that asks."""


class SignOutEverywhere(Command[SignedOut], frozen=True, kw_only=True):
    """End every session of the person, in every tenant, this one too."""


class EndSession(Command[None], frozen=True, kw_only=True):
    """End one of one's own sessions in this tenant."""

    session_id: SessionId


class ListSessions(Query[tuple[SessionView, ...]], frozen=True, kw_only=True):
    """Read one's own sessions in this tenant, the last used first."""


class ChangePassword(Command[StartedSession | None], frozen=True, kw_only=True):
    """Choose a new password; ends every session and opens a new one for who asked by session."""

    current_password: str
    new_password: str
    address: str
    user_agent: str = ""

    def __repr__(self) -> str:
        return "ChangePassword(...)"


class ShowMe(Query[Me], frozen=True, kw_only=True):
    """Read who is asking."""


class ListWorkspaces(Query[tuple[Workspace, ...]], frozen=True, kw_only=True):
    """Read the tenants that one is a member of."""


class ListPermissions(Query[tuple[PermissionRow, ...]], frozen=True, kw_only=True):
    """Read the permission table."""
