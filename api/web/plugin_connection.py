"""Connecting a plugin's account in the browser: out to the vendor's page, and back from it."""

from typing import Any, Final

from litestar import Request, get, post
from litestar.params import FromPath
from litestar.types import ControllerRouterHandler

from api.errors import status_of
from api.replies import Reply
from api.request_scope import Scoped
from api.v1.plugins import present
from api.web.connection_words import OUTCOMES
from api.web.frame import WEB, page, redirect
from api.web.plugin_settings import plugin_page
from api.web.refusals import said
from core.installations.contracts import BeginConnection, DisconnectPlugin
from core.shared.errors import DomainError
from tenants.plugins.accounts import CALLBACK_PATH

POSTED: Final[dict[str, Any]] = {"opt": {"form": True}, "status_code": 200, **WEB}
_NO_STORE: Final = ((b"cache-control", b"no-store"), (b"referrer-policy", b"no-referrer"))
_MOST_PARAMETERS: Final = 20


@post("/settings/plugins/{plugin_id:str}/connect", **POSTED)
async def connect(
    request: Request[Any, Any, Any], tenant_scope: Scoped, plugin_id: FromPath[str]
) -> Reply[bytes]:
    """Lead to the vendor's page.

    By a page of ours that goes on by itself: a form may lead nowhere else than here
    (`form-action` of the content policy), and that counts for where it is led on to, too.
    """
    try:
        asked = await tenant_scope.execute(BeginConnection(plugin_id=plugin_id))
    except DomainError as error:
        view = await present(tenant_scope, plugin_id)
        shown = said(error, ())
        return await plugin_page(
            request, tenant_scope, view, status=status_of(error), wrong_in="connect", **shown
        )
    view = await present(tenant_scope, plugin_id)
    return page(
        request,
        "plugin_consent.html",
        plugin=view,
        address=asked.authorize_url,
        headers=_NO_STORE,
    )


@get(CALLBACK_PATH, **WEB)
async def callback(request: Request[Any, Any, Any], tenant_scope: Scoped) -> Reply[Any]:
    """Take a vendor's answer, and show on the plugin's page what came of it."""
    given = list(request.query_params.multi_items())[:_MOST_PARAMETERS]
    names = [name for name, _ in given]
    # RFC 6749, 3.1: what comes twice is no answer.
    query = {name: value for name, value in given if names.count(name) == 1}
    answered = await tenant_scope.plugins.accounts.answer(tenant_scope, query)
    where = f"/settings/plugins/{answered.plugin_id}"
    if answered.outcome == "connected":
        return redirect(f"{where}?done=connected", headers=_NO_STORE)
    known = answered.outcome if answered.outcome in OUTCOMES else "otherwise"
    return redirect(f"{where}?failed={known}", headers=_NO_STORE)


@post("/settings/plugins/{plugin_id:str}/disconnect", **POSTED)
async def disconnect(
    request: Request[Any, Any, Any], tenant_scope: Scoped, plugin_id: FromPath[str]
) -> Reply[Any]:
    """End the connection, and show the plugin's page."""
    try:
        await tenant_scope.execute(DisconnectPlugin(plugin_id=plugin_id))
    except DomainError as error:
        view = await present(tenant_scope, plugin_id)
        shown = said(error, ())
        return await plugin_page(
            request, tenant_scope, view, status=status_of(error), wrong_in="connect", **shown
        )
    return redirect(f"/settings/plugins/{plugin_id}?done=disconnected")


ROUTES: Final[tuple[ControllerRouterHandler, ...]] = (connect, callback, disconnect)
