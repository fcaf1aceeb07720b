"""Signing in and out, choosing passwords, and accepting invitations.

The session travels in a cookie only and is in no body. Tokens of links come in bodies, never in a
path or query that something in between would log; and nothing here is used up by GET or HEAD.
"""

from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import Controller, Request, delete, get, post
from litestar.params import FromPath, JSONBody
from msgspec import Meta

from api.mutation import mutate
from api.problems import problems
from api.replies import Reply, no_content, reply
from api.request_scope import Scoped, client_address_of
from api.session_cookie import (
    clear_session_cookie,
    read_session_cookie,
    session_cookie_name,
    set_session_cookie,
)
from core.identity.contracts.sign_in import (
    ChangePassword,
    CheckPassword,
    EndSession,
    ListSessions,
    SessionId,
    SessionView,
    SignedOut,
    SignOut,
    SignOutEverywhere,
    StartedSession,
    StartSession,
)
from core.identity.contracts.team import (
    AcceptInvitation,
    InvitationPreview,
    MemberView,
    PreviewInvitation,
    RequestPasswordReset,
    ResetPassword,
)
from core.shared.actor import Role
from core.shared.clock import UtcDatetime
from core.shared.ids import MemberId
from core.shared.paging import Page
from tenants.scope import TenantScope

Email = Annotated[str, Meta(min_length=3, max_length=254, examples=["ada@acme.example"])]
Password = Annotated[
    str,
    Meta(min_length=1, max_length=256, examples=["blue herons wade at dawn"]),
]
NewPassword = Annotated[
    str,
    Meta(
        min_length=12,
        max_length=256,
        description="12 to 256 characters, not the e-mail address, none that everybody tries.",
        examples=["blue herons wade at dawn"],
    ),
]
LinkToken = Annotated[
    str, Meta(min_length=16, max_length=128, description="From the link: what follows `token=`.")
]
GUESSED = {"guarded": True, "public": True}
_BY_MAIL = "If this address is a member's, a link is on its way to it."
_BY_OPERATOR = (
    "No plugin that sends e-mail is enabled. If this address is a member's, the link lies with the "
    "operator of this server."
)


class Credentials(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Who signs in."""

    email: Email
    password: Password

    def __repr__(self) -> str:
        return "Credentials(...)"


class SignedIn(msgspec.Struct, frozen=True):
    """A session was opened; its token is in the cookie."""

    session_id: SessionId
    member_id: MemberId
    role: Role
    expires_at: UtcDatetime


class PasswordChange(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The present password and the one to come."""

    current_password: Password
    new_password: NewPassword

    def __repr__(self) -> str:
        return "PasswordChange(...)"


class ResetRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Who forgot the password."""

    email: Email


class ResetConfirmation(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The link's token and the new password."""

    token: LinkToken
    password: NewPassword

    def __repr__(self) -> str:
        return "ResetConfirmation(...)"


class LinkInput(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An invitation's token."""

    token: LinkToken


class Acceptance(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The invitation's token, and a password: of the account you have, or for the one you get."""

    token: LinkToken
    password: Password
    name: Annotated[str, Meta(min_length=1, max_length=120)] | None = None

    def __repr__(self) -> str:
        return "Acceptance(...)"


class Accepted(msgspec.Struct, frozen=True):
    """The request is taken; what comes of it is not told here."""

    message: str


class AuthController(Controller):
    """Sessions and passwords."""

    path = "/auth"
    tags = ("Signing in",)

    @post(
        "/sign-in",
        operation_id="signIn",
        responses=problems(403),
        summary="Sign in",
        status_code=200,
        opt=GUESSED,
    )
    async def sign_in(
        self, request: Request[Any, Any, Any], tenant_scope: Scoped, data: JSONBody[Credentials]
    ) -> Reply[SignedIn]:
        """Open a session. An unknown address and a wrong password get the same answer."""
        proof = await tenant_scope.ask(
            CheckPassword(
                email=data.email,
                password=data.password,
                address=client_address_of(request.scope),
            )
        )
        name = session_cookie_name(https=_https(tenant_scope)).encode()
        cookies = request.headers.get("cookie", "").encode("latin-1", "ignore")
        started = await tenant_scope.execute(
            StartSession(
                proof=proof,
                user_agent=request.headers.get("user-agent", ""),
                replaces=read_session_cookie(cookies, name),
            )
        )
        return _signed_in(tenant_scope, started)

    @post(
        "/sign-out",
        operation_id="signOut",
        responses=problems(403),
        summary="Sign out",
        status_code=204,
    )
    async def sign_out(self, tenant_scope: Scoped) -> Reply[None]:
        """End this session."""
        await tenant_scope.execute(SignOut())
        return no_content([clear_session_cookie(https=_https(tenant_scope))])

    @post(
        "/sign-out-everywhere",
        operation_id="signOutEverywhere",
        responses=problems(403),
        summary="Sign out everywhere",
        status_code=200,
    )
    async def sign_out_everywhere(self, tenant_scope: Scoped) -> Reply[SignedOut]:
        """End every session you have, in every workspace."""
        view = await tenant_scope.execute(SignOutEverywhere())
        return reply(view, headers=[clear_session_cookie(https=_https(tenant_scope))])

    @get(
        "/sessions",
        operation_id="listSessions",
        responses=problems(403),
        summary="List your sessions",
    )
    async def sessions(self, tenant_scope: Scoped) -> Reply[Page[SessionView]]:
        """Return your sessions in this workspace, the last used first."""
        return reply(Page(await tenant_scope.ask(ListSessions())))

    @delete(
        "/sessions/{session_id:uuid}",
        operation_id="endSession",
        responses=problems(403, 404),
        summary="End a session",
    )
    async def end_session(
        self, request: Request[Any, Any, Any], tenant_scope: Scoped, session_id: FromPath[UUID]
    ) -> Reply[None]:
        """End one of your sessions in this workspace."""
        command = EndSession(session_id=SessionId(session_id))
        return await mutate(request, tenant_scope, command, status=204)

    @post(
        "/password",
        operation_id="changePassword",
        responses=problems(403),
        summary="Change your password",
        status_code=204,
        opt={"guarded": True},
    )
    async def change_password(
        self, request: Request[Any, Any, Any], tenant_scope: Scoped, data: JSONBody[PasswordChange]
    ) -> Reply[None]:
        """Choose a new password. Every session ends; this browser gets a new one."""
        started = await tenant_scope.execute(
            ChangePassword(
                current_password=data.current_password,
                new_password=data.new_password,
                address=client_address_of(request.scope),
                user_agent=request.headers.get("user-agent", ""),
            )
        )
        return no_content([] if started is None else [_cookie(tenant_scope, started)])

    @post(
        "/password-reset",
        operation_id="requestPasswordReset",
        responses=problems(403),
        summary="Ask for a link to choose a new password",
        status_code=202,
        opt=GUESSED,
    )
    async def request_reset(
        self, request: Request[Any, Any, Any], tenant_scope: Scoped, data: JSONBody[ResetRequest]
    ) -> Reply[Accepted]:
        """Have a link sent, if the address is a member's. The answer is the same if it isn't."""
        address = client_address_of(request.scope)
        promised = await tenant_scope.execute(
            RequestPasswordReset(email=data.email, address=address)
        )
        message = _BY_MAIL if promised.by_mail else _BY_OPERATOR
        return reply(Accepted(message), status=202)

    @post(
        "/password-reset/confirm",
        operation_id="resetPassword",
        responses=problems(403, 404),
        summary="Choose a new password by a link",
        status_code=204,
        opt=GUESSED,
    )
    async def reset(self, tenant_scope: Scoped, data: JSONBody[ResetConfirmation]) -> Reply[None]:
        """Use the link up and end every session you have, in every workspace."""
        await tenant_scope.execute(ResetPassword(token=data.token, password=data.password))
        return no_content()

    @post(
        "/invitations/preview",
        operation_id="previewInvitation",
        responses=problems(403, 404),
        summary="See what an invitation offers",
        status_code=200,
        opt=GUESSED,
    )
    async def preview(
        self, tenant_scope: Scoped, data: JSONBody[LinkInput]
    ) -> Reply[InvitationPreview]:
        """Return who is invited to what; the link stays good."""
        return reply(await tenant_scope.ask(PreviewInvitation(token=data.token)))

    @post(
        "/invitations/accept",
        operation_id="acceptInvitation",
        responses=problems(403, 404, 409),
        summary="Accept an invitation",
        status_code=201,
        opt=GUESSED,
    )
    async def accept(
        self, request: Request[Any, Any, Any], tenant_scope: Scoped, data: JSONBody[Acceptance]
    ) -> Reply[MemberView]:
        """Become a member. Whoever has an account already gives its password."""
        view = await tenant_scope.execute(
            AcceptInvitation(
                token=data.token,
                password=data.password,
                name=data.name,
                address=client_address_of(request.scope),
            )
        )
        return reply(view, status=201)


def _https(tenant_scope: TenantScope) -> bool:
    return tenant_scope.settings.public_scheme == "https"


def _cookie(tenant_scope: TenantScope, started: StartedSession) -> tuple[bytes, bytes]:
    return set_session_cookie(
        started.token, max_age_seconds=started.lifetime_seconds, https=_https(tenant_scope)
    )


def _signed_in(tenant_scope: TenantScope, started: StartedSession) -> Reply[SignedIn]:
    view = SignedIn(started.session_id, started.member_id, started.role, started.expires_at)
    return reply(view, headers=[_cookie(tenant_scope, started)])
