"""What admins may know of mails to members and to those who are invited: never what they say."""

from datetime import datetime

import msgspec

from core.messages.contracts import (
    DeliveryState,
    MemberPurpose,
    MessageId,
    MessageState,
    Timeline,
)
from core.shared.ids import MemberId
from core.shared.paging import Page, PageRequest
from core.shared.usecase import Query


class MemberMessageRow(msgspec.Struct, frozen=True, kw_only=True):
    """A mail to a member in a list. What it says is kept nowhere."""

    id: MessageId
    purpose: MemberPurpose
    state: MessageState
    member_id: MemberId | None
    """None: it invites somebody."""
    to_address: str
    plugin: str | None
    detail: str | None
    created_at: datetime
    sent_at: datetime | None
    delivery: DeliveryState | None


class ListMemberMessages(Query[Page[MemberMessageRow]], frozen=True, kw_only=True):
    """List mails to members and invited people, newest first."""

    member_id: MemberId | None = None
    state: MessageState | None = None
    page: PageRequest = PageRequest()


class ShowMemberTimeline(Query[Timeline], frozen=True, kw_only=True):
    """Show what happened to a mail to a member."""

    message_id: MessageId
