"""What the page of an applicant holds. Read by `core.careers.inbox` and made by storage."""

from datetime import datetime
from typing import Final, Literal, get_args

import msgspec

from core.careers.contracts import ProgressView
from core.interviews.contracts import InterviewId, InterviewKind, InterviewStatus
from core.messages.contracts import MessageId

StatusMail = Literal["status_update", "interview_reminder", "survey"]
"""Mails that applicants can do without. What answers to something they did, and what they must
know, such as an invitation or the end, isn't among them."""
STATUS_MAILS: Final[tuple[StatusMail, ...]] = get_args(StatusMail)
SeenKind = Literal["viewed", "downloaded", "commented", "assigned"]


class InboxMessage(msgspec.Struct, frozen=True, kw_only=True):
    """A mail that a service took over for them."""

    id: MessageId
    at: datetime
    purpose: str
    subject: str
    text: str
    """Without links that are secrets."""


class InboxInterview(msgspec.Struct, frozen=True, kw_only=True):
    """An interview of theirs."""

    id: InterviewId
    kind: InterviewKind
    status: InterviewStatus
    starts_at: datetime
    ends_at: datetime
    time_zone: str
    location: str | None
    link: str | None
    changed_at: datetime


class SeenEntry(msgspec.Struct, frozen=True, kw_only=True):
    """Something that the hiring team did, as far as the tenant shows it."""

    at: datetime
    kind: SeenKind
    by: str | None
    """Who; only where the tenant shows names."""


class InboxRow(msgspec.Struct, frozen=True, kw_only=True):
    """What storage knows of a page."""

    is_repeated: bool
    read_until: datetime | None
    unwanted: tuple[StatusMail, ...]
    shown: tuple[str, ...]
    names: bool
    time_zone: str
    messages: tuple[InboxMessage, ...]
    interviews: tuple[InboxInterview, ...]
    activity: tuple[SeenEntry, ...]


class ApplicantInbox(msgspec.Struct, frozen=True, kw_only=True):
    """A page of an applicant: where the application stands, and all that came for them."""

    progress: ProgressView
    messages: tuple[InboxMessage, ...]
    """Latest first."""
    interviews: tuple[InboxInterview, ...]
    """In the order in which they begin."""
    activity: tuple[SeenEntry, ...]
    """Latest first."""
    read_until: datetime | None
    """Up to when they have read; None: they never said."""
    latest_at: datetime
    """When the last of all this came."""
    unwanted: tuple[StatusMail, ...]
    time_zone: str
    """The tenant's, for readers whose own isn't known."""

    @property
    def only_arrived(self) -> bool:
        """Whether there is nothing to tell but that the form came."""
        told = self.messages or self.interviews or self.activity
        return self.progress.only_arrived and not told

    @property
    def unread(self) -> int:
        """How many things came since they last said that they read."""
        until = self.read_until
        if until is None:
            return 0
        came = [
            *(step.at for step in self.progress.steps),
            *(each.at for each in self.messages),
            *(each.changed_at for each in self.interviews),
            *(each.at for each in self.activity),
        ]
        return sum(at > until for at in came)
