"""Finds out which message a reply answers.

First by the address that it was sent to, which we signed for one message; then by the Message-ID
that it refers to. Never by who it says that it is from: anybody can write anything there, and
would be shown in that candidate's conversation.
"""

import re
from collections.abc import Iterator
from typing import Final
from uuid import UUID

from core.messages.contracts import MessageId, ReportReply
from core.messages.received import Thread
from core.messages.replies import MatchedBy
from core.messages.reply_ports import Replies, ReplyTokens

OUR_ID: Final = re.compile(r"<([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})@[^<>\s]+>")
"""Our own Message-ID; see `core.messages.sending`."""

_ANY_ID: Final = re.compile(r"<([^<>@\s]{16,200})@[^<>\s]+>")
"""Some services write a Message-ID of their own, made of what they call the message. What is short
might be guessed, such as the number of a mail server's queue."""

Match = tuple[Thread, MatchedBy]


async def match_of(
    reply: ReportReply, plugin: str, tokens: ReplyTokens, replies: Replies
) -> Match | None:
    """Return whose reply it is, and by what that is known; None when it can't be told.

    `plugin` reports it, and is asked for no names of messages but its own service's.
    """
    for address in reply.receivers:
        message_id = tokens.message_of(address)
        thread = None if message_id is None else await replies.thread_of_message(message_id)
        if thread is not None:
            return thread, "address"
    for header_id in _referred(reply):
        message_id = await _called(header_id, plugin, replies)
        thread = None if message_id is None else await replies.thread_of_message(message_id)
        if thread is not None:
            return thread, "reference"
    return None


def _referred(reply: ReportReply) -> Iterator[str]:
    """Yield what it refers to, the nearest first."""
    seen = dict.fromkeys((*reply.in_reply_to, *reversed(reply.references)))
    yield from seen


async def _called(header_id: str, plugin: str, replies: Replies) -> MessageId | None:
    ours = OUR_ID.fullmatch(header_id.lower())
    if ours is not None:
        return MessageId(UUID(ours[1]))
    named = _ANY_ID.fullmatch(header_id)
    return None if named is None else await replies.message_called(plugin, named[1])
