"""Plugins' pages, at `/plugins/<plugin>/...`, within the workspace's frame and navigation.

A plugin gives a title and HTML; what is shown of it is what `api.web.plugin_html` lets through.
"""

from functools import lru_cache
from typing import Any, Final, cast
from urllib.parse import urlencode

import msgspec
from litestar import Request, get, post
from litestar.params import FromPath
from litestar.types import ControllerRouterHandler

from api.errors import UnsupportedMediaType
from api.plugin_requests import plugin_request
from api.replies import Reply
from api.request_scope import TENANT_SCOPE, Scoped
from api.web.forms import TOKEN_FIELD, form_token, read_form
from api.web.frame import WEB, page
from api.web.navigation import PLUGIN_PLACES, Place
from api.web.plugin_html import framed, hidden_field, safe_html
from core.shared.access import authorise
from core.shared.actor import Actor
from core.shared.errors import Forbidden, NotFound, Unauthenticated
from core.shared.permissions import Action
from tenants.plugins.facade import PluginPage
from tenants.scope import TenantScope

PATHS: Final = ["/plugins/{plugin_id:str}", "/plugins/{plugin_id:str}/{path:path}"]
FRAME: Final = "_frame"
"""Asks for the document of a frame on the page, by its number."""
_LONGEST_TITLE: Final = 200
_FRAME_POLICY: Final = (
    b"default-src 'none'; style-src 'unsafe-inline'; img-src 'self' data:; sandbox; "
    b"frame-ancestors 'self'; base-uri 'none'; form-action 'none'"
)
_FRAMED: Final = (
    (b"content-security-policy", _FRAME_POLICY),
    (b"referrer-policy", b"no-referrer"),
    (b"cache-control", b"private, no-store"),
)
"""Foreign HTML, such as a mail: styled as it says, without scripts, forms and outside images."""


@get(PATHS, **WEB)
async def show_page(
    request: Request[Any, Any, Any],
    tenant_scope: Scoped,
    plugin_id: FromPath[str],
    path: FromPath[str] = "/",
) -> Reply[bytes]:
    """Show a page of a plugin."""
    return await _show(request, tenant_scope, plugin_id, path, b"")


@post(PATHS, status_code=200, opt={"form": True}, **WEB)
async def send_form(
    request: Request[Any, Any, Any],
    tenant_scope: Scoped,
    plugin_id: FromPath[str],
    path: FromPath[str] = "/",
) -> Reply[bytes]:
    """Hand a form to the page that it was on, and show what that answers."""
    form = await read_form(request)
    if any(form.files(name) for name in form):
        raise UnsupportedMediaType("Pages of plugins take no files.")
    fields = [(name, value) for name in form if name != TOKEN_FIELD for value in form.all(name)]
    return await _show(request, tenant_scope, plugin_id, path, urlencode(fields).encode("ascii"))


async def note_places(request: "Request[Any, Any, Any]") -> None:
    """Note which pages of plugins the reader may go to. Runs before each handler of a page."""
    scope = request.scope.get(TENANT_SCOPE)
    if not isinstance(scope, TenantScope) or scope.actor.role is None:
        return
    pages = await scope.plugins.pages(scope.tenant)
    if pages:
        actions = {each.page.action for each in pages}
        allowed = frozenset(each for each in actions if _may_see(scope.actor, Action(each)))
        cast("dict[str, Any]", request.scope)[PLUGIN_PLACES] = _places(pages, allowed)


@lru_cache(maxsize=1_000)
def _places(pages: tuple[PluginPage, ...], allowed: frozenset[str]) -> tuple[Place, ...]:
    return tuple(
        Place(
            key=_key(each.plugin_id, each.page.path),
            label=each.page.navigation or "",
            href=f"/plugins/{each.plugin_id}{each.page.path}",
            icon="plugins",
            action=Action(each.page.action),
        )
        for each in pages
        if each.page.action in allowed
    )


async def _show(
    request: "Request[Any, Any, Any]",
    tenant_scope: TenantScope,
    plugin_id: str,
    path: str,
    body: bytes,
) -> Reply[bytes]:
    asked = await plugin_request(request, tenant_scope, path, body)
    query = dict(asked.query)
    frame = query.pop(FRAME, None)
    asked = msgspec.structs.replace(asked, query=query)
    content = await tenant_scope.plugins.requests.page(
        tenant_scope.tenant, tenant_scope.actor, plugin_id, asked
    )
    token = ""
    if tenant_scope.actor.kind == "member":
        token = hidden_field(TOKEN_FIELD, form_token(tenant_scope))
    html, documents = framed(
        safe_html(content.html, plugin_id, request.headers.get("host", ""), token),
        lambda number: f"{request.url.path}?{urlencode({**query, FRAME: str(number)})}",
    )
    if frame is not None:
        return _document(documents, frame)
    return page(
        request,
        "plugin_page.html",
        status=content.status,
        place=_key(plugin_id, asked.path),
        title=content.title.strip()[:_LONGEST_TITLE] or plugin_id,
        content=html,
    )


def _document(documents: list[str], number: str) -> Reply[bytes]:
    """Return what stands in one of the page's frames. Raises NotFound."""
    if not number.isdecimal() or len(number) > 2 or int(number) >= len(documents):
        raise NotFound("There is no such frame on this page.")
    return Reply(
        documents[int(number)].encode(),
        headers=_FRAMED,
        content_type=b"text/html; charset=utf-8",
    )


def _may_see(actor: Actor, action: Action) -> bool:
    """Whether the page would open: pages of plugins show everything, so not for assigned ones."""
    try:
        return not authorise(actor, action).only_assigned
    except (Forbidden, Unauthenticated):
        return False


def _key(plugin_id: str, path: str) -> str:
    return f"plugin:{plugin_id}:{path.rstrip('/')}"


ROUTES: Final[tuple[ControllerRouterHandler, ...]] = (show_page, send_form)
