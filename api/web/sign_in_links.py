"""The pages of signing in by a link in a mail: asking for it, and opening it.

Looking at the link with GET or HEAD, or with a browser that runs scripts, uses nothing up: only the
button does, which is a POST.
"""

from typing import Annotated, Any, Final

from litestar import Request, get, post
from litestar.params import QueryParameter
from litestar.types import ControllerRouterHandler

from api.errors import status_of
from api.replies import Reply
from api.request_scope import Scoped, client_address_of
from api.session_cookie import read_session_cookie, session_cookie_name, set_session_cookie
from api.sign_in_cookie import clear_asking_cookie, read_asking_cookie, set_asking_cookie
from api.web.frame import PUBLIC, WEB, page, read_form, redirect, safe_path
from core.identity.contracts.sign_in import (
    CanMailLinks,
    PreviewSignInLink,
    RequestSignInLink,
    UseSignInLink,
)
from core.identity.errors import CodeNotRight, LinkNotValid
from core.shared.errors import DomainError
from tenants.scope import TenantScope

GUESSED: Final[dict[str, Any]] = {"public": True, "guarded": True, "form": True}
Text = Annotated[str, QueryParameter(max_length=2_000)]
_LONGEST_TOKEN: Final = 128
_LONGEST_CODE: Final = 40


@post("/sign-in/mail", opt=GUESSED, status_code=200, **WEB)
async def ask(request: Request[Any, Any, Any], tenant_scope: Scoped) -> Reply[Any]:
    """Have a link mailed, if the address is a member's. The answer is the same if it isn't."""
    form = await read_form(request)
    email, following = form["email"], form["next"]
    https = _is_https(tenant_scope)
    try:
        promised = await tenant_scope.execute(
            RequestSignInLink(
                email=email[:254],
                address=client_address_of(request.scope),
                browser=read_asking_cookie(_cookies(request), https=https),
                following=safe_path(following, ""),
            )
        )
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
    cookie = set_asking_cookie(
        promised.browser, max_age_seconds=promised.lifetime_seconds, https=https
    )
    return page(
        request,
        "sign_in_mail.html",
        headers=[cookie, _NOT_KEPT],
        email=email,
        code=f"{promised.code[:3]} {promised.code[3:]}",
        minutes=promised.lifetime_seconds // 60,
    )


@get("/sign-in/link", opt=PUBLIC, **WEB)
async def link_page(
    request: Request[Any, Any, Any],
    tenant_scope: Scoped,
    token: Text = "",
    next: Text = "",  # noqa: A002 - the name in the address
) -> Reply[Any]:
    """Show the button that signs in. Opening the link uses nothing up."""
    return await _link(request, tenant_scope, token, next)


@post("/sign-in/link", opt=GUESSED, status_code=303, **WEB)
async def open_link(request: Request[Any, Any, Any], tenant_scope: Scoped) -> Reply[Any]:
    """Sign in, and go to where the reader wanted to be."""
    form = await read_form(request)
    token, following = form["token"], form["next"]
    https, cookies = _is_https(tenant_scope), _cookies(request)
    try:
        started = await tenant_scope.execute(
            UseSignInLink(
                token=token[:_LONGEST_TOKEN],
                address=client_address_of(request.scope),
                browser=read_asking_cookie(cookies, https=https),
                code=form["code"][:_LONGEST_CODE],
                user_agent=request.headers.get("user-agent", ""),
                replaces=read_session_cookie(cookies, session_cookie_name(https=https).encode()),
            )
        )
    except DomainError as error:
        return await _link(request, tenant_scope, token, following, error)
    session = set_session_cookie(
        started.token, max_age_seconds=started.lifetime_seconds, https=https
    )
    return redirect(safe_path(following), headers=[session, clear_asking_cookie(https=https)])


ROUTES: Final[tuple[ControllerRouterHandler, ...]] = (ask, link_page, open_link)

_NOT_KEPT: Final = (b"cache-control", b"no-store")


async def _link(
    request: "Request[Any, Any, Any]",
    tenant_scope: TenantScope,
    token: str,
    following: str,
    refused: DomainError | None = None,
) -> Reply[Any]:
    browser = read_asking_cookie(_cookies(request), https=_is_https(tenant_scope))
    needs_code, error = False, refused
    try:
        found = await tenant_scope.ask(
            PreviewSignInLink(token=token[:_LONGEST_TOKEN], browser=browser)
        )
        needs_code = found.needs_code
    except LinkNotValid as gone:
        error = gone
    is_over = isinstance(error, LinkNotValid)
    wrong = error.message if isinstance(error, CodeNotRight) else ""
    return page(
        request,
        "sign_in_link.html",
        status=200 if error is None else status_of(error),
        headers=[_NOT_KEPT],
        token=token,
        next=following,
        needs_code=needs_code,
        is_over=is_over,
        error="" if error is None or is_over or wrong else error.message,
        errors={"code": wrong} if wrong else {},
    )


def _cookies(request: "Request[Any, Any, Any]") -> bytes:
    return request.headers.get("cookie", "").encode("latin-1", "ignore")


def _is_https(tenant_scope: TenantScope) -> bool:
    return tenant_scope.settings.public_scheme == "https"
