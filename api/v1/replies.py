"""Conversations with candidates: what was written, what came back, and what didn't arrive."""

from typing import Annotated, Any, Literal
from uuid import UUID

import msgspec
from litestar import Controller, Request, delete, get, post
from litestar.params import FromPath, JSONBody, QueryParameter
from msgspec import Meta

from api.mutation import mutate
from api.paging import CursorParameter, LimitParameter, reply_page
from api.problems import problems
from api.replies import Reply, reply
from api.request_scope import Scoped
from core.applications.contracts import ApplicationId
from core.candidates.contracts import CandidateId
from core.messages.contracts import MessageId, MessageView, ReplyId
from core.messages.replies import (
    Address,
    Body,
    Conversation,
    DismissMessage,
    Draft,
    DraftLetter,
    ListTroubles,
    ListUnmatchedReplies,
    MatchReply,
    RemoveReply,
    ReplyView,
    SendElsewhere,
    SettleMessage,
    ShowConversation,
    Subject,
    Troubles,
    WriteLetter,
)
from core.shared.paging import DEFAULT_LIMIT, Page, PageRequest

DraftTemplate = Annotated[
    Literal["status_update", "application_received"],
    QueryParameter(description="Whose words the letter begins with."),
]


class LetterBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A letter to the candidate of an application."""

    subject: Annotated[Subject, Meta(description="One line.", examples=["Your interview"])]
    text: Annotated[
        Body, Meta(description="Plain text.", examples=["Hello Ada, does Tuesday suit you?"])
    ]
    reply_id: Annotated[
        UUID | None, Meta(description="The reply that it answers, of the same application.")
    ] = None


class MatchBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Whose a reply is."""

    application_id: UUID


class ElsewhereBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """To which of the candidate's addresses a message goes."""

    to_address: Annotated[Address, Meta(examples=["ada@example.com"])]


class ConversationController(Controller):
    """What was written to a candidate and what came back."""

    path = "/candidates/{candidate_id:uuid}/conversation"
    tags = ("Messages",)

    @get(
        operation_id="showConversation",
        summary="Show the conversation with a candidate",
        responses=problems(403, 404),
    )
    async def show(self, tenant_scope: Scoped, candidate_id: FromPath[UUID]) -> Reply[Conversation]:
        """Return the newest messages with their timelines, and the newest replies, newest first.

        `is_stranger`: the sender's address is none of the candidate's; anybody can write any
        address there. `html` is as it came: clean it before you show it. `suppressed` are those of
        the candidate's addresses that aren't written to.
        """
        query = ShowConversation(candidate_id=CandidateId(candidate_id))
        return reply(await tenant_scope.ask(query))


class LetterController(Controller):
    """Letters to candidates."""

    path = "/applications/{application_id:uuid}/letters"
    tags = ("Messages",)

    @post(
        operation_id="writeLetter",
        summary="Write to the candidate of an application",
        responses=problems(403, 404, 409),
    )
    async def write(
        self,
        request: Request[Any, Any, Any],
        tenant_scope: Scoped,
        application_id: FromPath[UUID],
        data: JSONBody[LetterBody],
    ) -> Reply[MessageView]:
        """Queue an e-mail in your own words, to the first address of the candidate's profile.

        Refused while that address isn't written to, and while no plugin sends.
        """
        command = WriteLetter(
            application_id=ApplicationId(application_id),
            subject=data.subject,
            text=data.text,
            reply_id=None if data.reply_id is None else ReplyId(data.reply_id),
        )
        return await mutate(request, tenant_scope, command, status=201)

    @get(
        "/draft",
        operation_id="draftLetter",
        summary="Begin a letter with the words of a template",
        responses=problems(403, 404),
    )
    async def draft(
        self,
        tenant_scope: Scoped,
        application_id: FromPath[UUID],
        template: DraftTemplate = "status_update",
    ) -> Reply[Draft]:
        """Return what the template says about the application, in the candidate's language."""
        query = DraftLetter(application_id=ApplicationId(application_id), template=template)
        return reply(await tenant_scope.ask(query))


class TroubleController(Controller):
    """Messages that somebody has to look at."""

    path = "/message-troubles"
    tags = ("Messages",)

    @get(
        operation_id="listMessageTroubles",
        summary="List the messages that you have to look at",
        responses=problems(403),
    )
    async def list(self, tenant_scope: Scoped) -> Reply[Troubles]:
        """Return messages that failed or of which nobody knows, the oldest first, 50 at most.

        Those of applications that are yours; of ones that nobody looks after, if you recruit for
        the job; and of jobs without any recruiter, if you are an admin.
        """
        return reply(await tenant_scope.ask(ListTroubles()))

    @post(
        "/{message_id:uuid}/settle",
        operation_id="settleMessage",
        summary="Say that a message was sent of which nobody knew",
        responses=problems(403, 404, 409),
    )
    async def settle(
        self, request: Request[Any, Any, Any], tenant_scope: Scoped, message_id: FromPath[UUID]
    ) -> Reply[MessageView]:
        """Mark it as sent. Whichever comes first counts: this, or sending it again."""
        command = SettleMessage(message_id=MessageId(message_id))
        return await mutate(request, tenant_scope, command, status=200)

    @post(
        "/{message_id:uuid}/dismiss",
        status_code=204,
        operation_id="dismissMessage",
        summary="Say that nothing is to be done about a message",
        responses=problems(403, 404, 409),
    )
    async def dismiss(
        self, request: Request[Any, Any, Any], tenant_scope: Scoped, message_id: FromPath[UUID]
    ) -> Reply[None]:
        """Take it off the list. What is known of the message stays as it is."""
        command = DismissMessage(message_id=MessageId(message_id))
        return await mutate(request, tenant_scope, command, status=204)

    @post(
        "/{message_id:uuid}/send-elsewhere",
        operation_id="sendMessageElsewhere",
        summary="Send a message to another address of the candidate",
        responses=problems(403, 404, 409),
    )
    async def send_elsewhere(
        self,
        request: Request[Any, Any, Any],
        tenant_scope: Scoped,
        message_id: FromPath[UUID],
        data: JSONBody[ElsewhereBody],
    ) -> Reply[MessageView]:
        """Queue a message once more that failed or of which nobody knows.

        The address must stand in the candidate's profile. Of one of which nobody knows, the
        candidate may get two.
        """
        command = SendElsewhere(message_id=MessageId(message_id), to_address=data.to_address)
        return await mutate(request, tenant_scope, command, status=200)


class UnmatchedReplyController(Controller):
    """Replies of which nobody knows what they answer."""

    path = "/unmatched-replies"
    tags = ("Messages",)

    @get(
        operation_id="listUnmatchedReplies",
        summary="List replies of which nobody knows what they answer",
        responses=problems(403),
    )
    async def list(
        self,
        request: Request[Any, Any, Any],
        tenant_scope: Scoped,
        limit: LimitParameter = DEFAULT_LIMIT,
        cursor: CursorParameter = None,
    ) -> Reply[Page[ReplyView]]:
        """Return them, newest first. Who a mail says that it is from puts it nowhere."""
        query = ListUnmatchedReplies(page=PageRequest(limit, cursor))
        return reply_page(request, await tenant_scope.ask(query))

    @post(
        "/{reply_id:uuid}/match",
        operation_id="matchReply",
        summary="Say whose a reply is",
        responses=problems(403, 404, 409),
    )
    async def match(
        self,
        request: Request[Any, Any, Any],
        tenant_scope: Scoped,
        reply_id: FromPath[UUID],
        data: JSONBody[MatchBody],
    ) -> Reply[ReplyView]:
        """Put it into the conversation with the candidate of an application."""
        command = MatchReply(
            reply_id=ReplyId(reply_id), application_id=ApplicationId(data.application_id)
        )
        return await mutate(request, tenant_scope, command, status=200)

    @delete(
        "/{reply_id:uuid}",
        status_code=204,
        operation_id="removeReply",
        summary="Remove a reply that belongs to nobody",
        responses=problems(403, 404, 409),
    )
    async def remove(
        self, request: Request[Any, Any, Any], tenant_scope: Scoped, reply_id: FromPath[UUID]
    ) -> Reply[None]:
        """Remove it for good, with what came with it."""
        command = RemoveReply(reply_id=ReplyId(reply_id))
        return await mutate(request, tenant_scope, command, status=204)
