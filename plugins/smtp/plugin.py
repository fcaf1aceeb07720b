"""The plugin `smtp`."""

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
from plugins.sdk.ports import MailDomain, Messaging, OutgoingEmail, SentEmail
from plugins.smtp.client import SmtpMessaging
from plugins.smtp.domain import SmtpDomain
from plugins.smtp.settings import SmtpSettings


class MeteredSmtp:
    """Counts what was taken over."""

    def __init__(self, context: PluginContext[Any]) -> None:
        self._context = context

    async def send(self, email: OutgoingEmail) -> SentEmail:
        """Hand the message over and count it."""
        sent = await SmtpMessaging(self._context).send(email)
        await self._context.meter("messages")
        return sent


async def check(context: PluginContext[Any]) -> Health:
    """Try the settings."""
    return await SmtpMessaging(context).check()


async def export(_context: PluginContext[Any], _subject: Subject) -> dict[str, Any]:
    """Nothing stays in the plugin; what the mail server keeps, it keeps for the tenant."""
    return {}


async def erase(_context: PluginContext[Any], _subject: Subject) -> None:
    """Nothing stays in the plugin."""


@hook
def manifest() -> Manifest:
    """Say who the plugin is."""
    return Manifest(
        id="smtp",
        name="SMTP",
        version="1.0.0",
        sdk=">=1.8,<2",
        summary="Sends e-mail through your own mail server.",
        description="Works with any server that takes mail for delivery. Whether a message arrived "
        "isn't told back; bounces come to the sender's address.",
        author="IntelliMatch",
        hosts=("*",),
        keeps=(
            KeptData(
                what="Messages to candidates and team members, on the mail server you name",
                personal=True,
                where="outside",
                retention="As your mail server is set up; nothing stays in the plugin",
            ),
        ),
        meters=(Meter(name="messages", unit="message"),),
    )


@hook
def settings() -> SettingsSpec:
    """Say what is configured."""
    return SettingsSpec(type=SmtpSettings)


@hook
def ports() -> tuple[PortAdapter, ...]:
    """Implement messaging, and say what the domain needs."""
    return (PortAdapter(Messaging, MeteredSmtp), PortAdapter(MailDomain, SmtpDomain))


@hook
def operations() -> Operations:
    """Test the connection."""
    return Operations(check=check, export=export, erase=erase)
