"""What happened to a tenant's plugins. No settings in them; the audit trail has those."""

from typing import ClassVar

from core.shared.events import Event


class PluginEvent(Event, frozen=True, kw_only=True):
    """Base of the events of one installation; `aggregate_id` is the installation."""

    aggregate: ClassVar[str] = "plugin"
    plugin_id: str


class PluginEnabled(PluginEvent, frozen=True, kw_only=True):
    """A plugin began to work for the tenant, or what it may do was accepted anew."""

    type: ClassVar[str] = "plugin.enabled"
    plugin_version: str


class PluginConfigured(PluginEvent, frozen=True, kw_only=True):
    """A plugin's settings changed."""

    type: ClassVar[str] = "plugin.configured"
    fields: tuple[str, ...]


class PluginDisabled(PluginEvent, frozen=True, kw_only=True):
    """A plugin works no longer."""

    type: ClassVar[str] = "plugin.disabled"


class PluginUninstalled(PluginEvent, frozen=True, kw_only=True):
    """A plugin's settings were forgotten, and its data unless it was kept."""

    type: ClassVar[str] = "plugin.uninstalled"
    data_kept: bool


class PluginConnected(PluginEvent, frozen=True, kw_only=True):
    """An account at the plugin's vendor was connected, for the first time or again."""

    type: ClassVar[str] = "plugin.connected"


class PluginConnectionBroken(PluginEvent, frozen=True, kw_only=True):
    """The vendor takes the connection no longer; an admin has to connect the account again."""

    type: ClassVar[str] = "plugin.connection_broken"


class PluginDisconnected(PluginEvent, frozen=True, kw_only=True):
    """The connection to an account was ended here, and its tokens forgotten."""

    type: ClassVar[str] = "plugin.disconnected"


class PluginChecked(PluginEvent, frozen=True, kw_only=True):
    """A plugin's connection was tested."""

    type: ClassVar[str] = "plugin.checked"
    ok: bool
