"""Hands messages over: the outside work of the task `send_message`.

Whether a message is under way is written before it is handed over. An attempt that finds it so
knows that the one before ended in between: it repeats only with a plugin that notices repetitions,
and otherwise says that nobody can know.
"""

from datetime import timedelta
from typing import Final, TypedDict
from uuid import UUID

import msgspec

from core.messages.contracts import SEND_MESSAGE, MessageId, SendMessage
from core.messages.events import MessageEvent, MessageFailed, MessageOutcomeUnknown, MessageSent
from core.messages.model import Message
from core.messages.ports import Handover, MessageRepository, Postman, Sender
from core.ports.messaging import Mailbox, OutgoingEmail
from core.ports.tasks import Tasks, outside
from core.shared.clock import Clock, UtcDatetime
from core.shared.events import Recorder

QUEUE: Final = "mail"
NOBODY_SENDS: Final = "No plugin that sends e-mail is enabled."
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
        postman: Postman,
        tasks: Tasks,
        clock: Clock,
        recorder: Recorder,
    ) -> Ready | None:
        """Choose a plugin and note that the message is being handed to it."""
        message = await messages.get_for_change(work.message_id)
        if message is None or message.state not in ("queued", "sending"):
            return None
        senders = await postman.senders()
        chosen = _choose(message, senders)
        now = clock.now()
        if message.state == "sending" and chosen is None:
            message.lost_sight(
                "The server stopped while the message was being handed over. It may have been sent."
            )
            recorder.record(_unknown(message))
        elif message.is_overdue(now):
            message.failed(message.detail or NOBODY_SENDS)
            recorder.record(_failed(message))
        elif chosen is None:
            message.wait(NOBODY_SENDS, now)
            await _try_again(tasks, message, UtcDatetime(now + _LOOKS_AGAIN_AFTER))
        else:
            message.begin(chosen.plugin)
            await messages.save(message)
            return Ready(message.id, chosen, _email(postman.identity(), message))
        await messages.save(message)
        return None

    async def perform(self, prepared: Ready, *, postman: Postman) -> Handover:
        """Hand it over."""
        return await postman.hand_over(prepared.sender.plugin, prepared.email)

    async def conclude(
        self,
        prepared: Ready,
        outcome: Handover,
        *,
        messages: MessageRepository,
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
            recorder.record(
                MessageSent(**_facts(message), plugin=prepared.sender.plugin),
            )
        elif outcome.result == "refused":
            message.failed(outcome.said)
            recorder.record(_failed(message))
        elif outcome.result == "unknown" and not prepared.sender.repeatable:
            message.lost_sight(outcome.said)
            recorder.record(_unknown(message))
        else:
            at = message.wait(outcome.said, now)
            await _try_again(tasks, message, at)
        await messages.save(message)


def _choose(message: Message, senders: tuple[Sender, ...]) -> Sender | None:
    if message.state == "queued":
        return senders[0] if senders else None
    # Another plugin than the one it was given to would send it twice.
    given_to = [each for each in senders if each.plugin == message.plugin and each.repeatable]
    return given_to[0] if given_to else None


async def _try_again(tasks: Tasks, message: Message, at: UtcDatetime) -> None:
    await tasks.schedule(SEND_MESSAGE, {"message_id": str(message.id)}, run_at=at)


def _email(identity: Mailbox, message: Message) -> OutgoingEmail:
    _, _, domain = identity.address.rpartition("@")
    return OutgoingEmail(
        id=message.id,
        message_id=f"<{message.id}@{domain}>",
        sender=Mailbox(identity.address, _line(identity.name)),
        to=Mailbox(message.to_address, _line(message.to_name)),
        subject=_line(message.content.subject),
        text=message.content.text,
        html=message.content.html,
        headers=(("Auto-Submitted", "auto-generated"),),  # RFC 3834
    )


def _line(text: str) -> str:
    return " ".join("".join(each if each.isprintable() else " " for each in text).split())


class _Facts(TypedDict):
    aggregate_id: UUID
    purpose: str
    candidate_id: UUID
    application_id: UUID


def _facts(message: Message) -> _Facts:
    return {
        "aggregate_id": message.id,
        "purpose": message.purpose,
        "candidate_id": message.candidate_id,
        "application_id": message.application_id,
    }


def _failed(message: Message) -> MessageEvent:
    return MessageFailed(**_facts(message), detail=message.detail or "")


def _unknown(message: Message) -> MessageEvent:
    return MessageOutcomeUnknown(**_facts(message), plugin=message.plugin or "")
