"""Hands messages over: the outside work of the task `send_message`.

Whether a message is under way is written before it is handed over. An attempt that finds it so
knows that the one before ended in between: it repeats only with a plugin that notices repetitions,
and otherwise says that nobody can know. A plugin that says "later" is passed over for the next in
the tenant's order; what a plugin may have taken is given to no other.
"""

from collections.abc import Sequence
from datetime import UTC, timedelta
from typing import Final
from uuid import UUID, uuid5

import msgspec

from core.messages.contracts import SEND_MESSAGE, MessageId, SendMessage
from core.messages.failing import note_failing
from core.messages.model import Message
from core.messages.news import failed, sent, unknown
from core.messages.ports import (
    FinalWording,
    Handover,
    MessageRepository,
    Postman,
    Sender,
    SenderOrder,
    Suppressions,
    Written,
)
from core.messages.reply_ports import Envelope, Envelopes
from core.messages.senders import tried_in_order
from core.messages.unwanted import why_unwanted
from core.ports.messaging import Mailbox, OutgoingEmail
from core.ports.tasks import Tasks, outside
from core.shared.clock import Clock, UtcDatetime
from core.shared.events import Recorder
from core.unsubscribing.contracts import StoppedMails

QUEUE: Final = "mail"
NOBODY_SENDS: Final = "No plugin that sends e-mail is enabled."
SERVER_FAILED: Final = "This server couldn't send it for a day. Its operator can find out why."
STOPPED: Final = (
    "The server stopped while the message was being handed over. It may have been sent."
)
_LOOKS_AGAIN_AFTER: Final = timedelta(minutes=10)


class Ready(msgspec.Struct, frozen=True):
    """A message that may be handed over now."""

    message_id: MessageId
    sender: Sender
    email: OutgoingEmail


@outside(SEND_MESSAGE, queue=QUEUE)
class Sending:
    """One attempt."""

    async def prepare(
        self,
        work: SendMessage,
        *,
        messages: MessageRepository,
        suppressions: Suppressions,
        stopped: StoppedMails,
        order: SenderOrder,
        postman: Postman,
        wording: FinalWording,
        envelopes: Envelopes,
        tasks: Tasks,
        clock: Clock,
        recorder: Recorder,
    ) -> Ready | None:
        """Choose a plugin and note that the message is being handed to it."""
        message = await messages.get_for_change(work.message_id)
        if message is None or message.state not in ("queued", "sending"):
            return None
        now = clock.now()
        enabled = await postman.senders()
        if message.state == "sending":
            chosen = _given_to(message, enabled)
            if chosen is None or message.is_overdue(now):
                message.lost_sight(message.detail or STOPPED, now)
                recorder.record(unknown(message))
                await messages.save(message)
                return None
        else:
            senders = tried_in_order(enabled, await order.get())
            chosen = _next(message, senders)
            unwanted = await why_unwanted(message, suppressions, stopped)
            if unwanted is not None:
                message.suppressed(unwanted, now)
                recorder.record(failed(message))
            elif message.is_overdue(now):
                message.failed(_why_late(message, now, enabled), now)
                recorder.record(failed(message))
            elif chosen is None:
                await _try_again(tasks, message, _nobody_left(message, senders, now))
            if chosen is None or message.has_failed:
                await messages.save(message)
                return None
        written = await wording.of(message)
        if written is None:
            if message.state == "sending":
                message.lost_sight(message.detail or STOPPED, now)
                recorder.record(unknown(message))
                await messages.save(message)
            else:
                await messages.remove(message.id)
            return None
        message.begin(chosen.plugin)
        await messages.save(message)
        envelope = await envelopes.of(message, chosen.plugin)
        identity = postman.identity()
        return Ready(message.id, chosen, _email(identity, chosen, message, written, envelope))

    async def perform(self, prepared: Ready, *, postman: Postman) -> Handover:
        """Hand it over."""
        return await postman.hand_over(prepared.sender.plugin, prepared.email)

    async def conclude(
        self,
        prepared: Ready,
        outcome: Handover,
        *,
        messages: MessageRepository,
        order: SenderOrder,
        postman: Postman,
        tasks: Tasks,
        clock: Clock,
        recorder: Recorder,
    ) -> None:
        """Note what became of it, and promise the next attempt where there is to be one."""
        message = await messages.get_for_change(prepared.message_id)
        if message is None:
            return  # the person it was to was erased meanwhile
        now = clock.now()
        if outcome.result == "taken":
            message.sent(outcome.said, now)
            # The service may have told of it before it was noted here.
            message.learn(await messages.timeline(message.id))
            recorder.record(sent(message, prepared.sender.plugin))
        elif message.state != "sending":
            return  # the service has told meanwhile that it took the message
        elif outcome.result == "refused":
            message.failed(outcome.said, now)
            recorder.record(failed(message))
        elif outcome.result == "unknown" and not prepared.sender.repeatable:
            message.lost_sight(outcome.said, now)
            recorder.record(unknown(message))
        elif outcome.result == "unknown":
            await _try_again(tasks, message, message.ask_again(outcome.said, now))
        else:
            message.pass_on(outcome.said, now)
            senders = await postman.senders()
            await note_failing(prepared.sender.plugin, senders, tasks, now)
            others = tried_in_order(senders, await order.get())
            if _next(message, others) is None:
                at = message.wait(outcome.said, now, after_seconds=outcome.after_seconds)
            else:
                at = now
            await _try_again(tasks, message, at)
        await messages.save(message)


def _given_to(message: Message, enabled: Sequence[Sender]) -> Sender | None:
    """Return the plugin that the message was given to, if it notices that it had it before.

    Another plugin would send it twice.
    """
    return next(
        (each for each in enabled if each.plugin == message.plugin and each.repeatable), None
    )


def _nobody_left(message: Message, senders: Sequence[Sender], now: UtcDatetime) -> UtcDatetime:
    """Return when to look again: nobody is enabled, or not any more who hasn't said "later"."""
    message.wait(message.detail or NOBODY_SENDS if senders else NOBODY_SENDS, now)
    return now if senders else UtcDatetime(now + _LOOKS_AGAIN_AFTER)


def _next(message: Message, senders: Sequence[Sender]) -> Sender | None:
    return next((each for each in senders if each.plugin not in message.away), None)


async def _try_again(tasks: Tasks, message: Message, at: UtcDatetime) -> None:
    await tasks.schedule(SEND_MESSAGE, {"message_id": str(message.id)}, run_at=at)


def _why_late(message: Message, now: UtcDatetime, enabled: Sequence[Sender]) -> str:
    if message.is_useless(now):
        return f"What it says held for too short a time. {message.detail or ''}".rstrip()
    return message.detail or (SERVER_FAILED if enabled else NOBODY_SENDS)


def _email(
    identity: Mailbox, sender: Sender, message: Message, written: Written, envelope: Envelope
) -> OutgoingEmail:
    _, _, domain = identity.address.rpartition("@")
    return OutgoingEmail(
        id=_id_of_copy(message) if sender.repeatable else message.id,
        message_id=f"<{message.id}@{domain}>",
        sender=Mailbox(identity.address, _line(identity.name)),
        to=Mailbox(message.to_address, _line(message.to_name)),
        subject=_line(written.content.subject),
        text=written.content.text,
        html=written.content.html,
        reply_to=envelope.reply_to,
        headers=(*envelope.headers, *written.headers),
    )


def _id_of_copy(message: Message) -> UUID:
    """Return what a plugin knows repetitions by: of a copy that somebody asked for, another.

    It would say that it has the message already, which came back or went to another address.
    """
    if message.queued_at is None:
        return message.id
    return uuid5(message.id, message.queued_at.astimezone(UTC).isoformat())


def _line(text: str) -> str:
    """Return what a header may hold: one line, and nothing that passes for an encoded word."""
    line = " ".join("".join(each if each.isprintable() else " " for each in text).split())
    return line.replace("=?", "= ?")
