"""What somebody of the team writes to a candidate, and the conversation that comes of it."""

from core.messages.contracts import SEND_MESSAGE, MessageId, MessageView
from core.messages.errors import AddressSuppressed, NoMessaging, ReplyNotFound
from core.messages.model import Content, Message
from core.messages.news import queued
from core.messages.ports import MessageRepository, Postman, Suppressions
from core.messages.received import Reply
from core.messages.replies import (
    Conversation,
    Draft,
    DraftLetter,
    ShowConversation,
    WriteLetter,
)
from core.messages.reply_ports import Envelopes, Letterhead, Letters, Replies, ReplyQueries
from core.messages.timeline import in_order
from core.messages.usecases import view_of
from core.ports.tasks import Tasks
from core.shared.actor import Actor
from core.shared.clock import Clock
from core.shared.errors import FieldError, InvalidInput, NotFound
from core.shared.events import Recorder
from core.shared.ids import Ids
from core.shared.permissions import Action
from core.shared.usecase import handles


@handles(ShowConversation, action=Action.EDIT_CANDIDATE)
async def show_conversation(query: ShowConversation, *, replies: ReplyQueries) -> Conversation:
    """Return what was written and what came back."""
    return await replies.conversation(query.candidate_id)


@handles(DraftLetter, action=Action.EDIT_CANDIDATE)
async def draft_letter(query: DraftLetter, *, envelopes: Envelopes) -> Draft:
    """Return what a template would say."""
    return await envelopes.drafted(query)


@handles(WriteLetter, action=Action.EDIT_CANDIDATE)
async def write_letter(
    command: WriteLetter,
    *,
    actor: Actor,
    messages: MessageRepository,
    letters: Letters,
    replies: Replies,
    suppressions: Suppressions,
    postman: Postman,
    tasks: Tasks,
    clock: Clock,
    ids: Ids,
    recorder: Recorder,
) -> MessageView:
    """Queue it. It goes to the candidate's own address, whatever address a reply came from."""
    subject, text = command.subject.strip(), command.text.strip()
    _require_words(subject, text)
    thread = await replies.thread_of_application(command.application_id)
    if thread is None:
        raise NotFound("There is no such application.")
    if not thread.addresses:
        raise InvalidInput(
            FieldError(
                "application_id", "No e-mail address of the candidate is known.", "no_address"
            )
        )
    to_address = thread.addresses[0]
    suppression = await suppressions.of(to_address)
    if suppression is not None and suppression.stops(transactional=True):
        raise AddressSuppressed(suppression.explained(), suppression_id=str(suppression.id))
    if not await postman.senders():
        raise NoMessaging(NoMessaging.TEXT)
    answered = await _answered(command, replies)
    message = Message(
        id=MessageId(ids.new()),
        purpose="personal",
        candidate_id=thread.candidate_id,
        application_id=thread.application_id,
        to_address=to_address,
        to_name=thread.candidate_name,
        content=Content(subject, text, None),
        created_at=clock.now(),
    )
    await messages.add(message)
    await letters.add(
        Letterhead(
            message_id=message.id,
            author_id=actor.member_id,
            author_name=actor.name,
            answers_id=None if answered is None else answered.id,
            in_reply_to="" if answered is None else answered.header_id,
            references=() if answered is None else answered.references,
        )
    )
    await tasks.schedule(SEND_MESSAGE, {"message_id": str(message.id)})
    recorder.record(queued(message))
    entries = in_order(await messages.timeline(message.id))
    return view_of(message, tuple(each.view() for each in entries))


async def _answered(command: WriteLetter, replies: Replies) -> Reply | None:
    """Return the reply that is answered. Raises ReplyNotFound unless it is of this application."""
    if command.reply_id is None:
        return None
    reply = await replies.get_for_change(command.reply_id)
    if reply is None or reply.application_id != command.application_id:
        raise ReplyNotFound(ReplyNotFound.TEXT)
    return reply


def _require_words(subject: str, text: str) -> None:
    problems = [
        FieldError(name, "Write something.", "required")
        for name, value in (("subject", subject), ("text", text))
        if not value
    ]
    if problems:
        raise InvalidInput(*problems)
