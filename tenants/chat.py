"""Hands what is posted to a tenant's chat plugins."""

from typing import Final

from core.notifications.chat_ports import ChatChannel, ChatHandover
from core.ports.chat import (
    Chat,
    ChatError,
    ChatGone,
    ChatMessage,
    ChatRefused,
    ChatUnavailable,
)
from tenants.addresses import tenant_url
from tenants.injection import Session
from tenants.plugins.adapters import EnabledAdapter

GONE: Final = "The plugin isn't enabled any more."


class PluginChatPostman:
    """Implements `core.notifications.chat_ports.ChatPostman` for one tenant."""

    def __init__(self, session: Session) -> None:
        self._plugins = session.plugins
        self._tenant = session.tenant
        self._url = tenant_url(session.settings, session.tenant)

    def base_url(self) -> str:
        """Return where the tenant lives."""
        return self._url

    async def channels(self) -> tuple[ChatChannel, ...]:
        """Return the plugins that post, in the order in which they were enabled."""
        return tuple(
            ChatChannel(each.plugin_id, each.plugin_name, each.repeatable)
            for each in await self._adapters()
        )

    async def hand_over(self, plugin: str, message: ChatMessage) -> ChatHandover:
        """Give the message to the plugin, and say what came of it."""
        for each in await self._adapters():
            if each.plugin_id == plugin:
                return await _send(each.port, message)
        return ChatHandover("refused", GONE)

    async def _adapters(self) -> tuple[EnabledAdapter[Chat], ...]:
        return await self._plugins.adapters(self._tenant, Chat)


def chat_postman_of(session: Session) -> PluginChatPostman:
    """Return the postman of the session's tenant."""
    return PluginChatPostman(session)


async def _send(chat: Chat, message: ChatMessage) -> ChatHandover:
    try:
        await chat.send_chat(message)
    except ChatGone as error:
        return ChatHandover("gone", str(error))
    except ChatRefused as error:
        return ChatHandover("refused", str(error))
    except ChatUnavailable as error:
        return ChatHandover("away", str(error), error.after_seconds)
    except ChatError as error:
        return ChatHandover("unknown", str(error))
    return ChatHandover("taken")
