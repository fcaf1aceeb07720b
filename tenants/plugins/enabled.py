"""Which plugins each tenant enabled, remembered for seconds and forgotten at once when told.

The database says by NOTIFY when an installation changed; while that line is down what is remembered
grows old within seconds, so a change takes effect everywhere soon in either case.
"""

import asyncio
import time
from collections.abc import Mapping, Sequence
from typing import Any, Final
from uuid import UUID

import msgspec
import structlog

from core.installations.model import Installation
from core.installations.settings import open_settings
from core.shared.errors import NotFound
from core.shared.ids import TenantId
from core.shared.tenant import TenantContext
from core.tenancy.entitlements import included_in_plan
from plugins.host.catalogue import Catalogue, LoadedPlugin
from plugins.host.guard import PluginGuard
from plugins.postgres.database import CONNECTION_LOST
from plugins.postgres.installations import (
    CHANNEL,
    PostgresInstallationQueries,
    PostgresPluginRevisions,
)
from plugins.postgres.plugin_tables import checksums
from plugins.postgres.unit import Unit
from tenants.plugins.seams import Process
from tenants.plugins.upgrades import SettingsUpgrades

REMEMBERED_SECONDS: Final = 5.0
RECONNECT_SECONDS: Final = 1.0
UPGRADES_WAIT_SECONDS: Final = 0.5
"""How long a reader waits for settings to be brought up to date; the rest is done behind it."""

log = structlog.get_logger(__name__)


class PluginMissing(NotFound):
    """A plugin keeps data of the tenant, and its package isn't installed any more."""

    code = "plugin_missing"
    title = "A plugin isn't installed any more"
    TEXT = (
        "The plugin {} still keeps data, and its package isn't installed. Install it again, or "
        "uninstall the plugin together with its data; then try again."
    )


class EnabledPlugin(msgspec.Struct, frozen=True):
    """A plugin with what one tenant decided about it."""

    plugin: LoadedPlugin
    installation_id: UUID
    is_enabled: bool
    """Whether the tenant wants it and nothing but the plan can be in the way."""
    permissions: frozenset[str]
    values: Mapping[str, Any]
    """The settings as plain data, secrets in the clear."""
    settings_version: int
    installation_version: int

    @property
    def id(self) -> str:
        """The plugin's id."""
        return self.plugin.id

    def works_for(self, tenant: TenantContext) -> bool:
        """Whether it may be called now."""
        feature = self.plugin.manifest.feature
        included = feature is None or included_in_plan(tenant, feature).allowed
        return self.is_enabled and included


class EnabledPlugins:
    """Reads and remembers."""

    def __init__(self, process: Process, catalogue: Catalogue, guard: PluginGuard) -> None:
        self._process = process
        self._upgrades = SettingsUpgrades(process, catalogue, guard)
        self._catalogue = catalogue
        self._known: dict[TenantId, tuple[float, tuple[EnabledPlugin, ...]]] = {}
        self._changes = 0
        self._ready: frozenset[str] = frozenset()
        self._upgrading: dict[TenantId, asyncio.Task[bool]] = {}
        self._listener: asyncio.Task[None] | None = None
        self._stopping = False

    async def start(self) -> None:
        """Begin to listen for changes."""
        self._listener = asyncio.create_task(self._listen(), name="plugin-changes")

    async def stop(self) -> None:
        """Stop listening."""
        self._stopping = True
        for each in tuple(self._upgrading.values()):
            each.cancel()
        while self._listener is not None and not self._listener.done():
            # Once may not do: a cancellation can be lost inside `wait_for` of Python 3.11.
            self._listener.cancel()
            await asyncio.wait((self._listener,), timeout=1.0)

    def forget(self, tenant_id: TenantId) -> None:
        """Read the tenant's installations anew when they are needed next."""
        self._changes += 1
        self._known.pop(tenant_id, None)

    async def of(self, tenant_id: TenantId, unit: Unit | None = None) -> tuple[EnabledPlugin, ...]:
        """Return what the tenant has installed and wasn't uninstalled, in the order enabled.

        Whoever has a transaction open gives it: when as many wait as there are connections, a
        second one for each would never come. What is read there isn't remembered.
        """
        known = self._known.get(tenant_id)
        if known is not None and known[0] > time.monotonic():
            return known[1]
        if unit is not None:
            return await self._read(tenant_id, unit)
        changes = self._changes
        found = await self._read(tenant_id)
        if changes == self._changes:
            self._known[tenant_id] = (time.monotonic() + REMEMBERED_SECONDS, found)
        return found

    async def working_for(
        self, tenant: TenantContext, unit: Unit | None = None
    ) -> Sequence[EnabledPlugin]:
        """Return the plugins that may be called for the tenant now; see `of`."""
        return [each for each in await self.of(tenant.id, unit) if each.works_for(tenant)]

    async def find(self, tenant_id: TenantId, plugin_id: str) -> EnabledPlugin | None:
        """Return one, enabled or not, or None when the tenant has no settings for it."""
        return next((each for each in await self.of(tenant_id) if each.id == plugin_id), None)

    async def kept(self, tenant_id: TenantId, plugin_id: str) -> EnabledPlugin | None:
        """Return one as it stands in the database now, also when its data alone was kept.

        None when nothing of it is there. Raises PluginMissing when its package isn't.
        """
        await self.of(tenant_id)
        reader = self._process.database.reader(tenant_id)
        installation = await PostgresInstallationQueries(reader).find(plugin_id)
        if installation is None:
            return None
        plugin = self._catalogue.plugins.get(plugin_id)
        if plugin is None:
            raise PluginMissing(PluginMissing.TEXT.format(plugin_id), plugin=plugin_id)
        values = await open_settings(installation, self._process.secrets(tenant_id))
        return await self._joined(plugin, installation, values)

    async def _read(
        self, tenant_id: TenantId, unit: Unit | None = None
    ) -> tuple[EnabledPlugin, ...]:
        queries = PostgresInstallationQueries(self._process.database.reader(tenant_id), unit)
        installations = await queries.all()
        if await self._have_changed(tenant_id, installations):
            installations = await queries.all()
        secrets = self._process.secrets(tenant_id)
        found = []
        for each in installations:
            plugin = self._catalogue.plugins.get(each.plugin_id)
            if plugin is None or each.decision == "uninstalled" or plugin.manifest.kind == "system":
                continue
            values = await open_settings(each, secrets)
            found.append(await self._joined(plugin, each, values))
        return tuple(found)

    async def _have_changed(
        self, tenant_id: TenantId, installations: Sequence[Installation]
    ) -> bool:
        """Bring settings up to date; a plugin that takes its time about that holds up nobody."""
        running = self._upgrading.get(tenant_id)
        if running is None:
            if not self._upgrades.are_due(tenant_id, installations):
                return False
            running = asyncio.create_task(self._upgrades.run(tenant_id, installations))
            self._upgrading[tenant_id] = running
            running.add_done_callback(lambda ended: self._have_upgraded(tenant_id, ended))
        await asyncio.wait((running,), timeout=UPGRADES_WAIT_SECONDS)
        return running.done() and running.result()

    def _have_upgraded(self, tenant_id: TenantId, ended: "asyncio.Task[bool]") -> None:
        self._upgrading.pop(tenant_id, None)
        if not ended.cancelled() and ended.exception() is None and ended.result():
            self.forget(tenant_id)

    async def _joined(
        self, plugin: LoadedPlugin, installation: Installation, values: Mapping[str, Any]
    ) -> EnabledPlugin:
        asked = {permission.action for permission in plugin.manifest.permissions}
        return EnabledPlugin(
            plugin=plugin,
            installation_id=installation.id,
            is_enabled=(
                installation.decision == "enabled"
                and asked <= set(installation.accepted)
                and installation.settings_version == plugin.settings.version
                and await self._has_tables(plugin)
            ),
            permissions=frozenset(asked & set(installation.accepted)),
            values=values,
            settings_version=installation.settings_version,
            installation_version=installation.version,
        )

    async def _has_tables(self, plugin: LoadedPlugin) -> bool:
        """Whether the database has the plugin's tables; once it has, it keeps them."""
        if not plugin.migrations or plugin.id in self._ready:
            return True
        applied = await PostgresPluginRevisions(self._process.database).applied()
        of_plugin = applied.get(plugin.id, {})
        wanted = checksums(plugin.migrations)
        if any(of_plugin.get(number) != checksum for number, checksum in wanted.items()):
            return False
        self._ready |= {plugin.id}
        return True

    def _forget_all(self) -> None:
        self._changes += 1
        self._known.clear()

    def _hear(self, *heard: Any) -> None:
        """Called by asyncpg with connection, process id, channel and payload."""
        try:
            self.forget(TenantId(UUID(str(heard[-1]))))
        except ValueError:
            self._forget_all()

    async def _listen(self) -> None:
        while not self._stopping:
            try:
                async with self._process.database.listen(CHANNEL, self._hear) as lost:
                    self._forget_all()
                    await lost.wait()
            except CONNECTION_LOST as error:
                log.warning("plugin_changes_lost", error=type(error).__name__)
            finally:
                self._forget_all()
            await asyncio.sleep(RECONNECT_SECONDS)
