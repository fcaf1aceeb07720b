"""What admins can do with plugins; the scope runs these by the type of the request."""

from typing import Any

from msgspec import UNSET

from core.installations.accounts import forget_account
from core.installations.contracts import (
    ConfigurePlugin,
    DisablePlugin,
    EnablePlugin,
    InstallationId,
    ListPlugins,
    PluginRow,
    PluginView,
    ShowPlugin,
    UninstallPlugin,
)
from core.installations.errors import (
    PermissionsNotAccepted,
    PluginIsTheOperators,
    PluginNotEnabled,
    PluginNotFound,
    PluginStillEnabled,
    PluginTablesMissing,
)
from core.installations.events import (
    PluginConfigured,
    PluginDisabled,
    PluginEnabled,
    PluginUninstalled,
)
from core.installations.model import Installation, Plugin, tables_are_ready
from core.installations.ports import (
    ConnectionRepository,
    InstallationQueries,
    InstallationRepository,
    Plans,
    PluginCatalogue,
    PluginData,
    PluginRevisions,
    Revocations,
)
from core.installations.settings import set_settings
from core.installations.views import Describer
from core.ports.secrets import Secrets
from core.shared.clock import Clock
from core.shared.errors import FieldError, InvalidInput
from core.shared.events import Recorder
from core.shared.ids import Ids
from core.shared.permissions import Action
from core.shared.usecase import handles


@handles(ListPlugins, action=Action.MANAGE_PLUGINS)
async def list_plugins(
    query: ListPlugins,  # noqa: ARG001 - the request has no fields
    *,
    catalogue: PluginCatalogue,
    installations: InstallationQueries,
    revisions: PluginRevisions,
    plans: Plans,
) -> tuple[PluginRow, ...]:
    """Return every plugin by name, and after them those whose packages are gone."""
    stored = {each.plugin_id: each for each in await installations.all()}
    describer = Describer(catalogue, plans, await revisions.applied())
    rows = [describer.row(plugin, stored.pop(plugin.id, None)) for plugin in catalogue.all()]
    return (*rows, *(describer.row(None, left) for left in stored.values()))


@handles(ShowPlugin, action=Action.MANAGE_PLUGINS)
async def show_plugin(
    query: ShowPlugin,
    *,
    catalogue: PluginCatalogue,
    installations: InstallationQueries,
    revisions: PluginRevisions,
    plans: Plans,
) -> PluginView:
    """Return one plugin."""
    plugin = catalogue.find(query.plugin_id)
    installation = await installations.find(query.plugin_id)
    if plugin is None and installation is None:
        raise no_such_plugin(query.plugin_id)
    return Describer(catalogue, plans, await revisions.applied()).view(plugin, installation)


@handles(EnablePlugin, action=Action.MANAGE_PLUGINS)
async def enable_plugin(
    command: EnablePlugin,
    *,
    catalogue: PluginCatalogue,
    installations: InstallationRepository,
    revisions: PluginRevisions,
    plans: Plans,
    secrets: Secrets,
    clock: Clock,
    ids: Ids,
    recorder: Recorder,
) -> PluginView:
    """Let the plugin work, within the permissions that it asks for and the admin accepts."""
    plugin = manageable(catalogue, command.plugin_id)
    plans.require(plugin)
    _require_acceptance(plugin, command.accept_permissions)
    applied = await revisions.applied()
    if not tables_are_ready(plugin, applied.get(plugin.id, {})):
        raise PluginTablesMissing(
            "The database lacks the tables of this version of the plugin. The operator makes them "
            "with `intellimatch migrate`."
        )
    now = clock.now()
    installation = await installations.for_change(plugin.id, InstallationId(ids.new()), now)
    installation.expect(command.expected_version)
    before = installation.audited() if installation.version else None
    settings = _settings_to_enable(command, installation)
    if settings is not None:
        await set_settings(installation, plugin, settings, catalogue, secrets)
    _require_complete(plugin, installation)
    if installation.decision != "enabled":
        installation.enabled_at = now
    installation.decision = "enabled"
    installation.accepted = tuple(sorted(plugin.asks_for))
    after = installation.audited()
    if before != after or settings is not None:
        installation.updated_at = now
        await installations.save(installation)
        recorder.record(
            PluginEnabled(
                aggregate_id=installation.id,
                plugin_id=plugin.id,
                plugin_version=plugin.plugin_version,
            ),
            before=before,
            after=after,
        )
    return Describer(catalogue, plans, applied).view(plugin, installation)


@handles(ConfigurePlugin, action=Action.MANAGE_PLUGINS)
async def configure_plugin(
    command: ConfigurePlugin,
    *,
    catalogue: PluginCatalogue,
    installations: InstallationRepository,
    revisions: PluginRevisions,
    plans: Plans,
    secrets: Secrets,
    clock: Clock,
    ids: Ids,
    recorder: Recorder,
) -> PluginView:
    """Replace the settings, of a plugin that is enabled or is to be."""
    plugin = manageable(catalogue, command.plugin_id)
    plans.require(plugin)
    now = clock.now()
    installation = await installations.for_change(plugin.id, InstallationId(ids.new()), now)
    installation.expect(command.expected_version)
    before = installation.audited()
    if installation.decision == "uninstalled":
        installation.decision = "disabled"
    changed = await set_settings(installation, plugin, dict(command.settings), catalogue, secrets)
    installation.updated_at = now
    await installations.save(installation)
    recorder.record(
        PluginConfigured(aggregate_id=installation.id, plugin_id=plugin.id, fields=changed),
        before=before,
        after=installation.audited(),
    )
    return Describer(catalogue, plans, await revisions.applied()).view(plugin, installation)


@handles(DisablePlugin, action=Action.MANAGE_PLUGINS)
async def disable_plugin(
    command: DisablePlugin,
    *,
    catalogue: PluginCatalogue,
    installations: InstallationRepository,
    revisions: PluginRevisions,
    plans: Plans,
    clock: Clock,
    ids: Ids,
    recorder: Recorder,
) -> PluginView:
    """Stop the plugin; also one whose package or place in the plan is gone."""
    plugin = catalogue.find(command.plugin_id)
    now = clock.now()
    installation = await installations.for_change(command.plugin_id, InstallationId(ids.new()), now)
    _require_known(plugin, installation)
    installation.expect(command.expected_version)
    if installation.decision == "uninstalled" or installation.version == 0:
        raise PluginNotEnabled("This plugin isn't enabled.")
    if installation.decision == "enabled":
        before = installation.audited()
        installation.decision = "disabled"
        installation.enabled_at = None
        installation.updated_at = now
        await installations.save(installation)
        recorder.record(
            PluginDisabled(aggregate_id=installation.id, plugin_id=installation.plugin_id),
            before=before,
            after=installation.audited(),
        )
    return Describer(catalogue, plans, await revisions.applied()).view(plugin, installation)


@handles(UninstallPlugin, action=Action.MANAGE_PLUGINS)
async def uninstall_plugin(
    command: UninstallPlugin,
    *,
    catalogue: PluginCatalogue,
    installations: InstallationRepository,
    data: PluginData,
    connections: ConnectionRepository,
    revocations: Revocations,
    secrets: Secrets,
    clock: Clock,
    ids: Ids,
    recorder: Recorder,
) -> None:
    """Forget settings, secrets and the account, and remove the data unless it is to be kept.

    Data that was kept is removed by uninstalling once more.
    """
    now = clock.now()
    installation = await installations.for_change(command.plugin_id, InstallationId(ids.new()), now)
    _require_known(catalogue.find(command.plugin_id), installation)
    installation.expect(command.expected_version)
    if installation.version == 0 or (installation.decision == "uninstalled" and command.keep_data):
        raise PluginNotEnabled("This plugin isn't installed in this workspace.")
    if installation.decision == "enabled":
        raise PluginStillEnabled("Disable the plugin first, so that it can put things in order.")
    before = installation.audited()
    await forget_account(installation, catalogue, connections, revocations, secrets)
    if command.keep_data:
        installation.decision = "uninstalled"
        installation.accepted, installation.enabled_at, installation.check = (), None, None
        installation.settings, installation.sealed = {}, {}
        installation.updated_at = now
        await installations.save(installation)
    else:
        await data.remove(command.plugin_id)
        await installations.remove(installation)
    recorder.record(
        PluginUninstalled(
            aggregate_id=installation.id,
            plugin_id=installation.plugin_id,
            data_kept=command.keep_data,
        ),
        before=before,
    )


def manageable(catalogue: PluginCatalogue, plugin_id: str) -> Plugin:
    """Return the plugin. Raises PluginNotFound, or PluginIsTheOperators for a system plugin."""
    plugin = catalogue.find(plugin_id)
    if plugin is None:
        raise no_such_plugin(plugin_id)
    if plugin.kind == "system":
        raise PluginIsTheOperators(
            f"{plugin.name} works for the whole installation; ask its operator."
        )
    return plugin


def no_such_plugin(plugin_id: str) -> PluginNotFound:
    """Return the refusal for an id that no installed package has."""
    return PluginNotFound(f"No plugin {plugin_id} is installed here.")


def _settings_to_enable(command: EnablePlugin, installation: Installation) -> dict[str, Any] | None:
    """Return the settings to put in place; None leaves those that are there."""
    if command.settings is not UNSET:
        return dict(command.settings)
    is_new = installation.version == 0 or installation.decision == "uninstalled"
    return {} if is_new else None


def _require_known(plugin: Plugin | None, installation: Installation) -> None:
    if plugin is None and installation.version == 0:
        raise no_such_plugin(installation.plugin_id)


def _require_acceptance(plugin: Plugin, accepted: tuple[str, ...]) -> None:
    if set(accepted) != plugin.asks_for:
        asked = ", ".join(sorted(plugin.asks_for)) or "none"
        raise PermissionsNotAccepted(
            f"{plugin.name} asks for these permissions: {asked}. Accept exactly these.",
            asked=[{"action": each.action, "why": each.why} for each in plugin.permissions],
            accepted=sorted(accepted),
        )


def _require_complete(plugin: Plugin, installation: Installation) -> None:
    missing = sorted(plugin.required_fields - installation.configured)
    stale = installation.settings_version != plugin.settings_version
    if missing:
        raise InvalidInput(
            *(
                FieldError(f"settings.{name}", "This field is required.", "missing")
                for name in missing
            )
        )
    if stale:
        raise InvalidInput(
            FieldError("settings", "This version of the plugin needs new settings.", "outdated")
        )
