"""Mails to members and to those who are invited: what became of them, never what they say."""

from typing import Annotated, Any
from uuid import UUID

from litestar import Controller, Request, get
from litestar.params import FromPath, QueryParameter

from api.paging import CursorParameter, LimitParameter, reply_page
from api.problems import problems
from api.replies import Reply, reply
from api.request_scope import Scoped
from core.messages.contracts import (
    MessageId,
    MessageState,
    Timeline,
)
from core.messages.member_views import ListMemberMessages, MemberMessageRow, ShowMemberTimeline
from core.shared.ids import MemberId
from core.shared.paging import DEFAULT_LIMIT, Page, PageRequest


class MemberMessageController(Controller):
    """Mails to members."""

    path = "/member-messages"
    tags = ("Team",)

    @get(
        operation_id="listMemberMessages",
        responses=problems(403),
        summary="List mails to members",
    )
    async def list(
        self,
        request: Request[Any, Any, Any],
        tenant_scope: Scoped,
        limit: LimitParameter = DEFAULT_LIMIT,
        cursor: CursorParameter = None,
        member_id: Annotated[
            UUID | None, QueryParameter(description="Only to this member.")
        ] = None,
        message_state: Annotated[
            MessageState | None, QueryParameter(name="state", description="Only in this state.")
        ] = None,
    ) -> Reply[Page[MemberMessageRow]]:
        """Return mails to members and invitations, newest first, as far as ninety days back.

        What they say is kept nowhere: links in them open accounts.
        """
        query = ListMemberMessages(
            member_id=None if member_id is None else MemberId(member_id),
            state=message_state,
            page=PageRequest(limit, cursor),
        )
        return reply_page(request, await tenant_scope.ask(query))

    @get(
        "/{message_id:uuid}/timeline",
        operation_id="showMemberMessageTimeline",
        responses=problems(403, 404),
        summary="Show what happened to a mail to a member",
    )
    async def timeline(self, tenant_scope: Scoped, message_id: FromPath[UUID]) -> Reply[Timeline]:
        """Return when it was queued, sent and delivered, and whatever else is known."""
        query = ShowMemberTimeline(message_id=MessageId(message_id))
        return reply(await tenant_scope.ask(query))
