"""The forms of a plugin's page where the browser sends them itself, without a script.

They run the same use cases as the API's routes for plugins, and come back with what was typed and
what is wrong with it; a secret is never among that.
"""

from collections.abc import Awaitable, Callable
from typing import Any, Final

from litestar import Request, post
from litestar.params import FromPath
from litestar.types import ControllerRouterHandler
from msgspec import UNSET

from api.errors import status_of
from api.replies import Reply
from api.request_scope import Scoped
from api.v1.plugins import present, tried
from api.web.forms import Form
from api.web.frame import WEB, read_form, redirect, translated
from api.web.languages import mark
from api.web.plugin_settings import FIELD_PREFIX, plugin_page, secrets_set, settings_fields
from api.web.refusals import said
from api.web.schema_form import refilled, settings_from
from core.installations.contracts import (
    ConfigurePlugin,
    DisablePlugin,
    EnablePlugin,
    PluginView,
    UninstallPlugin,
    Values,
)
from core.shared.errors import DomainError, FieldError, InvalidInput, PreconditionFailed
from tenants.scope import TenantScope

POSTED: Final[dict[str, Any]] = {"opt": {"form": True}, "status_code": 303, **WEB}
_UNREAD: Final = -1
"""A version that nothing has: a form that doesn't say which it is about changes nothing."""
_AGAIN: Final = mark("What you typed is still here; saving again replaces what they saved.")

Change = Callable[[PluginView, Form], Awaitable[object]]


@post("/settings/plugins/{plugin_id:str}/enable", **POSTED)
async def enable(
    request: Request[Any, Any, Any], tenant_scope: Scoped, plugin_id: FromPath[str]
) -> Reply[Any]:
    """Let the plugin work here, with what was accepted; the first time with its settings too."""

    async def change(view: PluginView, form: Form) -> None:
        accepted = form["accept_permissions"].split(",") if "accepted" in form else []
        await tenant_scope.execute(
            EnablePlugin(
                plugin_id=plugin_id,
                accept_permissions=tuple(name for name in accepted if name),
                settings=_settings(view, form) if view.state == "available" else UNSET,
                expected_version=_version(form),
            )
        )

    return await _changed(request, tenant_scope, plugin_id, "enable", "enabled", change)


@post("/settings/plugins/{plugin_id:str}/settings", **POSTED)
async def configure(
    request: Request[Any, Any, Any], tenant_scope: Scoped, plugin_id: FromPath[str]
) -> Reply[Any]:
    """Replace the settings; a secret that was left empty keeps its value."""

    async def change(view: PluginView, form: Form) -> None:
        await tenant_scope.execute(
            ConfigurePlugin(
                plugin_id=plugin_id, settings=_settings(view, form), expected_version=_version(form)
            )
        )

    return await _changed(request, tenant_scope, plugin_id, "settings", "saved", change)


@post("/settings/plugins/{plugin_id:str}/test", **POSTED)
async def test(
    request: Request[Any, Any, Any], tenant_scope: Scoped, plugin_id: FromPath[str]
) -> Reply[Any]:
    """Try the settings against the vendor; the page then says what was found."""

    async def change(view: PluginView, form: Form) -> None:  # noqa: ARG001 - a form without fields
        await tenant_scope.execute(await tried(tenant_scope, plugin_id))

    return await _changed(request, tenant_scope, plugin_id, "test", "", change)


@post("/settings/plugins/{plugin_id:str}/disable", **POSTED)
async def disable(
    request: Request[Any, Any, Any], tenant_scope: Scoped, plugin_id: FromPath[str]
) -> Reply[Any]:
    """Let the plugin work no longer; settings and data stay."""

    async def change(view: PluginView, form: Form) -> None:  # noqa: ARG001 - a form without fields
        await tenant_scope.execute(
            DisablePlugin(plugin_id=plugin_id, expected_version=_version(form))
        )

    return await _changed(request, tenant_scope, plugin_id, "disable", "disabled", change)


@post("/settings/plugins/{plugin_id:str}/uninstall", **POSTED)
async def uninstall(
    request: Request[Any, Any, Any], tenant_scope: Scoped, plugin_id: FromPath[str]
) -> Reply[Any]:
    """Forget the plugin's settings, and its data if the button says so."""
    form = await read_form(request)
    keeps = form["data"] != "delete"

    async def change(view: PluginView, form: Form) -> None:  # noqa: ARG001 - a form without fields
        await tenant_scope.execute(
            UninstallPlugin(plugin_id=plugin_id, keep_data=keeps, expected_version=_version(form))
        )

    done = "uninstalled" if keeps else "deleted"
    return await _changed(request, tenant_scope, plugin_id, "uninstall", done, change)


async def _changed(
    request: Request[Any, Any, Any],
    tenant_scope: TenantScope,
    plugin_id: str,
    name: str,
    done: str,
    change: Change,
) -> Reply[Any]:
    """Make the change and lead back to the page, or show there why it wasn't made."""
    form = await read_form(request)
    view = await present(tenant_scope, plugin_id)
    try:
        await change(view, form)
    except DomainError as error:
        view = await present(tenant_scope, plugin_id)
        fields = settings_fields(view)
        is_filled = name == "settings" or (name == "enable" and view.state == "available")
        shown = said(error, {each.name for each in fields} if is_filled else ())
        if isinstance(error, PreconditionFailed) and is_filled:
            shown["error"] = f"{shown['error']} {translated(request.scope, _AGAIN)}"
        return await plugin_page(
            request,
            tenant_scope,
            view,
            status=status_of(error),
            fields=refilled(fields, form) if is_filled else fields,
            wrong_in=name,
            **shown,
        )
    # A plugin whose package is gone is nowhere once it is uninstalled.
    is_gone = name == "uninstall" and not view.plugin_version
    where = "/settings/plugins" if is_gone else f"/settings/plugins/{plugin_id}"
    return redirect(f"{where}?done={done}" if done and not is_gone else where)


def _settings(view: PluginView, form: Form) -> Values:
    """Return what the form says of the settings. Raises InvalidInput naming the form's fields."""
    own = Form(
        [
            (name.removeprefix(FIELD_PREFIX), value)
            for name in form
            if name.startswith(FIELD_PREFIX)
            for value in form.all(name)
        ]
    )
    try:
        return settings_from(view.settings_schema, own, secrets_set=secrets_set(view))
    except InvalidInput as error:
        named = (
            FieldError(FIELD_PREFIX + each.field, each.message, each.code) for each in error.fields
        )
        raise InvalidInput(*named) from error


def _version(form: Form) -> int:
    return int(form["version"]) if form["version"].isdecimal() else _UNREAD


ROUTES: Final[tuple[ControllerRouterHandler, ...]] = (
    enable,
    configure,
    test,
    disable,
    uninstall,
)
