"""What happened to messages. No event holds what a message says or to which address it went."""

from typing import ClassVar
from uuid import UUID

from core.shared.events import Event


class MessageEvent(Event, frozen=True, kw_only=True):
    """Base of the events of one message; `aggregate_id` is the message."""

    aggregate: ClassVar[str] = "message"
    purpose: str
    candidate_id: UUID
    application_id: UUID


class MessageQueued(MessageEvent, frozen=True, kw_only=True):
    """A message is to be sent."""

    type: ClassVar[str] = "message.queued"


class MessageSent(MessageEvent, frozen=True, kw_only=True):
    """A service took a message over."""

    type: ClassVar[str] = "message.sent"
    plugin: str


class MessageFailed(MessageEvent, frozen=True, kw_only=True):
    """A message was not sent and won't be by itself."""

    type: ClassVar[str] = "message.failed"
    detail: str


class MessageOutcomeUnknown(MessageEvent, frozen=True, kw_only=True):
    """A message was handed over, and whether it was taken can't be known."""

    type: ClassVar[str] = "message.outcome_unknown"
    plugin: str
