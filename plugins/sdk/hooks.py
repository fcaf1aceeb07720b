"""The dozen hooks of a plugin. Each is called once, when the process starts, and returns data.

A plugin is a module, or an object, named by an entry point in the group `intellimatch.plugins`,
whose functions carry `@hook`. Only `manifest` is required.
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Final

import pluggy

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

PROJECT: Final = "intellimatch"
ENTRY_POINTS: Final = "intellimatch.plugins"
"""The group in which a distribution names its plugins."""

hook = pluggy.HookimplMarker(PROJECT)
"""Marks a function of a plugin as the implementation of the hook of that name."""

_specification = pluggy.HookspecMarker(PROJECT)


class Hooks(ABC):
    """What may be implemented, and what each returns. Only pluggy reads it; nobody derives."""

    @_specification(firstresult=True)
    @abstractmethod
    def manifest(self) -> Manifest:
        """Say who the plugin is, what it needs and what it keeps."""

    @_specification(firstresult=True)
    @abstractmethod
    def settings(self) -> SettingsSpec:
        """Say what a tenant can configure. Without it, nothing."""

    @_specification(firstresult=True)
    @abstractmethod
    def ports(self) -> Sequence[PortAdapter]:
        """Implement ports of the platform: messaging, calendar, résumé parsing, ..."""

    @_specification(firstresult=True)
    @abstractmethod
    def event_handlers(self) -> Sequence[EventHandler]:
        """React to what happens."""

    @_specification(firstresult=True)
    @abstractmethod
    def scheduled_tasks(self) -> Sequence[ScheduledTask]:
        """Do something at times."""

    @_specification(firstresult=True)
    @abstractmethod
    def routes(self) -> Sequence[Route]:
        """Add to the API."""

    @_specification(firstresult=True)
    @abstractmethod
    def webhooks(self) -> Sequence[InboundWebhook]:
        """Receive what a vendor sends."""

    @_specification(firstresult=True)
    @abstractmethod
    def pages(self) -> Sequence[Page]:
        """Add pages, and entries to the navigation, to the console."""

    @_specification(firstresult=True)
    @abstractmethod
    def email_templates(self) -> Sequence[EmailTemplate]:
        """Bring messages that admins may edit."""

    @_specification(firstresult=True)
    @abstractmethod
    def oauth_provider(self) -> OAuthProvider:
        """Say how a tenant's account at the vendor is connected."""

    @_specification(firstresult=True)
    @abstractmethod
    def tables(self) -> Sequence[Migration]:
        """Bring tables, as numbered revisions."""

    @_specification(firstresult=True)
    @abstractmethod
    def operations(self) -> Operations:
        """Give the health check, export and erase, and what to do when enabled or disabled."""


HOOK_NAMES: Final = tuple(name for name in vars(Hooks) if not name.startswith("_"))
"""In the order in which the host calls them."""
