"""Plugins are told that they were enabled or disabled, however old what a process remembers is."""

import math
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from core.installations.contracts import DisablePlugin
from core.shared.clock import UtcDatetime
from core.shared.ids import EventId
from core.shared.reactions import Delivery, PublishedEvent
from plugins.sdk import Operations
from tenants.runtime import Runtime
from tenants.settings import Settings
from tests.fixtures.databases import TestDatabase
from tests.fixtures.plugins import catalogue_of, enable, made_plugin, manifest_of, runtime_with
from tests.fixtures.worlds import World, WorldTenant


async def tell(runtime: Runtime, tenant: WorldTenant, event_type: str, name: str) -> None:
    event = PublishedEvent(
        type=event_type,
        version=1,
        aggregate_id=uuid4(),
        fields={"plugin_id": "told"},
        delivery=Delivery(
            event_id=EventId(uuid4()),
            position=1,
            task_id=uuid4(),
            attempt=1,
            request_id="request",
            occurred_at=UtcDatetime(datetime.now(UTC)),
        ),
    )
    await runtime.plugins.subscribers.deliver(tenant.context, f"plugin:told:@{name}", event)


async def test_a_plugin_is_told_whatever_is_remembered(
    settings: Settings, database: TestDatabase, world: World
) -> None:
    """Planted: what the process remembers of the tenant is from before."""
    told: list[tuple[str, str]] = []

    async def enabled(context: Any) -> None:
        told.append(("enabled", context.tenant.slug))

    async def disabled(context: Any) -> None:
        told.append(("disabled", context.tenant.slug))

    operations = Operations(enabled=enabled, disabled=disabled)
    catalogue = catalogue_of(made_plugin(manifest_of("told"), operations=operations))
    async with runtime_with(settings, database, catalogue) as runtime:
        remembered = runtime.plugins.enabled._known
        await enable(runtime, world.acme, "told")
        remembered[world.acme.id] = (math.inf, ())
        found = await runtime.plugins.subscribers.subscriptions(world.acme.id)
        assert {each.subscriber for each in found} == {
            "plugin:told:@enabled",
            "plugin:told:@disabled",
        }
        await tell(runtime, world.acme, "plugin.enabled", "enabled")
        await tell(runtime, world.globex, "plugin.enabled", "enabled")
        assert told == [("enabled", "acme")]
        before = (math.inf, await runtime.plugins.enabled.of(world.acme.id))
        scope = runtime.scope(world.acme.context, world.acme.actor("admin"), "off")
        await scope.execute(DisablePlugin(plugin_id="told"))
        remembered[world.acme.id] = before
        await tell(runtime, world.acme, "plugin.disabled", "disabled")
        assert told == [("enabled", "acme"), ("disabled", "acme")]
