"""`Chat` in memory: what was posted is a list."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from core.ports.chat import (
    ChatGone,
    ChatMessage,
    ChatOutcomeUnknown,
    ChatRefused,
    ChatUnavailable,
)
from plugins.sdk.testing.chat import PostedMessage


class MemoryChat:
    """An adapter and its vendor in one."""

    def __init__(self) -> None:
        self._posted: dict[str, PostedMessage] = {}
        self._refuses = self._is_closed = self._is_away = self._breaks = False

    async def send_chat(self, message: ChatMessage) -> None:
        """Take `message`; once for each id."""
        if self._is_closed:
            raise ChatGone("The channel is closed.")
        if self._is_away:
            raise ChatUnavailable("The vendor is away.")
        if self._refuses:
            self._refuses = False
            raise ChatRefused("The vendor refuses this message.")
        self._posted.setdefault(
            str(message.id),
            PostedMessage(title=message.title, text=message.text, links=(message.link,)),
        )
        if self._breaks:
            self._breaks = False
            raise ChatOutcomeUnknown("The line broke.")

    def posted(self) -> list[PostedMessage]:
        """Return what was taken."""
        return list(self._posted.values())

    def refuse_next(self) -> bool:
        """Refuse the next."""
        self._refuses = True
        return True

    def close(self) -> bool:
        """Take nothing ever again."""
        self._is_closed = True
        return True

    def be_away(self) -> bool:
        """Take nothing."""
        self._is_away = True
        return True

    def break_off_next(self) -> bool:
        """Take the next and don't say so."""
        self._breaks = True
        return True


class MemoryChatRig:
    """Both sides of the same object."""

    def __init__(self, both: MemoryChat) -> None:
        self.chat = both
        self.vendor = both


@asynccontextmanager
async def memory_chat() -> AsyncIterator[MemoryChatRig]:
    """Yield a rig for `ChatContract`."""
    yield MemoryChatRig(MemoryChat())
