"""What others may know of messages: ids, queries, commands and views."""

from datetime import datetime
from typing import Annotated, Final, Literal, NewType, Protocol
from uuid import UUID

import msgspec
from msgspec import Meta

from core.applications.contracts import ApplicationId
from core.candidates.contracts import CandidateId
from core.shared.clock import UtcDatetime
from core.shared.ids import MemberId
from core.shared.paging import Page, PageRequest
from core.shared.usecase import Command, Query
from core.templates.contracts import TemplateKind

MessageId = NewType("MessageId", UUID)
SuppressionId = NewType("SuppressionId", UUID)
ReplyId = NewType("ReplyId", UUID)

MemberPurpose = TemplateKind | Literal["personal", "trial"]
"""What a message to a member is for."""

MessagePurpose = Annotated[
    str,
    Meta(
        max_length=120,
        description="The kind of template, or `<plugin>.<template>` for a plugin's. `personal`: "
        "somebody of the team wrote it. `trial`: a template that a member sent to themselves.",
        examples=["rejection", "referrals.thank_you"],
    ),
]
"""What a message is for."""

MessageState = Literal["queued", "sending", "sent", "failed", "unknown"]
"""`sent`: a service took it over. `failed`: it was refused, or nobody took it for a day.

`sending`: it is being handed over. `unknown`: it was, and whether it was taken can't be known.
A message that was sent and came back is `failed`.
"""

ReportKind = Literal[
    "accepted",
    "deferred",
    "delivered",
    "bounced",
    "dropped",
    "opened",
    "clicked",
    "complained",
    "unsubscribed",
]
"""What a service tells of a message that it took.

`deferred`: the receiver's server said "later". `dropped`: the service didn't try, for example since
the address is on its own list. `complained`: the receiver called it spam.
"""

TimelineKind = Literal[
    "queued",
    "postponed",
    "sent",
    "failed",
    "unknown",
    "suppressed",
    "accepted",
    "deferred",
    "delivered",
    "bounced",
    "dropped",
    "opened",
    "clicked",
    "complained",
    "unsubscribed",
]
"""What happened to a message: to `suppressed` what we did, from `accepted` what a service told."""

DeliveryState = Literal["deferred", "delivered", "dropped", "bounced", "complained"]
"""The most that is known of a message after it was sent."""

SuppressionReason = Literal["unsubscribed", "bounced", "complained"]

MOST_REPORTS: Final = 500
"""In one command."""

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
    delivery: DeliveryState | None
    """What services told after it was sent; null: nothing yet, or they tell nothing."""
    opened_at: datetime | None
    """When a person, as far as that can be told, opened it first."""
    clicked_at: datetime | None


class TimelineEntry(msgspec.Struct, frozen=True, kw_only=True):
    """Something that happened to a message."""

    kind: TimelineKind
    at: datetime
    """When it happened, by the clock of whoever tells."""
    recorded_at: datetime
    """When it came to be known here."""
    plugin: str | None = None
    detail: str | None = None
    machine: bool = False
    """Whether a machine opened or clicked, such as a mail service that looks at pictures first."""


class Timeline(msgspec.Struct, frozen=True):
    """All that is known of what happened to a message, oldest first."""

    items: tuple[TimelineEntry, ...]


class MessageView(MessageRow, frozen=True):
    """A message with what it says."""

    to_name: str
    text: str
    html: str | None
    reference: str | None
    """What the sending service calls it."""
    attempts: int
    timeline: tuple[TimelineEntry, ...] = ()
    """What happened to it, oldest first."""


class ListMessages(Query[Page[MessageRow]], frozen=True, kw_only=True):
    """List messages, newest first."""

    candidate_id: CandidateId | None = None
    application_id: ApplicationId | None = None
    state: MessageState | None = None
    page: PageRequest = PageRequest()


class ShowMessage(Query[MessageView], frozen=True, kw_only=True):
    """Show a message."""

    message_id: MessageId


class ShowTimeline(Query[Timeline], frozen=True, kw_only=True):
    """Show what happened to a message."""

    message_id: MessageId


class SendAgain(Command[MessageView], frozen=True, kw_only=True):
    """Send a message once more that failed or of which nobody knows."""

    message_id: MessageId


class SendMessage(msgspec.Struct, frozen=True, kw_only=True):
    """The payload of the task that hands a message over."""

    message_id: MessageId


class DeliveryReport(msgspec.Struct, frozen=True, kw_only=True):
    """Something that a service tells of a message. Which one is named in one way or several."""

    event_id: Annotated[str, Meta(min_length=1, max_length=200)]
    """What the service calls this event: the same again changes nothing."""
    kind: ReportKind
    at: UtcDatetime
    message_id: UUID | None = None
    """Of the message, if the service was given it and says it again."""
    header_id: Annotated[str, Meta(max_length=1_000)] | None = None
    """The Message-ID header, with or without angle brackets."""
    reference: Annotated[str, Meta(max_length=1_000)] | None = None
    """What `Messaging.send` returned as the service's reference."""
    detail: Annotated[str, Meta(max_length=2_000)] = ""
    """What the service or the receiver's server says, for recruiters to read."""
    permanent: bool = False
    """With `bounced` and `dropped`: whether nothing will ever arrive at the address."""
    machine: bool = False
    """With `opened` and `clicked`: whether the service says that a machine did it."""
    user_agent: Annotated[str, Meta(max_length=2_000)] | None = None
    """With `opened` and `clicked`: looked at to recognise machines, and not kept."""


class DeliveriesReported(msgspec.Struct, frozen=True):
    """What came of reports."""

    noted: int
    """New ones about messages that the reporting plugin was given."""
    repeated: int
    """Known before."""
    strange: int
    """About messages that aren't this workspace's, or were never given to the plugin."""


class ReportDeliveries(Command[DeliveriesReported], frozen=True, kw_only=True):
    """Note what a service told of messages that it was given, in whatever order it tells.

    For plugins: a report counts only for messages that the reporting plugin was given.
    """

    reports: Annotated[tuple[DeliveryReport, ...], Meta(max_length=MOST_REPORTS)]


MOST_ATTACHMENTS: Final = 20
"""Of one reply; what goes beyond is counted and left out."""
MOST_ATTACHED_BYTES: Final = 20 * 1024 * 1024
"""Of all attachments of one reply together."""
LONGEST_REPLY: Final = 200_000
"""Characters of a reply's text, and of its HTML."""

HeaderId = Annotated[str, Meta(max_length=998, pattern=r"^[\x21-\x7e]*$")]
"""One Message-ID, with its angle brackets (RFC 5322 3.6.4); a line has 998 characters at most."""


class ReplyAttachment(msgspec.Struct, frozen=True, kw_only=True):
    """A file that came with a reply."""

    name: Annotated[str, Meta(max_length=500)]
    content: bytes


class ReplyReported(msgspec.Struct, frozen=True):
    """What came of a reply that was reported."""

    reply_id: ReplyId | None
    """None when it was known before."""
    matched: bool
    """Whether it is known what it answers; what isn't, waits for an admin."""


class ReportReply(Command[ReplyReported], frozen=True, kw_only=True):
    """Keep an e-mail that came in, with the message that it answers where that can be told.

    For plugins whose service takes mail for an address of `Reply-To`. The plugin has made sure that
    its service sent it; who wrote it is not known, whatever `from_address` says.
    """

    delivery_id: Annotated[str, Meta(min_length=1, max_length=200)]
    """What the service calls this delivery: what it is known by if the mail has no Message-ID."""
    header_id: HeaderId = ""
    """The mail's own Message-ID; the same again changes nothing. Empty: it has none."""
    receivers: Annotated[tuple[Annotated[str, Meta(max_length=320)], ...], Meta(max_length=50)]
    """To whom the envelope says that it goes (RFC 5321), not what the header `To` says."""
    from_address: Annotated[str, Meta(max_length=320)] = ""
    """What the header `From` says; empty when no address can be read from it."""
    from_name: Annotated[str, Meta(max_length=300)] = ""
    subject: Annotated[str, Meta(max_length=1_000)] = ""
    text: Annotated[str, Meta(max_length=LONGEST_REPLY)] = ""
    html: Annotated[str, Meta(max_length=LONGEST_REPLY)] | None = None
    in_reply_to: Annotated[tuple[HeaderId, ...], Meta(max_length=10)] = ()
    references: Annotated[tuple[HeaderId, ...], Meta(max_length=50)] = ()
    sent_at: UtcDatetime | None = None
    """What the header `Date` says."""
    automatic: bool = False
    """Whether a machine wrote it (RFC 3834): an absence note, a list, a report of delivery."""
    attachments: Annotated[tuple[ReplyAttachment, ...], Meta(max_length=MOST_ATTACHMENTS)] = ()
    left_out: Annotated[int, Meta(ge=0, le=100_000)] = 0
    """How many attachments were too many or too large to be handed on."""


class SuppressionView(msgspec.Struct, frozen=True, kw_only=True):
    """An address that isn't written to."""

    id: SuppressionId
    address: str
    reason: SuppressionReason
    """`unsubscribed` stops only what isn't an answer to what the receiver did."""
    detail: str
    plugin: str | None
    """Which plugin told."""
    message_id: MessageId | None
    """The message that led to it."""
    created_at: datetime


class ListSuppressions(Query[Page[SuppressionView]], frozen=True, kw_only=True):
    """List addresses that aren't written to, newest first."""

    address: str | None = None
    page: PageRequest = PageRequest()


class RemoveSuppression(Command[None], frozen=True, kw_only=True):
    """Let an address be written to again."""

    suppression_id: SuppressionId


class MailOutcome(msgspec.Struct, frozen=True, kw_only=True):
    """What came of asking for a mail to a candidate."""

    result: Literal["queued", "repeated", "stopped", "no_address"]
    """`repeated`: it was asked for before. `stopped`: the candidate wants no such mails.

    `no_address`: none of the candidate is known. Neither of these two remembers the key."""
    message_id: MessageId | None = None


KEY_REUSED: Final = (
    "This idempotency key was given for a mail from another template or to another receiver."
)


class MailToMember(msgspec.Struct, frozen=True, kw_only=True):
    """A mail to a member, or to somebody who is to become one."""

    purpose: MemberPurpose
    to_address: str
    to_name: str
    values: dict[str, str]
    """What it says; sealed while it waits, since links in it open accounts, and forgotten then."""
    member_id: MemberId | None = None
    language: str | None = None
    """BCP 47; None: the tenant's."""
    use_by: UtcDatetime | None = None
    """From when on it is of no use, and isn't sent any more."""

    def __repr__(self) -> str:
        return f"MailToMember(purpose={self.purpose!r})"


class MailPossible(Protocol):
    """Tells whether mail can be sent at all; works in queries, too."""

    async def is_possible(self) -> bool:
        """Whether a plugin that sends is enabled."""
        ...


class MemberMail(MailPossible, Protocol):
    """Sends mails to members; for use cases of other slices, within their transaction."""

    async def promise(self, mail: MailToMember) -> MessageId:
        """Queue a mail: it is sent once, if and only if the transaction commits."""
        ...


class TrialSent(msgspec.Struct, frozen=True, kw_only=True):
    """A template that a member sent to themselves, and what came of it."""

    message_id: MessageId
    member_id: MemberId
    to_address: str
    plugin: str
    result: Literal["taken", "refused", "away", "unknown"]
    said: str
    """The service's reference when it was taken; otherwise why not."""


class TrialBook(Protocol):
    """Keeps that a template was tried, so that services can tell what becomes of the mail."""

    async def note(self, trial: TrialSent) -> None:
        """Keep it as a message of its own."""
        ...
