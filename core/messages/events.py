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


class MessageDelivered(MessageEvent, frozen=True, kw_only=True):
    """The receiver's server took a message."""

    type: ClassVar[str] = "message.delivered"
    plugin: str


class MessageBounced(MessageEvent, frozen=True, kw_only=True):
    """A message that was sent didn't arrive and won't: somebody should look at it."""

    type: ClassVar[str] = "message.bounced"
    plugin: str
    detail: str
    permanent: bool
    """Whether the address was suppressed for it."""


class MessageComplained(MessageEvent, frozen=True, kw_only=True):
    """The receiver called a message spam; the address was suppressed."""

    type: ClassVar[str] = "message.complained"
    plugin: str


class MessageTracked(MessageEvent, frozen=True, kw_only=True):
    """A service told something else of a message: `kind` is one of `ReportKind`."""

    type: ClassVar[str] = "message.tracked"
    plugin: str
    kind: str
    machine: bool = False


class SuppressionRemoved(Event, frozen=True, kw_only=True):
    """An address may be written to again; `aggregate_id` is the entry of the list."""

    type: ClassVar[str] = "suppression.removed"
    aggregate: ClassVar[str] = "suppression"


class SendersOrdered(Event, frozen=True, kw_only=True):
    """The order in which plugins that send are tried was set; `aggregate_id` is the tenant."""

    type: ClassVar[str] = "message_senders.ordered"
    aggregate: ClassVar[str] = "message_senders"
    plugins: tuple[str, ...]
