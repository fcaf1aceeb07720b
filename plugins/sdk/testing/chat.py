"""The contract of `Chat`: every chat adapter passes this suite.

class TestMyChat(ChatContract):
    def rig(self) -> AbstractAsyncContextManager[ChatRig]:
        return my_chat_with_its_fake()
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager, suppress
from typing import Final, Protocol
from uuid import uuid4

import msgspec

from core.ports.chat import (
    Chat,
    ChatGone,
    ChatMessage,
    ChatOutcomeUnknown,
    ChatRefused,
    ChatUnavailable,
)
from plugins.sdk.testing.expecting import expect_raises

SAMPLE: Final = "Interview with Müller & Søn 株式会社 <!channel>"


class PostedMessage(msgspec.Struct, frozen=True, kw_only=True):
    """A message as who reads the channel sees it: without the marks of any markup."""

    title: str
    text: str
    links: tuple[str, ...]
    calls: tuple[str, ...] = ()
    """Whom the message calls upon, such as everybody in the channel."""


class ChatVendor(Protocol):
    """The other side, as the test commands it: a fake that answers as the vendor's own pages say.

    A vendor that can't do one of the last four returns False.
    """

    def posted(self) -> Sequence[PostedMessage]:
        """Return what is in the channel, oldest first."""
        ...

    def refuse_next(self) -> bool:
        """Refuse the next message for good."""
        ...

    def close(self) -> bool:
        """Close the channel: nothing is ever taken again."""
        ...

    def be_away(self) -> bool:
        """Take no message until further notice."""
        ...

    def break_off_next(self) -> bool:
        """Take the next message, and break the line before saying so."""
        ...


class ChatRig(Protocol):
    """An adapter and the vendor that it talks to."""

    @property
    def chat(self) -> Chat:
        """The adapter."""
        ...

    @property
    def vendor(self) -> ChatVendor:
        """Its vendor."""
        ...


def sample_message(*, title: str = SAMPLE) -> ChatMessage:
    """Return a message with everything in it that can go wrong on its way."""
    return ChatMessage(
        id=uuid4(),
        title=title,
        text="Engineer & <@U123>\nFor *Ann* _Lee_ and https://evil.example|click",
        link="https://acme.example.com/candidates/1?a=1&b=2",
        actor="Rex <R> & Co",
    )


class ChatContract(ABC):
    """What holds of every adapter."""

    @abstractmethod
    def rig(self) -> AbstractAsyncContextManager[ChatRig]:
        """Give an adapter, with nothing posted yet, and its vendor."""

    async def test_a_message_is_read_as_it_was_given(self) -> None:
        async with self.rig() as rig:
            message = sample_message()
            await rig.chat.send_chat(message)
            (seen,) = rig.vendor.posted()
            assert seen.title == message.title
            assert message.text in seen.text
            assert seen.links == (message.link,), "only the thing itself is a link"
            assert seen.calls == (), "what people wrote calls nobody"

    async def test_a_message_of_a_title_alone_is_posted(self) -> None:
        async with self.rig() as rig:
            message = msgspec.structs.replace(sample_message(), text="", actor=None)
            await rig.chat.send_chat(message)
            (seen,) = rig.vendor.posted()
            assert (seen.title, seen.text) == (message.title, "")

    async def test_what_is_refused_for_good_is_told_so(self) -> None:
        async with self.rig() as rig:
            if not rig.vendor.refuse_next():
                return
            error = await expect_raises(ChatRefused, rig.chat.send_chat(sample_message()))
            assert not isinstance(error, ChatGone), "the next message may be taken"
            assert not rig.vendor.posted()

    async def test_a_closed_channel_is_told_as_such(self) -> None:
        async with self.rig() as rig:
            if not rig.vendor.close():
                return
            await expect_raises(ChatGone, rig.chat.send_chat(sample_message()))
            assert not rig.vendor.posted()

    async def test_a_vendor_that_is_away_took_nothing(self) -> None:
        async with self.rig() as rig:
            if not rig.vendor.be_away():
                return
            await expect_raises(ChatUnavailable, rig.chat.send_chat(sample_message()))
            assert not rig.vendor.posted()

    async def test_a_line_that_broke_leaves_the_outcome_unknown_or_settles_it(self) -> None:
        async with self.rig() as rig:
            if not rig.vendor.break_off_next():
                return
            with suppress(ChatOutcomeUnknown):
                await rig.chat.send_chat(sample_message())
            assert len(rig.vendor.posted()) <= 1, "it was posted again without being known lost"
