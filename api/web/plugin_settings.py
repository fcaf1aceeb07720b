"""The admin's pages of plugins: which there are, what one asks for, its settings, whether it works.

What plugins bring as pages of their own is another module's.
"""

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Annotated, Any, Final

import msgspec
from litestar import Request, get
from litestar.params import FromPath, QueryParameter
from litestar.types import ControllerRouterHandler

from api.replies import Reply
from api.request_scope import Scoped
from api.v1.plugins import present
from api.web.connection_words import told
from api.web.frame import WEB, is_partial, page, partial
from api.web.labels import Labels
from api.web.languages import mark
from api.web.schema_form import Field, fields_of
from core.installations.contracts import (
    ConnectionView,
    ListPluginCalls,
    ListPlugins,
    PluginRow,
    PluginView,
    ShowConnection,
)
from core.installations.errors import NoAccountNeeded, PluginIsTheOperators, PluginNotFound
from core.shared.paging import PageRequest
from core.tenancy.contracts import ListPlans
from tenants.scope import TenantScope

Words = Annotated[str, QueryParameter(max_length=200)]
FIELD_PREFIX: Final = "settings."
"""Where the API looks for settings, and how it names them in errors."""

STATES: Final[Labels] = {
    "enabled": mark("Enabled"),
    "waiting": mark("Waiting"),
    "disabled": mark("Disabled"),
    "available": mark("Available"),
}
STATE_KINDS: Final[Labels] = {"enabled": "good", "waiting": "warn", "disabled": "", "available": ""}
OBSTACLES: Final[Labels] = {
    "package": mark("Its package is no longer installed. The operator can install it again."),
    "plan": mark("Your plan no longer includes it."),
    "permissions": mark("This version asks for more than was accepted. Read what, then accept it."),
    "settings": mark("This version needs settings that it doesn't have yet. Fill them in below."),
    "tables": mark("The database isn't ready for this version. The operator migrates it."),
    "account": mark("The account that it works with isn't connected. Connect it below."),
}
BROUGHT: Final[Labels] = {
    "port": mark("Does the work of"),
    "event": mark("Is told of"),
    "scheduled task": mark("Runs by itself"),
    "route": mark("Answers programs at"),
    "webhook": mark("Takes messages at"),
    "page": mark("Pages"),
    "email template": mark("Mails"),
    "account at": mark("Signs in at"),
}
SAID: Final[Labels] = {
    "enabled": mark("The plugin is enabled."),
    "saved": mark("Saved. It takes effect within seconds."),
    "connected": mark("The account is connected."),
    "disconnected": mark("The account is disconnected."),
    "disabled": mark("The plugin is disabled."),
    "uninstalled": mark("The plugin is uninstalled."),
    "deleted": mark("The plugin is uninstalled and its data deleted."),
}
"""What is told after a form that the browser sent itself."""
CALL_PROBLEMS: Final[Labels] = {
    "outbound_refused": mark("We don't call this address."),
    "outbound_unreached": mark("No connection came about."),
    "outbound_unavailable": mark("The line broke."),
    "outbound_timeout": mark("It took too long."),
    "answer_too_large": mark("It was too large."),
    "cancelled": mark("The plugin gave up waiting."),
}
"""Why a call has no answer."""
_CALLS: Final = 10
"""Of the latest calls on the page."""
_ORDER: Final = {"waiting": 0, "enabled": 1, "disabled": 2, "available": 3}
_IN_USE: Final = frozenset(("enabled", "waiting"))
_SHOWN: Final = frozenset(("in_use", "unused", "beyond_plan"))


class Brought(msgspec.Struct, frozen=True):
    """Things of one kind that a plugin adds."""

    label: str
    names: list[str]
    are_pages: bool = False
    """Whether the names are addresses that can be gone to."""


@get("/settings/plugins", **WEB)
async def plugins(
    request: Request[Any, Any, Any], tenant_scope: Scoped, q: Words = "", show: Words = ""
) -> Reply[bytes]:
    """List the plugins, those in use first; the address holds the filters."""
    known = await tenant_scope.ask(ListPlugins())
    chosen = show if show in _SHOWN else ""
    context: dict[str, Any] = {
        "found": [each for each in _sorted(known) if _fits(each, q.strip(), chosen)],
        "any": bool(known),
        "q": q,
        "chosen": chosen,
        "states": STATES,
        "state_kinds": STATE_KINDS,
        "plans": {each.id: each.name for each in await tenant_scope.ask(ListPlans())},
    }
    if is_partial(request):
        return partial(request, "pieces/plugin_table.html", **context)
    return page(request, "plugins.html", **context)


@get("/settings/plugins/{plugin_id:str}", **WEB)
async def plugin(
    request: Request[Any, Any, Any],
    tenant_scope: Scoped,
    plugin_id: FromPath[str],
    done: Words = "",
    failed: Words = "",
) -> Reply[bytes]:
    """Show what a plugin is, asks for and keeps, its settings, and what can be done with it."""
    return await plugin_page(
        request,
        tenant_scope,
        await present(tenant_scope, plugin_id),
        said=SAID.get(done, ""),
        failed=told(request.scope, failed),
    )


async def plugin_page(
    request: "Request[Any, Any, Any]",
    tenant_scope: TenantScope,
    view: PluginView,
    *,
    status: int = 200,
    said: str = "",
    failed: str = "",
    fields: list[Field] | None = None,
    wrong_in: str = "",
    error: str = "",
    errors: Mapping[str, str] = MappingProxyType({}),
) -> Reply[bytes]:
    """Return the plugin's page; after a form was refused with what was typed and what is wrong.

    `wrong_in` names that form: `enable`, `settings`, or another that has no fields.
    """
    return page(
        request,
        "plugin.html",
        status=status,
        plugin=view,
        said=said,
        failed=failed,
        connection=await connection_of(tenant_scope, view),
        calls=(await tenant_scope.ask(_latest_calls(view))).items if view.hosts else (),
        fields=settings_fields(view) if fields is None else fields,
        wrong_in=wrong_in,
        error=error,
        errors=errors,
        brings=list(_brought(view)),
        call_problems=CALL_PROBLEMS,
        states=STATES,
        state_kinds=STATE_KINDS,
        obstacles=OBSTACLES,
        plans={each.id: each.name for each in await tenant_scope.ask(ListPlans())},
        homepage=view.homepage if view.homepage.startswith(("https://", "http://")) else "",
    )


def _latest_calls(view: PluginView) -> ListPluginCalls:
    return ListPluginCalls(plugin_id=view.id, page=PageRequest(limit=_CALLS))


async def connection_of(tenant_scope: TenantScope, view: PluginView) -> ConnectionView | None:
    """Return the plugin's account; None for a plugin that works without."""
    try:
        return await tenant_scope.ask(ShowConnection(plugin_id=view.id))
    except (NoAccountNeeded, PluginIsTheOperators, PluginNotFound):
        return None


def settings_fields(view: PluginView) -> list[Field]:
    """Return the fields of a plugin's settings; a secret is in none of them."""
    plain = {name: value for name, value in view.settings.items() if not _is_shown_secret(value)}
    made = fields_of(view.settings_schema, plain, secrets_set=secrets_set(view))
    return [msgspec.structs.replace(each, name=FIELD_PREFIX + each.name) for each in made]


def secrets_set(view: PluginView) -> list[str]:
    """Return the names of the secrets that have a value."""
    return [
        name for name, value in view.settings.items() if _is_shown_secret(value) and value["set"]
    ]


def _is_shown_secret(value: Any) -> bool:
    return isinstance(value, dict) and value.keys() == {"set"}


def _sorted(known: tuple[PluginRow, ...]) -> list[PluginRow]:
    return sorted(
        known,
        key=lambda each: (_ORDER[each.state], not each.plan.included, each.name.casefold()),
    )


def _fits(row: PluginRow, words: str, chosen: str) -> bool:
    if words.casefold() not in f"{row.name} {row.summary} {row.id}".casefold():
        return False
    match chosen:
        case "in_use":
            return row.state in _IN_USE
        case "unused":
            return row.state not in _IN_USE and row.plan.included
        case "beyond_plan":
            return not row.plan.included
        case _:
            return True


def _brought(view: PluginView) -> Iterator[Brought]:
    for kind, label in BROUGHT.items():
        names = [each[len(kind) + 1 :] for each in view.brings if each.startswith(f"{kind} ")]
        if names:
            placed = [_placed(view, kind, name) for name in names]
            yield Brought(label, placed, are_pages=kind == "page" and view.state == "enabled")


def _placed(view: PluginView, kind: str, name: str) -> str:
    """Return the whole address where a plugin only knows the end of it."""
    match kind:
        case "route":
            method, _, path = name.partition(" ")
            return f"{method} /api/v1/plugins/{view.id}/x{path}"
        case "webhook":
            return f"/api/hooks/{view.id}/{name}"
        case "page":
            return f"/plugins/{view.id}{name.rstrip('/')}"
        case _:
            return name


ROUTES: Final[tuple[ControllerRouterHandler, ...]] = (plugins, plugin)
