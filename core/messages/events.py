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


class MemberMessageChanged(Event, frozen=True, kw_only=True):
    """Something happened to a message to a member, or to somebody who is to become one."""

    type: ClassVar[str] = "member_message.changed"
    aggregate: ClassVar[str] = "member_message"
    purpose: str
    member_id: UUID | None
    kind: str
    """One of `TimelineKind`."""
    plugin: str | None = None
    detail: str = ""


class SuppressionRemoved(Event, frozen=True, kw_only=True):
    """An address may be written to again; `aggregate_id` is the entry of the list."""

    type: ClassVar[str] = "suppression.removed"
    aggregate: ClassVar[str] = "suppression"


class SendersOrdered(Event, frozen=True, kw_only=True):
    """The order in which plugins that send are tried was set; `aggregate_id` is the tenant."""

    type: ClassVar[str] = "message_senders.ordered"
    aggregate: ClassVar[str] = "message_senders"
    plugins: tuple[str, ...]


class SenderFailing(Event, frozen=True, kw_only=True):
    """A plugin failed so often in a row that it isn't tried at present; told once a day at most.

    `aggregate_id` is the tenant.
    """

    type: ClassVar[str] = "message_senders.failing"
    aggregate: ClassVar[str] = "message_senders"
    plugin_id: str


class MessageSettled(MessageEvent, frozen=True, kw_only=True):
    """A member said of a message of which nobody knew that it was sent."""

    type: ClassVar[str] = "message.settled"


class MessageDismissed(MessageEvent, frozen=True, kw_only=True):
    """A member said that nothing is to be done about a message that didn't arrive."""

    type: ClassVar[str] = "message.dismissed"


class ReplyReceived(Event, frozen=True, kw_only=True):
    """A candidate answered; `aggregate_id` is the reply."""

    type: ClassVar[str] = "reply.received"
    aggregate: ClassVar[str] = "reply"
    candidate_id: UUID
    application_id: UUID
    plugin: str
    automatic: bool
    """Whether a machine wrote it: nobody is told of it."""
    stranger: bool
    """Whether the sender's address is none of the candidate's."""


class ReplyUnmatched(Event, frozen=True, kw_only=True):
    """An e-mail came in of which nobody knows what it answers; `aggregate_id` is the reply."""

    type: ClassVar[str] = "reply.unmatched"
    aggregate: ClassVar[str] = "reply"
    plugin: str
    automatic: bool


class ReplyAssigned(Event, frozen=True, kw_only=True):
    """A member said whose a reply is; `aggregate_id` is the reply."""

    type: ClassVar[str] = "reply.matched"
    aggregate: ClassVar[str] = "reply"
    candidate_id: UUID
    application_id: UUID


class ReplyRemoved(Event, frozen=True, kw_only=True):
    """A reply that belonged to nobody was removed; `aggregate_id` is the reply."""

    type: ClassVar[str] = "reply.removed"
    aggregate: ClassVar[str] = "reply"
