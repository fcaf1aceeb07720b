"""The plugins of a workspace: what there is, what they ask for, settings, and whether they work."""

from typing import Annotated, Any

import msgspec
from litestar import Controller, Request, delete, get, post, put
from litestar.params import FromPath, JSONBody, QueryParameter
from msgspec import UNSET, Meta, UnsetType

from api.conditional import expected_version, reply_with_version
from api.mutation import mutate
from api.paging import CursorParameter, LimitParameter, reply_page
from api.problems import problems
from api.replies import Reply, reply
from api.request_scope import Scoped
from core.installations.contracts import (
    ConfigurePlugin,
    DisablePlugin,
    EnablePlugin,
    ListPluginCalls,
    ListPlugins,
    PluginCallView,
    PluginRow,
    PluginView,
    RecordCheck,
    ShowPlugin,
    UninstallPlugin,
)
from core.shared.paging import DEFAULT_LIMIT, Page, PageRequest
from tenants.scope import TenantScope

SettingsInput = Annotated[
    dict[str, Any],
    Meta(
        max_length=200,
        description="By the plugin's `settings_schema`. A secret that is left out, or sent as it "
        'is shown (`{"set": true}`), keeps its value; null clears it.',
        examples=[{"host": "smtp.example.com", "password": "..."}],
    ),
]


class PluginList(msgspec.Struct, frozen=True):
    """Every plugin, by name."""

    items: tuple[PluginRow, ...]


class PluginEnabling(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is accepted, and settings if they are to change."""

    accept_permissions: Annotated[
        tuple[Annotated[str, Meta(max_length=60)], ...],
        Meta(
            max_length=50,
            description="Exactly the permissions that the plugin asks for, as `permissions` lists.",
            examples=[["candidates:read"]],
        ),
    ] = ()
    settings: SettingsInput | UnsetType = UNSET


class PluginConfiguration(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """All settings; one that is left out goes back to its default."""

    settings: SettingsInput


class PluginController(Controller):
    """Plugins of a workspace."""

    path = "/plugins"
    tags = ("Plugins",)

    @get(operation_id="listPlugins", summary="List plugins", responses=problems(403))
    async def list(
        self,
        request: Request[Any, Any, Any],  # noqa: ARG002 - the framework's signature
        tenant_scope: Scoped,
    ) -> Reply[PluginList]:
        """Return every plugin that is installed beside the application, and how it stands here."""
        return reply(PluginList(await tenant_scope.ask(ListPlugins())))

    @get(
        "/{plugin_id:str}",
        operation_id="showPlugin",
        summary="Read about a plugin",
        responses=problems(403, 404),
    )
    async def show(
        self, request: Request[Any, Any, Any], tenant_scope: Scoped, plugin_id: FromPath[str]
    ) -> Reply[PluginView]:
        """Return what it is, asks for and keeps, its settings without secrets, and its state."""
        view = await present(tenant_scope, plugin_id)
        return reply_with_version(request, view, view.version)

    @get(
        "/{plugin_id:str}/calls",
        operation_id="listPluginCalls",
        summary="List what a plugin called",
        responses=problems(403, 404),
    )
    async def calls(
        self,
        request: Request[Any, Any, Any],
        tenant_scope: Scoped,
        plugin_id: FromPath[str],
        limit: LimitParameter = DEFAULT_LIMIT,
        cursor: CursorParameter = None,
    ) -> Reply[Page[PluginCallView]]:
        """Return its HTTP calls for this workspace in the last seven days, newest first.

        Of an address the host alone is kept, and of bodies their length.
        """
        query = ListPluginCalls(plugin_id=plugin_id, page=PageRequest(limit, cursor))
        return reply_page(request, await tenant_scope.ask(query))

    @post(
        "/{plugin_id:str}/enable",
        operation_id="enablePlugin",
        summary="Enable a plugin",
        status_code=200,
        responses=problems(403, 404, 409, 412),
    )
    async def enable(
        self,
        request: Request[Any, Any, Any],
        tenant_scope: Scoped,
        plugin_id: FromPath[str],
        data: JSONBody[PluginEnabling],
    ) -> Reply[PluginView]:
        """Let it work here, or accept what a new version of it asks for."""
        await present(tenant_scope, plugin_id)
        command = EnablePlugin(
            plugin_id=plugin_id,
            accept_permissions=data.accept_permissions,
            settings=data.settings,
            expected_version=expected_version(request),
        )
        return await mutate(request, tenant_scope, command)

    @put(
        "/{plugin_id:str}/settings",
        operation_id="configurePlugin",
        summary="Configure a plugin",
        responses=problems(403, 404, 409, 412, 428),
    )
    async def configure(
        self,
        request: Request[Any, Any, Any],
        tenant_scope: Scoped,
        plugin_id: FromPath[str],
        data: JSONBody[PluginConfiguration],
    ) -> Reply[PluginView]:
        """Replace the settings; every wrong one is named. Takes effect within seconds."""
        command = ConfigurePlugin(
            plugin_id=plugin_id,
            settings=data.settings,
            expected_version=expected_version(request, required=True),
        )
        return await mutate(request, tenant_scope, command)

    @post(
        "/{plugin_id:str}/test",
        operation_id="testPlugin",
        summary="Test a plugin's connection",
        status_code=200,
        responses=problems(403, 404, 409),
    )
    async def test(
        self, request: Request[Any, Any, Any], tenant_scope: Scoped, plugin_id: FromPath[str]
    ) -> Reply[PluginView]:
        """Try the settings against the vendor and keep what was found, as `check`."""
        return await mutate(request, tenant_scope, await tried(tenant_scope, plugin_id))

    @post(
        "/{plugin_id:str}/disable",
        operation_id="disablePlugin",
        summary="Disable a plugin",
        status_code=200,
        responses=problems(403, 404, 409, 412),
    )
    async def disable(
        self, request: Request[Any, Any, Any], tenant_scope: Scoped, plugin_id: FromPath[str]
    ) -> Reply[PluginView]:
        """Let it work no longer; settings and data stay."""
        command = DisablePlugin(plugin_id=plugin_id, expected_version=expected_version(request))
        return await mutate(request, tenant_scope, command)

    @delete(
        "/{plugin_id:str}",
        operation_id="uninstallPlugin",
        summary="Uninstall a plugin",
        status_code=204,
        responses=problems(403, 404, 409, 412),
    )
    async def uninstall(
        self,
        request: Request[Any, Any, Any],
        tenant_scope: Scoped,
        plugin_id: FromPath[str],
        keep_data: Annotated[
            bool,
            QueryParameter(
                description="Whether what it keeps here stays; settings and secrets never do. "
                "Uninstalling once more without keeping removes it later."
            ),
        ],
    ) -> Reply[None]:
        """Forget a disabled plugin's settings and secrets, and its data unless that is kept."""
        command = UninstallPlugin(
            plugin_id=plugin_id, keep_data=keep_data, expected_version=expected_version(request)
        )
        return await mutate(request, tenant_scope, command, status=204)


async def present(tenant_scope: TenantScope, plugin_id: str) -> PluginView:
    """Return the plugin, after its own migrations of settings if it waits for them."""
    view = await tenant_scope.ask(ShowPlugin(plugin_id=plugin_id))
    if "settings" in view.waiting_for:
        await tenant_scope.plugins.refresh(tenant_scope.tenant)
        view = await tenant_scope.ask(ShowPlugin(plugin_id=plugin_id))
    return view


async def tried(tenant_scope: TenantScope, plugin_id: str) -> RecordCheck:
    """Return what a test of the connection found. Who may not manage plugins is refused first."""
    await present(tenant_scope, plugin_id)
    health = await tenant_scope.plugins.check(tenant_scope.tenant, plugin_id)
    return RecordCheck(
        plugin_id=plugin_id, ok=health.ok, message=health.message, details=health.details
    )
