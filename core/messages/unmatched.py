"""Replies of which nobody knows what they answer: an admin says whose they are, or removes them."""

from core.messages.contracts import ReplyId
from core.messages.errors import ReplyMatched, ReplyNotFound
from core.messages.events import ReplyAssigned, ReplyRemoved
from core.messages.received import Reply
from core.messages.replies import ListUnmatchedReplies, MatchReply, RemoveReply, ReplyView
from core.messages.reply_ports import CandidateFiles, Replies, ReplyQueries
from core.messages.replying import keep_files
from core.shared.errors import FieldError, InvalidInput
from core.shared.events import Recorder
from core.shared.paging import Page
from core.shared.permissions import Action
from core.shared.usecase import handles


@handles(ListUnmatchedReplies, action=Action.MANAGE_MESSAGES)
async def list_unmatched_replies(
    query: ListUnmatchedReplies, *, replies: ReplyQueries
) -> Page[ReplyView]:
    """Return a page."""
    return await replies.unmatched(query.page)


@handles(MatchReply, action=Action.MANAGE_MESSAGES)
async def match_reply(
    command: MatchReply, *, replies: Replies, files: CandidateFiles, recorder: Recorder
) -> ReplyView:
    """Put it into the conversation with the application's candidate."""
    reply = await _waiting(command.reply_id, replies)
    thread = await replies.thread_of_application(command.application_id)
    if thread is None:
        raise InvalidInput(
            FieldError("application_id", "There is no such application.", "unknown_application")
        )
    reply.belongs_to(thread, "person")
    await keep_files(reply, (thread, "person"), files)
    await replies.matched(reply)
    recorder.record(
        ReplyAssigned(
            aggregate_id=reply.id,
            candidate_id=thread.candidate_id,
            application_id=thread.application_id,
        )
    )
    return reply.view()


@handles(RemoveReply, action=Action.MANAGE_MESSAGES)
async def remove_reply(command: RemoveReply, *, replies: Replies, recorder: Recorder) -> None:
    """Forget it with what came with it."""
    reply = await _waiting(command.reply_id, replies)
    await replies.remove(reply.id)
    recorder.record(ReplyRemoved(aggregate_id=reply.id))


async def _waiting(reply_id: ReplyId, replies: Replies) -> Reply:
    """Return a reply that belongs to nobody yet. Raises ReplyNotFound and ReplyMatched."""
    reply = await replies.get_for_change(reply_id)
    if reply is None:
        raise ReplyNotFound(ReplyNotFound.TEXT)
    if reply.matched_by is not None:
        raise ReplyMatched(ReplyMatched.TEXT)
    return reply
