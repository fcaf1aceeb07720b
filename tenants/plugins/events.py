"""Hands events to plugins' handlers; what a worker's task runner calls for their subscriptions."""

from collections.abc import Iterator, Sequence
from typing import Any, Final

import msgspec
import structlog

from core.installations.events import PluginConfigured, PluginDisabled, PluginEnabled
from core.shared.errors import Unavailable
from core.shared.ids import TenantId
from core.shared.reactions import PLUGIN_QUEUE, PublishedEvent, Subscription
from core.shared.tenant import TenantContext
from plugins.host.catalogue import Catalogue
from plugins.sdk.errors import TryLater
from tenants.plugins.calls import SECONDS, PluginCalls, Repeated
from tenants.plugins.enabled import EnabledPlugin, EnabledPlugins

ENABLED: Final = "@enabled"
DISABLED: Final = "@disabled"
"""Names of the platform's own deliveries to a plugin's operations; no handler can have them."""

MARGIN_SECONDS: Final = 10.0
"""For ending a call that is over its time, and for what the context does in the database."""

log = structlog.get_logger(__name__)


class PluginSubscribers:
    """Implements `core.shared.reactions.ExternalSubscribers`."""

    PREFIX = "plugin:"

    def __init__(self, calls: PluginCalls, enabled: EnabledPlugins, catalogue: Catalogue) -> None:
        self._calls = calls
        self._enabled = enabled
        self._catalogue = catalogue
        self._own = tuple(self._operations(catalogue))

    async def subscriptions(self, tenant_id: TenantId) -> Sequence[Subscription]:
        """Return what the tenant's plugins want to hear of."""
        found = list(self._own)
        for each in await self._enabled.of(tenant_id):
            if not each.is_enabled:
                continue
            found += [
                Subscription(
                    subscriber=f"{self.PREFIX}{each.id}:{handler.name}",
                    event_types=(handler.event.type,),
                    queue=PLUGIN_QUEUE,
                    ordered=handler.ordered,
                )
                for handler in each.plugin.event_handlers
            ]
        return found

    def limit_seconds(self, subscriber: str) -> float:
        """Return the handler's deadline and a margin."""
        plugin_id, name = self._parts(subscriber)
        plugin = self._catalogue.plugins.get(plugin_id)
        handlers = () if plugin is None else plugin.event_handlers
        seconds = next((each.timeout_seconds for each in handlers if each.name == name), SECONDS)
        return seconds + MARGIN_SECONDS

    async def deliver(self, tenant: TenantContext, subscriber: str, event: PublishedEvent) -> None:
        """Call the handler; nothing to do when the plugin is off or the handler gone."""
        plugin_id, name = self._parts(subscriber)
        if name in {ENABLED, DISABLED}:
            # The event is about what may be remembered otherwise still.
            self._enabled.forget(tenant.id)
        enabled = await self._enabled.find(tenant.id, plugin_id)
        if enabled is None:
            return
        try:
            if name in {ENABLED, DISABLED}:
                await self._tell(tenant, enabled, name, event)
            elif enabled.works_for(tenant):
                await self._handle(tenant, enabled, name, event)
        except TryLater as error:
            # Nothing is wrong with the handler: the attempt isn't counted.
            raise Unavailable(error.message) from error

    async def _handle(
        self, tenant: TenantContext, enabled: EnabledPlugin, name: str, event: PublishedEvent
    ) -> None:
        handlers = enabled.plugin.event_handlers
        handler = next((each for each in handlers if each.name == name), None)
        if handler is None or handler.event.type != event.type:
            log.info("plugin_handler_gone", plugin=enabled.id, handler=name)
            return
        await self._calls.call(
            tenant,
            enabled,
            f"handle {event.type}",
            handler.handle,
            msgspec.convert(event.fields, handler.event),
            timeout_seconds=handler.timeout_seconds,
            repeated=_repeated(event, name),
        )

    async def _tell(
        self, tenant: TenantContext, enabled: EnabledPlugin, name: str, event: PublishedEvent
    ) -> None:
        operations = enabled.plugin.operations
        function: Any = operations.enabled if name == ENABLED else operations.disabled
        about_it = event.fields.get("plugin_id") == enabled.id
        still_so = enabled.works_for(tenant) == (name == ENABLED)
        if function is not None and about_it and still_so:
            await self._calls.call(
                tenant,
                enabled,
                f"prepare for being {name.removeprefix('@')}",
                function,
                timeout_seconds=SECONDS,
                repeated=_repeated(event, name),
            )

    def _operations(self, catalogue: Catalogue) -> Iterator[Subscription]:
        """Return what every tenant's events are looked through for.

        Whether a tenant has the plugin is asked when one comes: what a process remembers of that
        may be older than the event that says so.
        """
        told: dict[str, tuple[str, ...]] = {
            ENABLED: (PluginEnabled.type, PluginConfigured.type),
            DISABLED: (PluginDisabled.type,),
        }
        for plugin in catalogue.plugins.values():
            for name, event_types in told.items():
                if getattr(plugin.operations, name.removeprefix("@")) is not None:
                    yield Subscription(
                        subscriber=f"{self.PREFIX}{plugin.id}:{name}",
                        event_types=event_types,
                        queue=PLUGIN_QUEUE,
                    )

    def _parts(self, subscriber: str) -> tuple[str, str]:
        plugin_id, _, name = subscriber.removeprefix(self.PREFIX).partition(":")
        return plugin_id, name


def _repeated(event: PublishedEvent, name: str) -> Repeated:
    delivery = event.delivery
    return Repeated(f"{delivery.event_id}:{name}", delivery.request_id)
