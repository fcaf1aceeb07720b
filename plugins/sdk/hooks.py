"""The dozen hooks of a plugin. Each is called once, when the process starts, and returns data.

A plugin is a module, or an object, named by an entry point in the group `intellimatch.plugins`,
whose functions carry `@hook`. Only `manifest` is required.
"""

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


class Hooks:
    """What may be implemented, and what each returns."""

    @_specification(firstresult=True)
    def manifest(self) -> Manifest:
        """Say who the plugin is, what it needs and what it keeps."""
        raise NotImplementedError

    @_specification(firstresult=True)
    def settings(self) -> SettingsSpec:
        """Say what a tenant can configure. Without it, nothing."""
        raise NotImplementedError

    @_specification(firstresult=True)
    def ports(self) -> Sequence[PortAdapter]:
        """Implement ports of the platform: messaging, files, payments, calendar, ATS, identity."""
        raise NotImplementedError

    @_specification(firstresult=True)
    def event_handlers(self) -> Sequence[EventHandler]:
        """React to what happens."""
        raise NotImplementedError

    @_specification(firstresult=True)
    def scheduled_tasks(self) -> Sequence[ScheduledTask]:
        """Do something at times."""
        raise NotImplementedError

    @_specification(firstresult=True)
    def routes(self) -> Sequence[Route]:
        """Add to the API."""
        raise NotImplementedError

    @_specification(firstresult=True)
    def webhooks(self) -> Sequence[InboundWebhook]:
        """Receive what a vendor sends."""
        raise NotImplementedError

    @_specification(firstresult=True)
    def pages(self) -> Sequence[Page]:
        """Add pages, and entries to the navigation, to the console."""
        raise NotImplementedError

    @_specification(firstresult=True)
    def email_templates(self) -> Sequence[EmailTemplate]:
        """Bring messages that admins may edit."""
        raise NotImplementedError

    @_specification(firstresult=True)
    def oauth_provider(self) -> OAuthProvider:
        """Say how a tenant's account at the vendor is connected."""
        raise NotImplementedError

    @_specification(firstresult=True)
    def tables(self) -> Sequence[Migration]:
        """Bring tables, as numbered revisions."""
        raise NotImplementedError

    @_specification(firstresult=True)
    def operations(self) -> Operations:
        """Give the health check, export and erase, and what to do when enabled or disabled."""
        raise NotImplementedError


HOOK_NAMES: Final = tuple(name for name in vars(Hooks) if not name.startswith("_"))
"""In the order in which the host calls them."""
