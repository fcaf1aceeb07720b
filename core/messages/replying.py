"""Takes in what candidates answer. Plugins ask for it from their webhooks.

Nothing is answered by itself, whatever comes in, so that no two machines can write to one another.
"""

import hashlib

from core.messages.contracts import (
    MOST_ATTACHED_BYTES,
    ReplyAttachment,
    ReplyId,
    ReplyReported,
    ReportReply,
)
from core.messages.events import ReplyReceived, ReplyUnmatched
from core.messages.matching import Match, match_of
from core.messages.ports import MessageRepository
from core.messages.quoted_links import without_secrets
from core.messages.received import Attached, Reply
from core.messages.reply_ports import CandidateFiles, Replies, ReplyTokens
from core.shared.actor import Actor
from core.shared.clock import Clock, UtcDatetime
from core.shared.errors import Forbidden
from core.shared.events import Recorder
from core.shared.ids import Ids
from core.shared.permissions import Action
from core.shared.usecase import handles

MOST_REFERENCES = 20
"""Kept of a conversation, the newest; mail programs need the last few (RFC 5322 3.6.4)."""


@handles(ReportReply, action=Action.MANAGE_MESSAGES)
async def report_reply(
    command: ReportReply,
    *,
    actor: Actor,
    messages: MessageRepository,
    replies: Replies,
    tokens: ReplyTokens,
    files: CandidateFiles,
    clock: Clock,
    ids: Ids,
    recorder: Recorder,
) -> ReplyReported:
    """Keep it once, with whom it belongs to."""
    plugin = await messages.plugin_of(actor.id) if actor.kind == "plugin" else None
    if plugin is None:
        raise Forbidden("Only a plugin tells what mail came in.")
    reply = _read(command, plugin, ReplyId(ids.new()), clock.now())
    found = await match_of(command, plugin, tokens, replies)
    if found is not None:
        reply.belongs_to(*found)
    if not await replies.add(reply):
        return ReplyReported(None, found is not None)
    if found is not None:
        await keep_files(reply, found, files)
        await replies.matched(reply)
    recorder.record(_event(reply, found))
    return ReplyReported(reply.id, found is not None)


async def keep_files(reply: Reply, found: Match, files: CandidateFiles) -> None:
    """Make what came with a reply files of the candidate, as far as they may be."""
    thread, _ = found
    reply.files = [await files.keep(thread.candidate_id, each) for each in reply.files]


def _read(command: ReportReply, plugin: str, reply_id: ReplyId, now: UtcDatetime) -> Reply:
    known = command.header_id or command.delivery_id
    kept, too_many = _within_bounds(command.attachments)
    return Reply(
        id=reply_id,
        plugin=plugin,
        known_as=hashlib.sha256(known.encode()).hexdigest(),
        header_id=command.header_id,
        references=_conversation(command),
        from_address=_clean(command.from_address),
        from_name=_clean(command.from_name),
        subject=_clean(command.subject),
        text=_storable(command.text),
        html=None if command.html is None else _storable(command.html),
        is_automatic=command.automatic,
        sent_at=command.sent_at,
        received_at=now,
        left_out=command.left_out + too_many,
        files=[
            Attached(
                place=place,
                name=_clean(each.name)[:200],
                size_bytes=len(each.content),
                content=each.content,
            )
            for place, each in enumerate(kept)
        ],
    )


def _within_bounds(
    attachments: tuple[ReplyAttachment, ...],
) -> tuple[list[ReplyAttachment], int]:
    kept: list[ReplyAttachment] = []
    room = MOST_ATTACHED_BYTES
    for each in attachments:
        if len(each.content) <= room:
            kept.append(each)
            room -= len(each.content)
    return kept, len(attachments) - len(kept)


def _conversation(command: ReportReply) -> tuple[str, ...]:
    """Return the ids that an answer to it refers to."""
    before = command.references or command.in_reply_to
    every = dict.fromkeys(each for each in (*before, command.header_id) if each)
    return tuple(every)[-MOST_REFERENCES:]


def _clean(text: str) -> str:
    """Return it in one line, without what controls a terminal or a header."""
    return " ".join("".join(each if each.isprintable() else " " for each in text).split())


def _storable(text: str) -> str:
    """Return it without NUL, which no database keeps, with plain line ends, and with no secrets."""
    plain = text.replace("\x00", "").replace("\r\n", "\n").replace("\r", "\n")
    return without_secrets(plain)


def _event(reply: Reply, found: Match | None) -> ReplyReceived | ReplyUnmatched:
    if found is None:
        return ReplyUnmatched(
            aggregate_id=reply.id, plugin=reply.plugin, automatic=reply.is_automatic
        )
    thread, _ = found
    return ReplyReceived(
        aggregate_id=reply.id,
        candidate_id=thread.candidate_id,
        application_id=thread.application_id,
        plugin=reply.plugin,
        automatic=reply.is_automatic,
        stranger=reply.is_stranger,
    )
