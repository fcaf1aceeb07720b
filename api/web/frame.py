"""What every page is made with: the frame around it, its language, its headers.

The stable interface for pages, ours and plugins' alike: `page`, `partial`, `redirect`, `read_form`,
`may`, `WEB` and `PUBLIC`. See "Pages" in docs/developers.md.
"""

from typing import Any, Final
from urllib.parse import quote, urlsplit

import msgspec
from litestar import Request
from litestar.types import Scope
from markupsafe import Markup

from api.replies import Headers, Reply
from api.request_scope import TENANT_SCOPE, request_id_of
from api.web.compression import compressed
from api.web.forms import TOKEN_FIELD, Form, form_token, read_form
from api.web.languages import chosen_language, languages, words
from api.web.navigation import PLUGIN_PLACES, Place, may, places_for, plugin_links
from api.web.templating import environment
from core.notifications.contracts import Badge
from core.shared.access import authorise
from core.shared.actor import Actor
from core.shared.permissions import Action
from tenants.scope import TenantScope

__all__ = [
    "BELL",
    "PUBLIC",
    "TOKEN_FIELD",
    "WEB",
    "Form",
    "Frame",
    "is_partial",
    "language_of",
    "may",
    "page",
    "partial",
    "read_form",
    "redirect",
    "require",
    "safe_path",
]

WEB: Final[dict[str, Any]] = {"include_in_schema": False}
"""Keywords of every page's route, `@get("/things", **WEB)`: none is in the OpenAPI document."""

BELL: Final = "intellimatch.bell"
"""Where a request's scope holds what the bell shows."""

PUBLIC: Final[dict[str, Any]] = {"public": True}
"""`opt` of a page for people who have not signed in."""

HTML: Final = b"text/html; charset=utf-8"
_POLICY: Final = (
    b"content-security-policy",
    (
        b"default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; "
        b"connect-src 'self'; frame-src 'self' blob:; manifest-src 'self'; form-action 'self'; "
        b"frame-ancestors 'none'; base-uri 'none'"
    ),
)
_REFERRER: Final = (b"referrer-policy", b"same-origin")
"""With `no-referrer` browsers send `Origin: null` with forms, so that all of them look forged."""
_VARY: Final = (b"vary", b"accept-encoding, accept-language, hx-request")


class Frame(msgspec.Struct, frozen=True):
    """What the templates know as `frame`: who looks at which page of whom."""

    tenant_name: str
    tenant_slug: str
    tenant_zone: str
    actor: Actor | None
    places: list[Place]
    plugin_places: tuple[Place, ...]
    path: str
    language: str
    languages: tuple[str, ...]
    request_id: str
    form_field: str
    form_token: str
    is_secure: bool
    bell: Badge | None
    """What the bell shows at first; None where nobody counted."""

    def plugin_links(self, here: str) -> Markup:
        """Return the links to plugins' pages; `here` is the key of the present one."""
        return plugin_links(self.plugin_places, here)


def page(
    request: "Request[Any, Any, Any]",
    template: str,
    *,
    status: int = 200,
    headers: Headers = (),
    **context: Any,
) -> Reply[bytes]:
    """Return a whole page: `template` extends `page.html` or `public.html`.

    `context` goes to the template, which also has `frame`. A name that it doesn't give is an error.
    """
    return render(request.scope, template, status=status, headers=headers, **context)


def partial(
    request: "Request[Any, Any, Any]",
    template: str,
    *,
    status: int = 200,
    headers: Headers = (),
    **context: Any,
) -> Reply[bytes]:
    """Return a piece of a page for htmx to put in place."""
    return render(request.scope, template, status=status, headers=headers, **context)


def redirect(location: str, *, headers: Headers = ()) -> Reply[None]:
    """Lead the browser to another page of ours with a GET."""
    where = safe_path(location).encode("ascii")
    return Reply(b"", status=303, headers=[(b"location", where), *headers], content_type=HTML)


def require(tenant_scope: TenantScope, action: Action) -> None:
    """Return when the reader may do an action, for pages that ask for nothing that checks it.

    Raises Forbidden with the reason, and Unauthenticated.
    """
    authorise(tenant_scope.actor, action)


def is_partial(request: "Request[Any, Any, Any]") -> bool:
    """Whether htmx asks for a piece, not the browser for a page."""
    headers = request.headers
    return headers.get("hx-request") == "true" and headers.get("hx-request-type") != "full"


def safe_path(location: str, fallback: str = "/dashboard") -> str:
    """Return `location` if it is a path of this host, percent-encoded; else `fallback`.

    What a browser could read as another host is not: `//evil`, a backslash, a scheme, controls.
    """
    if not location.startswith("/") or location.startswith("//") or "\\" in location:
        return fallback
    if any(ord(character) < 32 or ord(character) == 127 for character in location):
        return fallback
    try:
        parts = urlsplit(location)
    except ValueError:
        return fallback
    if parts.scheme or parts.netloc:
        return fallback
    return quote(location, safe="/?#[]@!$&'()*+,;=:%~-._")


def language_of(scope: Scope) -> str:
    """Return the language in which this request is answered."""
    found = scope.get(TENANT_SCOPE)
    fallback = found.tenant.locale if isinstance(found, TenantScope) else ""
    accepted = next((value for name, value in scope["headers"] if name == b"accept-language"), b"")
    return chosen_language(accepted.decode("latin-1"), fallback)


def translated(scope: Scope, text: str) -> str:
    """Return a text of ours, marked by `api.web.languages.mark`, in the request's language."""
    return words(language_of(scope)).gettext(text)


def render(
    scope: Scope, template: str, *, status: int, headers: Headers = (), **context: Any
) -> Reply[bytes]:
    """Return the answer that a template makes."""
    frame = frame_of(scope)
    made = environment(frame.language).get_template(template)
    body = made.render(frame=frame, **context).encode()
    given = list(headers)
    own = {name for name, _ in given}
    sent = [each for each in (_POLICY, _REFERRER, _VARY) if each[0] not in own] + given
    body, encoding = compressed(scope, body)
    return Reply(body, status=status, headers=[*sent, *encoding], content_type=HTML)


def frame_of(scope: Scope) -> Frame:
    """Return what is known of the reader and the workspace."""
    found = scope.get(TENANT_SCOPE)
    known = found if isinstance(found, TenantScope) else None
    actor = known.actor if known is not None and known.actor.role is not None else None
    return Frame(
        tenant_name=known.tenant.name if known else "IntelliMatch",
        tenant_slug=known.tenant.slug if known else "",
        tenant_zone=known.tenant.time_zone if known else "UTC",
        actor=actor,
        places=places_for(actor) if actor is not None else [],
        plugin_places=_plugin_places(scope),
        path=scope["path"],
        language=language_of(scope),
        languages=languages(),
        request_id=request_id_of(scope),
        form_field=TOKEN_FIELD,
        form_token=form_token(known) if known and known.actor.kind == "member" else "",
        is_secure=bool(known and known.settings.public_scheme == "https"),
        bell=_bell(scope),
    )


def _bell(scope: Scope) -> Badge | None:
    found = scope.get(BELL)
    return found if isinstance(found, Badge) else None


def _plugin_places(scope: Scope) -> tuple[Place, ...]:
    found = scope.get(PLUGIN_PLACES)
    return found if isinstance(found, tuple) else ()
