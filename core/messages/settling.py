"""What a person does about a message that failed, or of which nobody knows whether it was sent.

Each of these takes the message's row first, so that of two people at once one is told that there is
nothing left to do: it isn't sent twice.
"""

from typing import Final

from core.messages.contracts import SEND_MESSAGE, MessageId, MessageView
from core.messages.errors import (
    AddressSuppressed,
    MessageNotFound,
    NoMessaging,
    NothingToDo,
    NothingUnknown,
)
from core.messages.events import MessageDismissed, MessageSettled
from core.messages.model import Message
from core.messages.news import facts, queued
from core.messages.ports import MessageRepository, Postman, Suppressions
from core.messages.replies import (
    DismissMessage,
    ListTroubles,
    SendElsewhere,
    SettleMessage,
    Troubles,
)
from core.messages.reply_ports import Letters, Replies, ReplyQueries
from core.messages.suppression import canonical
from core.messages.timeline import in_order
from core.messages.usecases import view_of
from core.ports.tasks import Tasks
from core.shared.actor import Actor
from core.shared.clock import Clock
from core.shared.errors import FieldError, InvalidInput
from core.shared.events import Recorder
from core.shared.permissions import Action
from core.shared.usecase import handles

MOST_TROUBLES: Final = 50
"""Shown at once; the rest follows when some of them are done."""


@handles(SettleMessage, action=Action.EDIT_CANDIDATE)
async def settle_message(
    command: SettleMessage,
    *,
    actor: Actor,
    messages: MessageRepository,
    clock: Clock,
    recorder: Recorder,
) -> MessageView:
    """Note that somebody knows that it was sent, and who."""
    message = await _of_candidate(command.message_id, messages)
    if message.state != "unknown":
        raise NothingUnknown(f"The message is {message.state}; nothing about it is unknown.")
    message.settle(f"{actor.name} says that it was sent.", clock.now())
    await messages.save(message)
    recorder.record(MessageSettled(**facts(message)))
    return await _shown(message, messages)


@handles(DismissMessage, action=Action.EDIT_CANDIDATE)
async def dismiss_message(
    command: DismissMessage,
    *,
    actor: Actor,
    messages: MessageRepository,
    letters: Letters,
    clock: Clock,
    recorder: Recorder,
) -> None:
    """Take it off the lists of what is to be done. Its state stays as it is."""
    message = await _of_candidate(command.message_id, messages)
    if message.state not in ("failed", "unknown"):
        raise NothingToDo(f"The message is {message.state}; nothing is to be done about it.")
    await letters.dismiss(message.id, actor.member_id, clock.now())
    recorder.record(MessageDismissed(**facts(message)))


@handles(SendElsewhere, action=Action.EDIT_CANDIDATE)
async def send_elsewhere(
    command: SendElsewhere,
    *,
    messages: MessageRepository,
    letters: Letters,
    replies: Replies,
    suppressions: Suppressions,
    postman: Postman,
    tasks: Tasks,
    clock: Clock,
    recorder: Recorder,
) -> MessageView:
    """Queue it once more, to another address that is known of the candidate."""
    message = await _of_candidate(command.message_id, messages)
    thread = await replies.thread_of_message(message.id)
    wanted = canonical(command.to_address)
    known = () if thread is None else thread.addresses
    address = next((each for each in known if canonical(each) == wanted), None)
    if address is None:
        raise InvalidInput(
            FieldError(
                "to_address",
                "This is none of the candidate's addresses. Add it to the profile first.",
                "unknown_address",
            )
        )
    message.again(clock.now(), to_address=address)
    suppression = await suppressions.of(address)
    if suppression is not None and suppression.stops(transactional=True):
        raise AddressSuppressed(suppression.explained(), suppression_id=str(suppression.id))
    if not await postman.senders():
        raise NoMessaging(NoMessaging.TEXT)
    await messages.save(message)
    await letters.readdress(message.id, address)
    await letters.take_up(message.id)
    await tasks.schedule(SEND_MESSAGE, {"message_id": str(message.id)})
    recorder.record(queued(message))
    return await _shown(message, messages)


@handles(ListTroubles, action=Action.EDIT_CANDIDATE)
async def list_troubles(
    query: ListTroubles,  # noqa: ARG001 - the request has no fields
    *,
    actor: Actor,
    replies: ReplyQueries,
) -> Troubles:
    """Return what the member has to look at; nothing for who is no member."""
    if actor.member_id is None:
        return Troubles(())
    found = await replies.troubles(
        actor.member_id, also_nobodys=actor.role == "admin", limit=MOST_TROUBLES
    )
    return Troubles(tuple(found))


async def _of_candidate(message_id: MessageId, messages: MessageRepository) -> Message:
    """Return a message to a candidate, locked. Raises MessageNotFound."""
    message = await messages.get_for_change(message_id)
    if message is None or not message.is_to_candidate:
        raise MessageNotFound(MessageNotFound.TEXT)
    return message


async def _shown(message: Message, messages: MessageRepository) -> MessageView:
    entries = in_order(await messages.timeline(message.id))
    return view_of(message, tuple(each.view() for each in entries))
