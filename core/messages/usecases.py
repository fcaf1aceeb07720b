"""Looking at messages, and sending one again."""

from core.applications.contracts import ApplicationId
from core.candidates.contracts import CandidateId
from core.messages.contracts import (
    SEND_MESSAGE,
    ListMessages,
    MessageRow,
    MessageView,
    SendAgain,
    ShowMessage,
    ShowTimeline,
    Timeline,
    TimelineEntry,
)
from core.messages.errors import AddressSuppressed, MessageNotFound, NoMessaging
from core.messages.model import Message
from core.messages.news import facts, queued
from core.messages.ports import MessageQueries, MessageRepository, Postman, Suppressions
from core.messages.reply_ports import Letters
from core.messages.timeline import in_order
from core.messages.unwanted import why_unwanted
from core.ports.tasks import Tasks
from core.shared.clock import Clock
from core.shared.events import Recorder
from core.shared.paging import Page
from core.shared.permissions import Action
from core.shared.usecase import handles
from core.unsubscribing.contracts import StoppedMails


@handles(ListMessages, action=Action.EDIT_CANDIDATE)
async def list_messages(query: ListMessages, *, messages: MessageQueries) -> Page[MessageRow]:
    """Return a page."""
    return await messages.page(query)


@handles(ShowMessage, action=Action.EDIT_CANDIDATE)
async def show_message(query: ShowMessage, *, messages: MessageQueries) -> MessageView:
    """Return one message."""
    return await messages.get(query.message_id)


@handles(ShowTimeline, action=Action.EDIT_CANDIDATE)
async def show_timeline(query: ShowTimeline, *, messages: MessageQueries) -> Timeline:
    """Return what happened to one message."""
    return await messages.timeline(query.message_id)


@handles(SendAgain, action=Action.EDIT_CANDIDATE)
async def send_again(
    command: SendAgain,
    *,
    messages: MessageRepository,
    letters: Letters,
    suppressions: Suppressions,
    stopped: StoppedMails,
    postman: Postman,
    tasks: Tasks,
    clock: Clock,
    recorder: Recorder,
) -> MessageView:
    """Queue the message once more."""
    message = await messages.get_for_change(command.message_id)
    if message is None or not message.is_to_candidate:
        raise MessageNotFound(MessageNotFound.TEXT)
    message.again(clock.now())
    unwanted = await why_unwanted(message, suppressions, stopped)
    if unwanted is not None:
        raise AddressSuppressed(unwanted)
    if not await postman.senders():
        raise NoMessaging(NoMessaging.TEXT)
    await messages.save(message)
    await letters.take_up(message.id)
    await tasks.schedule(SEND_MESSAGE, {"message_id": str(message.id)})
    recorder.record(queued(message))
    entries = in_order(await messages.timeline(message.id))
    return view_of(message, tuple(each.view() for each in entries))


def view_of(message: Message, timeline: tuple[TimelineEntry, ...]) -> MessageView:
    """Return what others see of a message to a candidate."""
    about = facts(message)
    return MessageView(
        id=message.id,
        purpose=message.purpose,
        state=message.state,
        to_address=message.to_address,
        subject=message.content.subject,
        candidate_id=CandidateId(about["candidate_id"]),
        application_id=ApplicationId(about["application_id"]),
        plugin=message.plugin,
        detail=message.detail,
        created_at=message.created_at,
        sent_at=message.sent_at,
        delivery=message.delivery,
        opened_at=message.opened_at,
        clicked_at=message.clicked_at,
        to_name=message.to_name,
        text=message.content.text,
        html=message.content.html,
        reference=message.reference,
        attempts=message.attempts,
        timeline=timeline,
    )
