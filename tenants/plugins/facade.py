"""All that the rest of a process does with plugins. Held by `tenants.runtime` as `plugins`."""

from collections.abc import Callable, Sequence
from typing import TypeVar

import msgspec

from core.shared.errors import DomainError, NotFound, Unavailable
from core.shared.ids import TenantId
from core.shared.tenant import PlanId, TenantContext
from plugins.host.breaker import BreakerState
from plugins.host.catalogue import Catalogue
from plugins.host.guard import PluginGuard
from plugins.postgres.open_units import in_transaction
from plugins.postgres.unit import Unit
from plugins.sdk.contributions import Health, Page
from plugins.sdk.errors import PluginError, TryLater
from plugins.sdk.settings import secret_fields
from tenants.plugins.accounts import PluginAccounts
from tenants.plugins.adapters import EnabledAdapter
from tenants.plugins.calls import PluginCalls, Repeated
from tenants.plugins.enabled import EnabledPlugin, EnabledPlugins
from tenants.plugins.events import PluginSubscribers
from tenants.plugins.hiding import Hider
from tenants.plugins.renewing import AccountTokens
from tenants.plugins.requests import PluginRequests
from tenants.plugins.seams import Process
from tenants.plugins.subjects import PluginSubjects

P = TypeVar("P")

CHECK_SECONDS = 20.0
MOST_KNOWN = 1_000
"""Tenants whose pages are kept in mind."""


class PluginPage(msgspec.Struct, frozen=True):
    """A page that has its place in the navigation."""

    plugin_id: str
    page: Page


class Plugins:
    """Of one process. `start` and `stop` go with the runtime."""

    def __init__(self, process: Process, catalogue: Catalogue) -> None:
        self.catalogue = catalogue
        self._pages: dict[
            TenantId, tuple[Sequence[EnabledPlugin], PlanId, tuple[PluginPage, ...]]
        ] = {}
        self.guard = PluginGuard(in_transaction=in_transaction)
        self.network = process.network
        self.tokens = AccountTokens(process)
        self.calls = PluginCalls(process, self.guard, catalogue, self.tokens)
        self.enabled = EnabledPlugins(process, catalogue, self.guard)
        self.accounts = PluginAccounts(process, self.enabled)
        self.requests = PluginRequests(process, self.calls, self.enabled)
        self.subjects = PluginSubjects(process, self.calls, self.enabled, catalogue)
        self.subscribers = PluginSubscribers(self.calls, self.enabled, catalogue)

    async def start(self) -> None:
        """Begin to listen for changes."""
        await self.enabled.start()

    async def stop(self) -> None:
        """Let go of everything."""
        await self.enabled.stop()
        await self.tokens.stop()
        self.guard.close()

    async def adapters(
        self, tenant: TenantContext, port: Callable[..., P], unit: Unit | None = None
    ) -> tuple[EnabledAdapter[P], ...]:
        """Return the tenant's implementations of `port`, in the order in which it enabled them.

        Whoever has a transaction open gives it; see `EnabledPlugins.of`.
        """
        return tuple(
            EnabledAdapter(self.calls, tenant, enabled, adapter, port)
            for enabled in await self.enabled.working_for(tenant, unit)
            for adapter in enabled.plugin.ports
            if adapter.port is port
        )

    async def adapter(self, tenant: TenantContext, port: Callable[..., P]) -> P | None:
        """Return the first implementation of `port`, or None. It is used like the port itself."""
        found = await self.adapters(tenant, port)
        return found[0].port if found else None

    async def pages(self, tenant: TenantContext) -> tuple[PluginPage, ...]:
        """Return the pages that have an entry in the navigation.

        The same tuple again until something changes, since every page of ours asks.
        """
        enabled = await self.enabled.of(tenant.id)
        known = self._pages.get(tenant.id)
        if known is None or known[0] is not enabled or known[1] != tenant.plan:
            pages = tuple(
                PluginPage(each.id, page)
                for each in enabled
                if each.works_for(tenant)
                for page in each.plugin.pages
                if page.navigation is not None
            )
            known = self._pages[tenant.id] = (enabled, tenant.plan, pages)
            if len(self._pages) > MOST_KNOWN:
                self._pages.pop(next(iter(self._pages)))
        return known[2]

    async def refresh(self, tenant: TenantContext) -> None:
        """Bring settings that an older version left up to date, before an admin reads them."""
        await self.enabled.of(tenant.id)

    async def check(self, tenant: TenantContext, plugin_id: str) -> Health:
        """Try the plugin's settings against its vendor, enabled or not; never raises for failures.

        Raises NotFound when the tenant has no settings for it.
        """
        self.enabled.forget(tenant.id)
        found = await self.enabled.find(tenant.id, plugin_id)
        if found is None:
            raise NotFound("Configure the plugin before you test it.")
        check = found.plugin.operations.check
        if check is None:
            return Health(ok=True, message="This plugin has nothing that could be tested.")
        hider = Hider(found.values, secret_fields(found.plugin.settings.type))
        self.guard.forget(tenant.id, plugin_id)
        try:
            health: Health = await self.calls.call(
                tenant,
                found,
                "test its connection",
                check,
                timeout_seconds=CHECK_SECONDS,
                expect=Health,
            )
        except (PluginError, DomainError) as error:
            return Health(ok=False, message=hider.hide(error.message)[:1_000])
        return Health(
            ok=health.ok,
            message=hider.hide(health.message),
            details={name: hider.hide(value) for name, value in health.details.items()},
        )

    async def run_scheduled(
        self, tenant: TenantContext, plugin_id: str, name: str, call_id: str, request_id: str
    ) -> None:
        """Run a scheduled task of a plugin; with the same `call_id`, changes aren't repeated.

        Does nothing when the plugin is off by now. What the plugin raises is to be tried again.
        """
        enabled = await self.enabled.find(tenant.id, plugin_id)
        if enabled is None or not enabled.works_for(tenant):
            return
        tasks = {each.name: each for each in enabled.plugin.scheduled_tasks}
        if name not in tasks:
            return
        try:
            await self.calls.call(
                tenant,
                enabled,
                f"run {name}",
                tasks[name].run,
                timeout_seconds=tasks[name].timeout_seconds,
                repeated=Repeated(f"scheduled-{call_id}", request_id),
            )
        except TryLater as error:
            raise Unavailable(error.message) from error

    def state(self, tenant_id: TenantId, plugin_id: str) -> BreakerState:
        """Return whether calls are let through to the plugin just now."""
        return self.guard.state(tenant_id, plugin_id)
