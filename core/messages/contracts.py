"""What others may know of messages: ids, queries, commands and views."""

from datetime import datetime
from typing import Literal, NewType
from uuid import UUID

import msgspec

from core.applications.contracts import ApplicationId
from core.candidates.contracts import CandidateId
from core.shared.paging import Page, PageRequest
from core.shared.usecase import Command, Query
from core.templates.contracts import TemplateKind

MessageId = NewType("MessageId", UUID)

MessagePurpose = TemplateKind
"""What a message is for."""

MessageState = Literal["queued", "sending", "sent", "failed", "unknown"]
"""`sent`: a service took it over. `failed`: it was refused, or nobody took it for a day.

`sending`: it is being handed over. `unknown`: it was, and whether it was taken can't be known.
"""

MessageTask = Literal["send_message"]
SEND_MESSAGE: MessageTask = "send_message"


class MessageRow(msgspec.Struct, frozen=True):
    """A message in a list."""

    id: MessageId
    purpose: MessagePurpose
    state: MessageState
    to_address: str
    subject: str
    candidate_id: CandidateId
    application_id: ApplicationId
    plugin: str | None
    """The plugin that sent it, or tried last."""
    detail: str | None
    """Why it failed, waits or isn't known about."""
    created_at: datetime
    sent_at: datetime | None


class MessageView(MessageRow, frozen=True):
    """A message with what it says."""

    to_name: str
    text: str
    html: str | None
    reference: str | None
    """What the sending service calls it."""
    attempts: int


class ListMessages(Query[Page[MessageRow]], frozen=True, kw_only=True):
    """List messages, newest first."""

    candidate_id: CandidateId | None = None
    application_id: ApplicationId | None = None
    state: MessageState | None = None
    page: PageRequest = PageRequest()


class ShowMessage(Query[MessageView], frozen=True, kw_only=True):
    """Show a message."""

    message_id: MessageId


class SendAgain(Command[MessageView], frozen=True, kw_only=True):
    """Send a message once more that failed or of which nobody knows."""

    message_id: MessageId


class SendMessage(msgspec.Struct, frozen=True, kw_only=True):
    """The payload of the task that hands a message over."""

    message_id: MessageId
