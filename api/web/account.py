"""The pages around one's own account: signing in and out, passwords, invitations, workspaces."""

from typing import Annotated, Any, Final
from urllib.parse import urlsplit

import msgspec
from litestar import Request, get, post
from litestar.params import QueryParameter
from litestar.types import ControllerRouterHandler

from api.errors import status_of
from api.replies import Reply
from api.request_scope import Scoped, client_address_of
from api.session_cookie import (
    clear_session_cookie,
    read_session_cookie,
    session_cookie_name,
    set_session_cookie,
)
from api.web.frame import PUBLIC, WEB, page, partial, read_form, redirect, safe_path, translated
from api.web.labels import ROLES
from api.web.languages import mark
from core.identity.contracts.sign_in import (
    CanMailLinks,
    CheckPassword,
    ListWorkspaces,
    SignOut,
    StartSession,
)
from core.identity.contracts.team import (
    AcceptInvitation,
    PreviewInvitation,
    RequestPasswordReset,
    ResetPassword,
)
from core.shared.errors import DomainError, InvalidInput
from tenants.scope import TenantScope

GUESSED: Final[dict[str, Any]] = {"public": True, "guarded": True, "form": True}
"""Routes at which secrets could be guessed."""
_DONE: Final = {
    "password": mark("Your password is changed. Sign in with the new one."),
    "out": mark("You are signed out."),
}

Text = Annotated[str, QueryParameter(max_length=2_000)]
_SHORTEST_PASSWORD: Final = 12


class WorkspaceLink(msgspec.Struct, frozen=True):
    """A workspace and its address."""

    slug: str
    name: str
    url: str


@get("/sign-in", opt=PUBLIC, **WEB)
async def sign_in_page(
    request: Request[Any, Any, Any],
    tenant_scope: Scoped,
    next: Text = "",  # noqa: A002 - the name in the address
    done: Text = "",
) -> Reply[Any]:
    """Ask who it is; who is signed in already goes on."""
    if tenant_scope.actor.kind == "member":
        return redirect(next or "/dashboard")
    said = translated(request.scope, _DONE[done]) if done in _DONE else ""
    return page(
        request,
        "sign_in.html",
        email="",
        next=next,
        error="",
        done=said,
        by_mail=await tenant_scope.ask(CanMailLinks()),
    )


@post("/sign-in", opt=GUESSED, status_code=303, **WEB)
async def sign_in(request: Request[Any, Any, Any], tenant_scope: Scoped) -> Reply[Any]:
    """Open a session and go to where the reader wanted to be."""
    form = await read_form(request)
    email, following = form["email"], form["next"]
    try:
        cookie = await _session(request, tenant_scope, email, form.raw("password"))
    except DomainError as error:
        return page(
            request,
            "sign_in.html",
            status=status_of(error),
            email=email,
            next=following,
            error=error.message,
            done="",
            by_mail=await tenant_scope.ask(CanMailLinks()),
        )
    return redirect(safe_path(following), headers=[cookie])


@post("/sign-out", opt={"form": True}, status_code=303, **WEB)
async def sign_out(tenant_scope: Scoped) -> Reply[None]:
    """End this session."""
    await tenant_scope.execute(SignOut())
    return redirect(
        "/sign-in?done=out", headers=[clear_session_cookie(https=_is_https(tenant_scope))]
    )


@get("/forgotten-password", opt=PUBLIC, **WEB)
async def forgotten_password_page(request: Request[Any, Any, Any]) -> Reply[Any]:
    """Ask for the address."""
    return page(request, "forgotten_password.html", email="", error="", sent=False, by_mail=False)


@post("/forgotten-password", opt=GUESSED, status_code=200, **WEB)
async def forgotten_password(request: Request[Any, Any, Any], tenant_scope: Scoped) -> Reply[Any]:
    """Have a link sent, if the address is a member's. The answer is the same if it isn't."""
    email = (await read_form(request))["email"]
    try:
        promised = await tenant_scope.execute(
            RequestPasswordReset(email=email, address=client_address_of(request.scope))
        )
    except DomainError as error:
        return page(
            request,
            "forgotten_password.html",
            status=status_of(error),
            email=email,
            error=error.message,
            sent=False,
            by_mail=False,
        )
    return page(
        request,
        "forgotten_password.html",
        email=email,
        error="",
        sent=True,
        by_mail=promised.by_mail,
    )


@get("/new-password", opt=PUBLIC, **WEB)
async def new_password_page(request: Request[Any, Any, Any], token: Text = "") -> Reply[Any]:
    """Ask for the new password. Opening the link uses nothing up."""
    return page(request, "new_password.html", token=token, error="", errors={})


@post("/new-password", opt=GUESSED, status_code=303, **WEB)
async def new_password(request: Request[Any, Any, Any], tenant_scope: Scoped) -> Reply[Any]:
    """Use the link up."""
    form = await read_form(request)
    token = form["token"]
    try:
        await tenant_scope.execute(ResetPassword(token=token, password=form.raw("password")))
    except DomainError as error:
        return page(
            request,
            "new_password.html",
            status=status_of(error),
            token=token,
            **_said(error),
        )
    return redirect("/sign-in?done=password")


@get("/invitation", opt=PUBLIC, **WEB)
async def invitation_page(
    request: Request[Any, Any, Any], tenant_scope: Scoped, token: Text = ""
) -> Reply[Any]:
    """Show what is offered. Opening the link uses nothing up."""
    found = await tenant_scope.ask(PreviewInvitation(token=token))
    return page(
        request,
        "invitation.html",
        invitation=found,
        token=token,
        name=found.name,
        roles=_roles(request),
        error="",
        errors={},
    )


@post("/invitation", opt=GUESSED, status_code=303, **WEB)
async def accept_invitation(request: Request[Any, Any, Any], tenant_scope: Scoped) -> Reply[Any]:
    """Make the reader a member, and sign them in."""
    form = await read_form(request)
    token, password = form["token"], form.raw("password")
    found = await tenant_scope.ask(PreviewInvitation(token=token))
    try:
        member = await tenant_scope.execute(
            AcceptInvitation(
                token=token,
                password=password,
                name=form["name"] or None,
                address=client_address_of(request.scope),
            )
        )
        cookie = await _session(request, tenant_scope, member.email, password)
    except DomainError as error:
        return page(
            request,
            "invitation.html",
            status=status_of(error),
            invitation=found,
            token=token,
            name=form["name"],
            roles=_roles(request),
            **_said(error),
        )
    return redirect("/dashboard", headers=[cookie])


@get("/workspaces", **WEB)
async def workspaces(request: Request[Any, Any, Any], tenant_scope: Scoped) -> Reply[bytes]:
    """Fill the menu of the reader's workspaces."""
    settings = tenant_scope.settings
    host = request.headers.get("host", "")
    port = urlsplit(f"//{host}").port
    known = [
        WorkspaceLink(
            each.slug,
            each.name,
            f"{settings.public_scheme}://{each.slug}.{settings.base_domain}"
            f"{f':{port}' if port else ''}/",
        )
        for each in await tenant_scope.ask(ListWorkspaces())
    ]
    return partial(request, "pieces/workspaces.html", workspaces=known)


ROUTES: Final[tuple[ControllerRouterHandler, ...]] = (
    sign_in_page,
    sign_in,
    sign_out,
    forgotten_password_page,
    forgotten_password,
    new_password_page,
    new_password,
    invitation_page,
    accept_invitation,
    workspaces,
)


async def _session(
    request: "Request[Any, Any, Any]", tenant_scope: TenantScope, email: str, password: str
) -> tuple[bytes, bytes]:
    """Prove who it is and return the cookie of a new session. Raises what the use cases raise."""
    proof = await tenant_scope.ask(
        CheckPassword(
            email=email[:254], password=password[:256], address=client_address_of(request.scope)
        )
    )
    https = _is_https(tenant_scope)
    cookies = request.headers.get("cookie", "").encode("latin-1", "ignore")
    started = await tenant_scope.execute(
        StartSession(
            proof=proof,
            user_agent=request.headers.get("user-agent", ""),
            replaces=read_session_cookie(cookies, session_cookie_name(https=https).encode()),
        )
    )
    return set_session_cookie(started.token, max_age_seconds=started.lifetime_seconds, https=https)


def _said(error: DomainError) -> dict[str, Any]:
    """Return the error beside its field where it is about one, else above the form."""
    if isinstance(error, InvalidInput) and error.fields:
        return {"error": "", "errors": {each.field: each.message for each in error.fields}}
    return {"error": error.message, "errors": {}}


def _roles(request: "Request[Any, Any, Any]") -> dict[str, str]:
    return {role: translated(request.scope, name) for role, name in ROLES.items()}


def _is_https(tenant_scope: TenantScope) -> bool:
    return tenant_scope.settings.public_scheme == "https"
