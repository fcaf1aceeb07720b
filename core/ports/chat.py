"""How a message reaches the channel of a chat: the port that chat plugins implement."""

from typing import Protocol
from uuid import UUID

import msgspec


class ChatMessage(msgspec.Struct, frozen=True, kw_only=True):
    """A message in plain text: whatever a chat takes for markup in it is to be escaped."""

    id: UUID
    """The same for every attempt to post this message; an idempotency key where there is one."""
    title: str
    """One line, at most 300 characters."""
    text: str = ""
    """What stands below it, at most 2,000 characters; may be empty."""
    link: str
    """The absolute address of the page that shows what it is about."""
    actor: str | None = None
    """The name of the member who did it; None when it was nobody of the team."""
    language: str = "en"
    """The BCP 47 tag of the language that it is in."""


class Chat(Protocol):
    """Posts to one channel, which the plugin's settings name."""

    async def send_chat(self, message: ChatMessage) -> None:
        """Post `message`; where the service can tell, with an `id` that it had, change nothing.

        Raises ChatRefused when this message will never be taken, ChatGone when the channel takes
        none any more, ChatUnavailable when it may be taken later and certainly wasn't now, and
        ChatOutcomeUnknown when nobody can say.
        """
        ...


class ChatError(Exception):
    """Base of what `Chat.send_chat` raises. Its text is shown to admins; no secrets in it."""


class ChatRefused(ChatError):
    """The service refuses this message for good."""


class ChatGone(ChatRefused):
    """The channel takes nothing any more: it, or the way to it, was removed or closed."""


class ChatUnavailable(ChatError):
    """The service is away or asks to slow down; the message was not taken."""

    def __init__(self, message: str, *, after_seconds: float | None = None) -> None:
        super().__init__(message)
        self.after_seconds = after_seconds


class ChatOutcomeUnknown(ChatError):
    """The line broke after the message was given and before it was confirmed."""
