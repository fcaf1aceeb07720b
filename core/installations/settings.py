"""Puts settings into an installation: what may be seen as it is, secrets sealed one by one."""

from typing import Any

import msgspec

from core.installations.contracts import (
    CheckView,
    InstallationId,
    KeepUpgradedSettings,
    PluginView,
    RecordCheck,
)
from core.installations.errors import PluginNotEnabled
from core.installations.events import PluginChecked, PluginConfigured
from core.installations.model import Installation, Plugin, apart
from core.installations.ports import (
    InstallationRepository,
    Plans,
    PluginCatalogue,
    PluginRevisions,
)
from core.installations.views import Describer
from core.ports.secrets import SecretPlace, Secrets
from core.shared.clock import Clock
from core.shared.events import Recorder
from core.shared.ids import Ids
from core.shared.permissions import Action
from core.shared.secret import Secret
from core.shared.usecase import handles

KEPT = {"set": True}
"""How a secret that is set is shown; sent back, it means: leave it as it is."""


async def set_settings(
    installation: Installation,
    plugin: Plugin,
    given: dict[str, Any],
    catalogue: PluginCatalogue,
    secrets: Secrets,
) -> tuple[str, ...]:
    """Replace the settings by `given` and return the names of the fields that changed.

    A secret that is left out, or sent back as it is shown, keeps its value; null clears it. What is
    left out besides is kept as the default that it has now: a later version of the plugin, which
    may have another, is then told what held until it came. Raises InvalidInput that names every
    wrong field; then nothing was changed.
    """
    plain, secret = apart(given, plugin.secret_fields)
    cleared = {name for name, value in secret.items() if value in (None, {"set": False})}
    fresh = {
        name: value
        for name, value in secret.items()
        if name not in cleared and not (value == KEPT and name in installation.sealed)
    }
    # After an upgrade without its migration, secrets of the old version are of no use.
    known = plugin.secret_fields if _fits(installation, plugin) else frozenset()
    kept = (set(installation.sealed) & known) - cleared - set(fresh)
    stored = catalogue.check_settings(plugin.id, {**plain, **fresh}, kept)
    plain, fresh = apart(stored, plugin.secret_fields)
    plain = catalogue.with_defaults(plugin.id, plain)
    before = {**catalogue.with_defaults(plugin.id, {}), **installation.settings}
    changed = {name for name in before.keys() | plain.keys() if before.get(name) != plain.get(name)}
    changed |= set(fresh) | (set(installation.sealed) - kept)
    installation.settings = plain
    installation.sealed = {
        name: sealed for name, sealed in installation.sealed.items() if name in kept
    }
    for name, value in fresh.items():
        installation.sealed[name] = await seal(secrets, plugin.id, name, value)
    installation.settings_version = plugin.settings_version
    return tuple(sorted(changed))


def place_of(plugin_id: str, field: str) -> SecretPlace:
    """Return where a plugin's secret is kept, which it is bound to."""
    return SecretPlace("plugin_secrets", plugin_id, field)


async def seal(secrets: Secrets, plugin_id: str, field: str, value: Any) -> str:
    """Return the sealed value; it may be any plain data, most are texts."""
    text = msgspec.json.encode(value).decode()
    return await secrets.seal(place_of(plugin_id, field), Secret(text))


async def open_settings(installation: Installation, secrets: Secrets) -> dict[str, Any]:
    """Return all settings, secrets in the clear: for the plugin itself, and for nobody else.

    Raises SecretUnreadable and MasterKeyMissing.
    """
    values = dict(installation.settings)
    for name, sealed in installation.sealed.items():
        opened = await secrets.open(place_of(installation.plugin_id, name), sealed)
        values[name] = msgspec.json.decode(opened.reveal())
    return values


@handles(KeepUpgradedSettings, action=Action.MANAGE_PLUGINS)
async def keep_upgraded_settings(
    command: KeepUpgradedSettings,
    *,
    catalogue: PluginCatalogue,
    installations: InstallationRepository,
    secrets: Secrets,
    clock: Clock,
    ids: Ids,
    recorder: Recorder,
) -> None:
    """Keep what the plugin made of its settings when a new version came, once."""
    now = clock.now()
    installation = await installations.for_change(command.plugin_id, InstallationId(ids.new()), now)
    plugin = catalogue.find(command.plugin_id)
    if (
        plugin is None
        or installation.version != command.expected_version
        or installation.settings_version != command.from_version
        or plugin.settings_version != command.settings_version
    ):
        return
    before = installation.audited()
    installation.sealed = {}
    changed = await set_settings(installation, plugin, dict(command.values), catalogue, secrets)
    installation.updated_at = now
    await installations.save(installation)
    recorder.record(
        PluginConfigured(aggregate_id=installation.id, plugin_id=plugin.id, fields=changed),
        before=before,
        after=installation.audited(),
        reason=f"Settings of version {command.from_version} became {command.settings_version}.",
    )


@handles(RecordCheck, action=Action.MANAGE_PLUGINS)
async def record_check(
    command: RecordCheck,
    *,
    catalogue: PluginCatalogue,
    installations: InstallationRepository,
    revisions: PluginRevisions,
    plans: Plans,
    clock: Clock,
    ids: Ids,
    recorder: Recorder,
) -> PluginView:
    """Keep what the test found; the settings' version stays, so that an open form can be saved."""
    now = clock.now()
    installation = await installations.for_change(command.plugin_id, InstallationId(ids.new()), now)
    if installation.version == 0 or installation.decision == "uninstalled":
        raise PluginNotEnabled("Configure the plugin before you test it.")
    installation.check = CheckView(now, command.ok, command.message[:1_000], command.details)
    await installations.save_check(installation)
    recorder.record(
        PluginChecked(
            aggregate_id=installation.id, plugin_id=installation.plugin_id, ok=command.ok
        ),
        after={"ok": command.ok, "message": command.message[:1_000]},
    )
    plugin = catalogue.find(command.plugin_id)
    return Describer(catalogue, plans, await revisions.applied()).view(plugin, installation)


def _fits(installation: Installation, plugin: Plugin) -> bool:
    return installation.settings_version == plugin.settings_version
