"""The plugin `slack`."""

from typing import Any

from plugins.sdk import (
    Health,
    KeptData,
    Manifest,
    Meter,
    Operations,
    PluginContext,
    PortAdapter,
    SettingsSpec,
    Subject,
    hook,
)
from plugins.sdk.ports import Chat
from plugins.slack.client import SlackChat
from plugins.slack.settings import SlackSettings


async def check(context: PluginContext[Any]) -> Health:
    """Try the webhook."""
    return await SlackChat(context).check()


async def export(_context: PluginContext[Any], _subject: Subject) -> dict[str, Any]:
    """Nothing stays in the plugin; what Slack keeps, it keeps for the tenant."""
    return {}


async def erase(_context: PluginContext[Any], _subject: Subject) -> None:
    """Nothing stays in the plugin, and a webhook can take nothing back at Slack."""


@hook
def manifest() -> Manifest:
    """Say who the plugin is."""
    return Manifest(
        id="slack",
        name="Slack",
        version="1.0.0",
        sdk=">=1.6,<2",
        summary="Posts what happens to a channel of Slack.",
        description="Make an incoming webhook for the channel in your Slack app, and give its "
        "address here. Which types of notifications are posted, and whether posts name candidates, "
        "is chosen under your account, Notifications, For everybody.",
        author="IntelliMatch",
        homepage="https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks",
        hosts=("hooks.slack.com",),
        keeps=(
            KeptData(
                what="Posts at Slack, which name candidates where an admin chose that",
                personal=True,
                where="outside",
                retention="As your Slack workspace keeps messages; nothing stays in the plugin, "
                "and what was posted is removed at Slack",
            ),
        ),
        meters=(Meter(name="messages", unit="message"),),
    )


@hook
def settings() -> SettingsSpec:
    """Say what is configured."""
    return SettingsSpec(type=SlackSettings)


@hook
def ports() -> tuple[PortAdapter, ...]:
    """Implement chat."""
    return (PortAdapter(Chat, SlackChat),)


@hook
def operations() -> Operations:
    """Test the connection."""
    return Operations(check=check, export=export, erase=erase)
