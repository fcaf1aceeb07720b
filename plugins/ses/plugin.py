"""The plugin `ses`."""

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
from plugins.ses.client import SesMessaging
from plugins.ses.domain import SesDomain
from plugins.ses.events import take
from plugins.ses.settings import REGIONS, SesSettings, ses_host, sns_host
from plugins.ses.sns import verify

HOSTS = tuple(host(region) for region in REGIONS for host in (ses_host, sns_host))


async def check(context: PluginContext[Any]) -> Health:
    """Try the credentials."""
    return await SesMessaging(context).check()


async def export(_context: PluginContext[Any], _subject: Subject) -> dict[str, Any]:
    """Nothing stays in the plugin; what Amazon SES keeps, it keeps for the tenant."""
    return {}


async def erase(_context: PluginContext[Any], _subject: Subject) -> None:
    """Nothing stays in the plugin."""


@hook
def manifest() -> Manifest:
    """Say who the plugin is."""
    return Manifest(
        id="ses",
        name="Amazon SES",
        version="1.0.0",
        sdk=">=1.8,<2",
        summary="Sends e-mail through Amazon SES and notes what becomes of it.",
        description="Let an SNS topic send to the address of the webhook to learn whether messages "
        "arrived, came back or were called spam. Let a receipt rule publish mail to a topic that "
        "sends there, too, to see what candidates answer.",
        author="IntelliMatch",
        homepage="https://docs.aws.amazon.com/ses/",
        permissions=(
            Permission(
                action=Action.MANAGE_MESSAGES.value,
                why="To note what SES tells of messages, and which addresses not to write to.",
            ),
        ),
        hosts=HOSTS,
        keeps=(
            KeptData(
                what="Messages to candidates and team members, at Amazon SES",
                personal=True,
                where="outside",
                retention="As your account at Amazon SES is set up; nothing stays in the plugin",
            ),
        ),
        meters=(Meter(name="messages", unit="message"),),
        reply_domain_setting="reply_domain",
        reply_needs=("inbound_topic_arn",),
    )


@hook
def settings() -> SettingsSpec:
    """Say what is configured."""
    return SettingsSpec(type=SesSettings)


@hook
def ports() -> tuple[PortAdapter, ...]:
    """Implement messaging, and say what the domain needs."""
    return (PortAdapter(Messaging, SesMessaging), PortAdapter(MailDomain, SesDomain))


@hook
def webhooks() -> tuple[InboundWebhook, ...]:
    """Hear what becomes of messages."""
    return (InboundWebhook(name="events", verify=verify, handle=take),)


@hook
def operations() -> Operations:
    """Test the connection."""
    return Operations(check=check, export=export, erase=erase)
