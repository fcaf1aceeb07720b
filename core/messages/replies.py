"""Replies of candidates as others see them, and what a team does with them and with messages.

Plugins report replies with `core.messages.contracts.ReportReply`; API and pages come here.
"""

from datetime import datetime
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from core.applications.contracts import ApplicationId
from core.candidates.contracts import CandidateId, FileId
from core.messages.contracts import (
    MessageId,
    MessageRow,
    MessageView,
    ReplyId,
    SuppressionView,
    TimelineEntry,
)
from core.shared.ids import MemberId
from core.shared.paging import Page, PageRequest
from core.shared.text import LINE, TEXT
from core.shared.usecase import Command, Query

MatchedBy = Literal["address", "reference", "person"]
"""By what is known which message a reply answers: the signed address that it was sent to, the
Message-ID that it refers to, or somebody of the team, who said so."""


class ReplyFile(msgspec.Struct, frozen=True, kw_only=True):
    """What came with a reply."""

    name: str
    size_bytes: int
    file_id: FileId | None = None
    """The candidate's file that it became; null: it isn't one, `problem` may say why."""
    problem: str | None = None


class ReplyView(msgspec.Struct, frozen=True, kw_only=True):
    """An e-mail that came in."""

    id: ReplyId
    plugin: str
    """Which plugin reported it."""
    candidate_id: CandidateId | None
    """Null: nobody knows yet whom it is from."""
    application_id: ApplicationId | None
    message_id: MessageId | None
    """The message that it answers, if that is known."""
    matched_by: MatchedBy | None
    from_address: str
    """What the mail says of its sender. Anybody can write anything there."""
    from_name: str
    is_stranger: bool
    """Whether that is none of the candidate's addresses."""
    is_automatic: bool
    """Whether a machine wrote it, such as an absence note."""
    subject: str
    text: str
    html: str | None
    """As it came: clean it before it is shown."""
    sent_at: datetime | None
    """By the sender's clock."""
    received_at: datetime
    files: tuple[ReplyFile, ...]
    left_out: int
    """How many attachments were too many or too large to be kept."""


class Letter(MessageRow, frozen=True, kw_only=True):
    """A message to a candidate with what it says and what became of it."""

    text: str
    author_id: MemberId | None
    """Who wrote it; null: it was written by itself."""
    author_name: str | None
    answers_id: ReplyId | None
    """The reply that it answers."""
    is_dismissed: bool
    """Whether somebody said that nothing is to be done about it."""
    timeline: tuple[TimelineEntry, ...]


class Conversation(msgspec.Struct, frozen=True, kw_only=True):
    """What was written to a candidate and what came back: the newest of it, newest first."""

    letters: tuple[Letter, ...]
    replies: tuple[ReplyView, ...]
    suppressed: tuple[SuppressionView, ...]
    """Those of the candidate's addresses that aren't written to."""


class Trouble(MessageRow, frozen=True, kw_only=True):
    """A message that somebody has to look at: it failed, or nobody knows whether it was sent."""

    candidate_name: str
    job_title: str
    other_addresses: tuple[str, ...]
    """Further addresses of the candidate."""
    is_suppressed: bool
    """Whether its address isn't written to."""


class Troubles(msgspec.Struct, frozen=True):
    """The oldest of them first, as many as are shown at once."""

    items: tuple[Trouble, ...]


class Draft(msgspec.Struct, frozen=True):
    """What a letter may begin with."""

    subject: str
    text: str


Subject = Annotated[str, Meta(min_length=1, max_length=300, pattern=LINE)]
Body = Annotated[str, Meta(min_length=1, max_length=20_000, pattern=TEXT)]
Address = Annotated[
    str,
    Meta(
        max_length=254,
        pattern=r"^[^\x00-\x20\x7f@,;:<>()\[\]\\\"]+@[^\x00-\x20\x7f@,;:<>()\[\]\\\"]+$",
    ),
]


class ShowConversation(Query[Conversation], frozen=True, kw_only=True):
    """Show what was written to a candidate and what came back."""

    candidate_id: CandidateId


class ListUnmatchedReplies(Query[Page[ReplyView]], frozen=True, kw_only=True):
    """List replies of which nobody knows what they answer, newest first."""

    page: PageRequest = PageRequest()


class MatchReply(Command[ReplyView], frozen=True, kw_only=True):
    """Say which application a reply belongs to."""

    reply_id: ReplyId
    application_id: ApplicationId


class RemoveReply(Command[None], frozen=True, kw_only=True):
    """Remove a reply for good of which nobody knows what it answers."""

    reply_id: ReplyId


class WriteLetter(Command[MessageView], frozen=True, kw_only=True):
    """Write to the candidate of an application, in the actor's own words."""

    application_id: ApplicationId
    subject: Subject
    text: Body
    reply_id: ReplyId | None = None
    """The reply that it answers; mail programs then show both as one conversation."""


class DraftLetter(Query[Draft], frozen=True, kw_only=True):
    """What a template says about an application, as a letter to begin with."""

    application_id: ApplicationId
    template: Literal["status_update", "application_received"]


class SettleMessage(Command[MessageView], frozen=True, kw_only=True):
    """Say of a message of which nobody knows that it was sent."""

    message_id: MessageId


class DismissMessage(Command[None], frozen=True, kw_only=True):
    """Say that nothing is to be done about a message that failed, or of which nobody knows."""

    message_id: MessageId


class SendElsewhere(Command[MessageView], frozen=True, kw_only=True):
    """Send a message that failed, or of which nobody knows, to another address of the candidate."""

    message_id: MessageId
    to_address: Address


class ListTroubles(Query[Troubles], frozen=True, kw_only=True):
    """List messages that the member who asks has to look at.

    Those of applications that are theirs; of ones that nobody looks after, if they recruit for the
    job; and of those without any recruiter, if they are an admin.
    """
