"""Brings settings that an older version of a plugin left to the version that is installed.

Run when installations are read: the plugin's own functions make one version of the next, outside
of any transaction and guarded like every call; what they return is checked, kept and audited.
"""

import time
from collections.abc import Callable, Sequence
from typing import Any, Final

import structlog

from core.installations.contracts import KeepUpgradedSettings
from core.installations.model import Installation
from core.installations.settings import open_settings
from core.shared.actor import system
from core.shared.errors import DomainError
from core.shared.ids import TenantId
from core.shared.tenant import TenantContext
from plugins.host.catalogue import Catalogue, LoadedPlugin
from plugins.host.guard import PluginGuard
from plugins.postgres.open_units import in_transaction
from plugins.sdk.errors import PluginError
from tenants.plugins.seams import Process

UPGRADE_SECONDS: Final = 10.0
AGAIN_SECONDS: Final = 60.0
"""After which what failed is tried again."""

log = structlog.get_logger(__name__)


class SettingsUpgrades:
    """Of one process."""

    def __init__(self, process: Process, catalogue: Catalogue, guard: PluginGuard) -> None:
        self._process = process
        self._catalogue = catalogue
        self._guard = guard
        self._failed: dict[tuple[TenantId, str, int], float] = {}

    def are_due(self, tenant_id: TenantId, installations: Sequence[Installation]) -> bool:
        """Whether `run` would do anything."""
        return any(self._is_due(tenant_id, each) for each in installations)

    async def run(self, tenant_id: TenantId, installations: Sequence[Installation]) -> bool:
        """Upgrade what is older than its plugin; say whether any of it may have changed.

        What fails is logged, and that plugin waits for an admin to configure it. Within a
        transaction nothing is done, as no plugin is called in one; the next reading does it.
        """
        changed = False
        for installation in installations:
            if not self._is_due(tenant_id, installation):
                continue
            plugin = self._catalogue.plugins[installation.plugin_id]
            if await self._upgrade(tenant_id, plugin, installation):
                changed = True
            else:
                key = (tenant_id, plugin.id, installation.version)
                self._failed[key] = time.monotonic() + AGAIN_SECONDS
        return changed

    def _is_due(self, tenant_id: TenantId, installation: Installation) -> bool:
        plugin = self._catalogue.plugins.get(installation.plugin_id)
        if plugin is None or installation.decision == "uninstalled" or in_transaction():
            return False
        key = (tenant_id, plugin.id, installation.version)
        if self._failed.get(key, 0.0) > time.monotonic():
            return False
        self._failed.pop(key, None)
        return installation.settings_version < plugin.settings.version

    async def _upgrade(
        self, tenant_id: TenantId, plugin: LoadedPlugin, installation: Installation
    ) -> bool:
        try:
            values = await self._upgraded(tenant_id, plugin, installation)
            kept = KeepUpgradedSettings(
                plugin_id=plugin.id,
                values=values,
                from_version=installation.settings_version,
                settings_version=plugin.settings.version,
                expected_version=installation.version,
            )
            scope = self._process.scope(
                _only(tenant_id), system(tenant_id, name="Plugins"), f"plugin-{plugin.id}"
            )
            await scope.execute(kept)
        except (DomainError, PluginError) as error:
            # The text may hold a value of the settings.
            log.warning(
                "plugin_settings_not_upgraded",
                tenant=str(tenant_id),
                plugin=plugin.id,
                error=type(error).__name__,
                fields=[each.field for each in getattr(error, "fields", ())],
            )
            return False
        return True

    async def _upgraded(
        self, tenant_id: TenantId, plugin: LoadedPlugin, installation: Installation
    ) -> dict[str, Any]:
        values = await open_settings(installation, self._process.secrets(tenant_id))
        for version in range(installation.settings_version, plugin.settings.version):
            values = await self._guard.call(
                tenant_id,
                plugin.id,
                "bring its settings up to date",
                _run,
                plugin.settings.upgrades[version],
                values,
                timeout_seconds=UPGRADE_SECONDS,
                expect=dict[str, Any],
            )
        return values


async def _run(
    upgrade: Callable[[dict[str, Any]], dict[str, Any]], values: dict[str, Any]
) -> dict[str, Any]:
    return upgrade(values)


def _only(tenant_id: TenantId) -> TenantContext:
    """Return a context for a command that asks for nothing of the tenant but its id."""
    return TenantContext(tenant_id, str(tenant_id), "", "UTC", "en", "free")
