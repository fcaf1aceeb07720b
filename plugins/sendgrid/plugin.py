"""The plugin `sendgrid`."""

from typing import Any

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
from plugins.sendgrid import inbound
from plugins.sendgrid.client import SendGridMessaging
from plugins.sendgrid.domain import SendGridDomain
from plugins.sendgrid.events import take, verify
from plugins.sendgrid.settings import SendGridSettings

HOSTS = ("api.sendgrid.com", "api.eu.sendgrid.com")


async def check(context: PluginContext[Any]) -> Health:
    """Try the key."""
    return await SendGridMessaging(context).check()


async def export(_context: PluginContext[Any], _subject: Subject) -> dict[str, Any]:
    """Nothing stays in the plugin; what SendGrid keeps, it keeps for the tenant."""
    return {}


async def erase(_context: PluginContext[Any], _subject: Subject) -> None:
    """Nothing stays in the plugin."""


@hook
def manifest() -> Manifest:
    """Say who the plugin is."""
    return Manifest(
        id="sendgrid",
        name="SendGrid",
        version="1.0.0",
        sdk=">=1.8,<2",
        summary="Sends e-mail through Twilio SendGrid and notes what becomes of it.",
        description="Give SendGrid the address of the event webhook to learn whether messages "
        "arrived, came back or were called spam, and Inbound Parse that of the inbound webhook to "
        "see what candidates answer.",
        author="IntelliMatch",
        homepage="https://www.twilio.com/docs/sendgrid",
        permissions=(
            Permission(
                action=Action.MANAGE_MESSAGES.value,
                why="To note what SendGrid tells of messages, and which addresses not to write to.",
            ),
        ),
        hosts=HOSTS,
        keeps=(
            KeptData(
                what="Messages to candidates and team members, at SendGrid",
                personal=True,
                where="outside",
                retention="As your account at SendGrid is set up; nothing stays in the plugin",
            ),
        ),
        meters=(Meter(name="messages", unit="message"),),
        reply_domain_setting="reply_domain",
        reply_needs=("inbound_secret", "inbound_key"),
    )


@hook
def settings() -> SettingsSpec:
    """Say what is configured."""
    return SettingsSpec(type=SendGridSettings)


@hook
def ports() -> tuple[PortAdapter, ...]:
    """Implement messaging, and say what the domain needs."""
    return (PortAdapter(Messaging, SendGridMessaging), PortAdapter(MailDomain, SendGridDomain))


@hook
def webhooks() -> tuple[InboundWebhook, ...]:
    """Hear what becomes of messages, and what candidates answer."""
    return (
        InboundWebhook(name="events", verify=verify, handle=take),
        InboundWebhook(
            name="inbound",
            verify=inbound.verify,
            handle=inbound.take,
            timeout_seconds=60,
            max_bytes=inbound.LARGEST_MAIL,
        ),
    )


@hook
def operations() -> Operations:
    """Test the connection."""
    return Operations(check=check, export=export, erase=erase)
