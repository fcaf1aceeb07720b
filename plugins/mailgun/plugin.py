"""The plugin `mailgun`."""

from typing import Any

from plugins.mailgun import inbound
from plugins.mailgun.client import MailgunMessaging
from plugins.mailgun.domain import MailgunDomain
from plugins.mailgun.events import take, verify
from plugins.mailgun.settings import MailgunSettings
from plugins.sdk import (
    Action,
    Health,
    InboundWebhook,
    KeptData,
    Manifest,
    Meter,
    Operations,
    Permission,
    PluginContext,
    PortAdapter,
    SettingsSpec,
    Subject,
    hook,
)
from plugins.sdk.ports import MailDomain, Messaging

HOSTS = ("api.mailgun.net", "api.eu.mailgun.net")


async def check(context: PluginContext[Any]) -> Health:
    """Try the key and the domain."""
    return await MailgunMessaging(context).check()


async def export(_context: PluginContext[Any], _subject: Subject) -> dict[str, Any]:
    """Nothing stays in the plugin; what Mailgun keeps, it keeps for the tenant."""
    return {}


async def erase(_context: PluginContext[Any], _subject: Subject) -> None:
    """Nothing stays in the plugin."""


@hook
def manifest() -> Manifest:
    """Say who the plugin is."""
    return Manifest(
        id="mailgun",
        name="Mailgun",
        version="1.0.0",
        sdk=">=1.8,<2",
        summary="Sends e-mail through Mailgun and notes what becomes of it.",
        description="Give Mailgun the address of the webhook to learn whether messages arrived, "
        "came back or were called spam, and let a route forward to that of the inbound webhook to "
        "see what candidates answer.",
        author="IntelliMatch",
        homepage="https://documentation.mailgun.com",
        permissions=(
            Permission(
                action=Action.MANAGE_MESSAGES.value,
                why="To note what Mailgun tells of messages, and which addresses not to write to.",
            ),
        ),
        hosts=HOSTS,
        keeps=(
            KeptData(
                what="Messages to candidates and team members, at Mailgun",
                personal=True,
                where="outside",
                retention="As your account at Mailgun is set up; nothing stays in the plugin",
            ),
        ),
        meters=(Meter(name="messages", unit="message"),),
        reply_domain_setting="reply_domain",
        reply_needs=("signing_key",),
    )


@hook
def settings() -> SettingsSpec:
    """Say what is configured."""
    return SettingsSpec(type=MailgunSettings)


@hook
def ports() -> tuple[PortAdapter, ...]:
    """Implement messaging, and say what the domain needs."""
    return (PortAdapter(Messaging, MailgunMessaging), PortAdapter(MailDomain, MailgunDomain))


@hook
def webhooks() -> tuple[InboundWebhook, ...]:
    """Hear what becomes of messages, and what candidates answer."""
    return (
        InboundWebhook(name="events", verify=verify, handle=take, answers=200),
        InboundWebhook(
            name="inbound",
            verify=inbound.verify,
            handle=inbound.take,
            timeout_seconds=60,
            answers=200,
            max_bytes=inbound.LARGEST_MAIL,
        ),
    )


@hook
def operations() -> Operations:
    """Test the connection."""
    return Operations(check=check, export=export, erase=erase)
