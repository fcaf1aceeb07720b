"""Hands a tenant's e-mail to its messaging plugins, one at a time."""

from typing import Final

from core.messages.ports import Handover, Sender
from core.ports.messaging import (
    Mailbox,
    MessageRefused,
    Messaging,
    MessagingError,
    MessagingUnavailable,
    OutgoingEmail,
)
from tenants.injection import Session
from tenants.plugins.adapters import EnabledAdapter

GONE: Final = "The plugin isn't enabled any more."


class PluginPostman:
    """Implements `core.messages.ports.Postman` for one tenant."""

    def __init__(self, session: Session) -> None:
        self._plugins = session.plugins
        self._unit = session.unit
        self._tenant = session.tenant
        self._domain = f"{session.tenant.slug}.{session.settings.base_domain}"

    def identity(self) -> Mailbox:
        """Return the address that messages come from unless a plugin is set up otherwise."""
        return Mailbox(f"no-reply@{self._domain}", self._tenant.name)

    async def senders(self) -> tuple[Sender, ...]:
        """Return the plugins that send, in the order in which they were enabled."""
        return tuple(
            Sender(each.plugin_id, each.repeatable, each.is_away) for each in await self._adapters()
        )

    async def hand_over(self, plugin: str, email: OutgoingEmail) -> Handover:
        """Give the message to the plugin, and say what came of it."""
        for each in await self._adapters():
            if each.plugin_id == plugin:
                return await _send(each.port, email)
        return Handover("away", GONE)

    async def _adapters(self) -> tuple[EnabledAdapter[Messaging], ...]:
        return await self._plugins.adapters(self._tenant, Messaging, self._unit)


def postman_of(session: Session) -> PluginPostman:
    """Return the postman of the session's tenant."""
    return PluginPostman(session)


async def _send(messaging: Messaging, email: OutgoingEmail) -> Handover:
    try:
        return Handover("taken", (await messaging.send(email)).reference)
    except MessageRefused as error:
        return Handover("refused", str(error))
    except MessagingUnavailable as error:
        return Handover("away", str(error), error.after_seconds)
    except MessagingError as error:
        return Handover("unknown", str(error))
