"""What was said to candidates by e-mail, and what became of it."""

from typing import Annotated, Any
from uuid import UUID

from litestar import Controller, Request, get, post
from litestar.params import FromPath, QueryParameter

from api.mutation import mutate
from api.paging import CursorParameter, LimitParameter, reply_page
from api.problems import problems
from api.replies import Reply, reply
from api.request_scope import Scoped
from core.applications.contracts import ApplicationId
from core.candidates.contracts import CandidateId
from core.messages.contracts import (
    ListMessages,
    MessageId,
    MessageRow,
    MessageState,
    MessageView,
    SendAgain,
    ShowMessage,
    ShowTimeline,
    Timeline,
)
from core.shared.paging import DEFAULT_LIMIT, Page, PageRequest

CandidateFilter = Annotated[UUID | None, QueryParameter(description="To this candidate.")]
ApplicationFilter = Annotated[UUID | None, QueryParameter(description="About this application.")]
StateFilter = Annotated[
    MessageState | None,
    QueryParameter(
        name="state", description="`failed` and `unknown` are those that somebody should look at."
    ),
]


class MessagesController(Controller):
    """Messages to candidates."""

    path = "/messages"
    tags = ("Messages",)

    @get(
        operation_id="listMessages",
        summary="List messages, newest first",
        responses=problems(403),
    )
    async def list_messages(
        self,
        request: Request[Any, Any, Any],
        tenant_scope: Scoped,
        limit: LimitParameter = DEFAULT_LIMIT,
        cursor: CursorParameter = None,
        candidate_id: CandidateFilter = None,
        application_id: ApplicationFilter = None,
        message_state: StateFilter = None,
    ) -> Reply[Page[MessageRow]]:
        """Return what was sent, is about to be, or couldn't be. Conditions are joined by "and"."""
        query = ListMessages(
            candidate_id=None if candidate_id is None else CandidateId(candidate_id),
            application_id=None if application_id is None else ApplicationId(application_id),
            state=message_state,
            page=PageRequest(limit, cursor),
        )
        return reply_page(request, await tenant_scope.ask(query))

    @get(
        "/{message_id:uuid}",
        operation_id="showMessage",
        summary="Show a message",
        responses=problems(403, 404),
    )
    async def show(
        self,
        tenant_scope: Scoped,
        message_id: FromPath[UUID],
    ) -> Reply[MessageView]:
        """Return what the message says and what became of it."""
        return reply(await tenant_scope.ask(ShowMessage(message_id=MessageId(message_id))))

    @get(
        "/{message_id:uuid}/timeline",
        operation_id="showMessageTimeline",
        summary="Show what happened to a message",
        responses=problems(403, 404),
    )
    async def timeline(
        self,
        tenant_scope: Scoped,
        message_id: FromPath[UUID],
    ) -> Reply[Timeline]:
        """Return all that is known, oldest first: what was done here, and what services told.

        `machine` marks opens and clicks that no person made.
        """
        return reply(await tenant_scope.ask(ShowTimeline(message_id=MessageId(message_id))))

    @post(
        "/{message_id:uuid}/send-again",
        status_code=200,
        operation_id="sendMessageAgain",
        summary="Send a message again",
        responses=problems(403, 404, 409),
    )
    async def send_again(
        self,
        request: Request[Any, Any, Any],
        tenant_scope: Scoped,
        message_id: FromPath[UUID],
    ) -> Reply[MessageView]:
        """Queue a message once more that failed, or of which nobody knows whether it was sent.

        In the second case the candidate may get it twice. Refused while the address is on the list
        of those that aren't written to.
        """
        return await mutate(
            request, tenant_scope, SendAgain(message_id=MessageId(message_id)), status=200
        )
