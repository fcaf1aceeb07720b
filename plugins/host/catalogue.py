"""What discovery found: the plugins that may work here, and those that may not, with the reason."""

from collections.abc import Mapping
from typing import Any

import msgspec

from plugins.sdk.contributions import (
    EmailTemplate,
    EventHandler,
    InboundWebhook,
    OAuthProvider,
    Operations,
    Page,
    PortAdapter,
    Route,
    ScheduledTask,
)
from plugins.sdk.manifest import Manifest
from plugins.sdk.settings import SettingsSpec
from plugins.sdk.tables import Migration


class LoadedPlugin(msgspec.Struct, frozen=True, kw_only=True):
    """A plugin whose hooks were called and whose answers hold together."""

    manifest: Manifest
    distribution: str
    """The installed package that brought it, as `name version`."""
    settings: SettingsSpec
    settings_schema: dict[str, Any]
    ports: tuple[PortAdapter, ...] = ()
    event_handlers: tuple[EventHandler, ...] = ()
    scheduled_tasks: tuple[ScheduledTask, ...] = ()
    routes: tuple[Route, ...] = ()
    webhooks: tuple[InboundWebhook, ...] = ()
    pages: tuple[Page, ...] = ()
    email_templates: tuple[EmailTemplate, ...] = ()
    oauth_provider: OAuthProvider | None = None
    migrations: tuple[Migration, ...] = ()
    operations: Operations = Operations()

    @property
    def id(self) -> str:
        """The plugin's id."""
        return self.manifest.id


class RefusedPlugin(msgspec.Struct, frozen=True):
    """A plugin that isn't loaded; the rest is."""

    entry_point: str
    distribution: str
    reason: str


class Catalogue(msgspec.Struct, frozen=True):
    """Everything that is installed."""

    plugins: Mapping[str, LoadedPlugin] = {}
    """By id."""
    refused: tuple[RefusedPlugin, ...] = ()
