"""What this slice needs from outside: who and what an event is about, and where inboxes are."""

from collections.abc import Collection, Sequence
from datetime import timedelta
from typing import Literal, Protocol
from uuid import UUID

import msgspec

from core.notifications.about import About
from core.notifications.contracts import (
    Badge,
    Browser,
    BrowserId,
    Cadence,
    Inbox,
    ListNotifications,
    NotificationId,
    NotificationType,
    NotificationView,
)
from core.notifications.preferences import Defaults, Preferences
from core.shared.actor import Role
from core.shared.clock import UtcDatetime
from core.shared.ids import EventId, MemberId


class Surroundings(msgspec.Struct, frozen=True):
    """What is known of an event's subject when it is told of."""

    actor_id: MemberId | None
    candidate_id: UUID | None
    job_id: UUID | None
    stage: str | None
    assignee_id: MemberId | None
    recruiters: tuple[MemberId, ...]
    keepers: tuple[MemberId, ...]
    starter_id: MemberId | None
    note_text: str | None
    defaults: Defaults
    """What the workspace decided."""


class Colleague(msgspec.Struct, frozen=True):
    """An active member, as notes name them."""

    id: MemberId
    name: str
    email: str


class Recipient(msgspec.Struct, frozen=True):
    """An active member who might be told."""

    id: MemberId
    role: Role
    sees: bool
    """Whether the subject is among what is assigned to them, where that limits their role."""
    own: Preferences
    defaults: Defaults
    browsers: tuple[BrowserId, ...] = ()
    """Those that take their push messages."""


class Reach(msgspec.Struct, frozen=True):
    """What of an inbox its owner sees now; what was told before access ended is not shown."""

    types: tuple[str, ...]
    only_assigned: bool


class Told(msgspec.Struct, frozen=True):
    """One member's new or grown notification."""

    member_id: MemberId
    notification_id: NotificationId
    count: int
    unread: int


class Entry(msgspec.Struct, frozen=True):
    """What is put into inboxes."""

    type: NotificationType
    notice: str
    group: str
    """Unread notifications of a member with the same one are one."""
    is_once: bool
    application_id: UUID | None
    note_id: UUID | None
    actor_id: MemberId | None
    details: dict[str, str]
    at: UtcDatetime


class Filing(msgspec.Struct, frozen=True):
    """An entry, and whose inboxes it is put into."""

    entry: Entry
    receivers: tuple[tuple[MemberId, NotificationId, Reach], ...]
    """The ids are those of new notifications; where one is unread, it grows and keeps its own."""


class Concerned(msgspec.Struct, frozen=True):
    """Whom something might concern."""

    members: frozenset[MemberId]
    admins: bool
    limited: tuple[Role, ...]
    """Who has one of these roles sees the subject only when it is assigned to them."""
    application_id: UUID | None
    candidate_id: UUID | None


class NotificationDesk(Protocol):
    """Looks around events and fills inboxes, in one round trip for many."""

    async def surroundings(self, asked: Sequence[tuple[EventId, About]]) -> list[Surroundings]:
        """Return of each event what is known of what it is about."""
        ...

    async def colleagues(self) -> list[Colleague]:
        """Return every active member."""
        ...

    async def recipients(
        self,
        members: Collection[MemberId],
        limited: Collection[Role],
        application_id: UUID | None,
        candidate_id: UUID | None,
        *,
        admins: bool,
    ) -> list[Recipient]:
        """Return those of `members` who are active, and with `admins` every active admin.

        Who has a role in `limited` sees the subject only when it is assigned to them.
        """
        ...

    async def recipients_of(self, asked: Sequence[Concerned]) -> list[list[Recipient]]:
        """Return of each question whom `recipients` would."""
        ...

    async def file(self, filings: Sequence[Filing]) -> list[list[Told]]:
        """Put entries into inboxes and return whom each told, one after the other in the tenant."""
        ...


class Promise(msgspec.Struct, frozen=True):
    """That a member is mailed about a notification."""

    member_id: MemberId
    notification_id: NotificationId
    cadence: Cadence
    due_at: UtcDatetime


class Due(msgspec.Struct, frozen=True):
    """A promise whose time has come."""

    notification_id: NotificationId
    cadence: Cadence
    round: int
    """1 at first, more when the notification has grown since it was mailed."""


class MailDeliveries(Protocol):
    """Keeps what is to be mailed to members: one row for a notification."""

    async def promise(
        self, promised: Sequence[Promise], apart: timedelta, gather: timedelta, now: UtcDatetime
    ) -> list[tuple[MemberId, UtcDatetime]]:
        """Keep promises, and return when which member has something due that had nothing due then.

        What waits already is due at the earlier of both times; what was settled waits once more,
        until `apart` after it was settled at least. What is due at once to somebody who had
        something due within `gather` waits for the next whole `gather`, with what else comes.
        """
        ...

    async def due(self, member_id: MemberId, until: UtcDatetime) -> list[Due]:
        """Return what waits and is due by then, locked, the oldest first.

        Nothing is promised from then on until the transaction ends.
        """
        ...

    async def drop_due(self, member_id: MemberId, now: UtcDatetime) -> None:
        """Drop what waits and is due, as there is nothing that mails."""
        ...

    async def unread(
        self, member_id: MemberId, reach: Reach, ids: Sequence[NotificationId]
    ) -> list[NotificationView]:
        """Return those of `ids` that are unread and may be seen by the member now."""
        ...

    async def was_sent(self, notification_id: NotificationId) -> bool:
        """Whether it went out, and hasn't grown since."""
        ...

    async def settle(
        self,
        ids: Sequence[NotificationId],
        state: Literal["sent", "dropped"],
        now: UtcDatetime,
    ) -> None:
        """Note that these wait no longer; `sent` is said of what goes out with the transaction."""
        ...

    async def overdue(self, before: UtcDatetime) -> list[MemberId]:
        """Return the members who have something waiting that was due before."""
        ...

    async def put_off(self, ids: Sequence[NotificationId], until: UtcDatetime) -> None:
        """Let these wait longer."""
        ...


class InboxRepository(Protocol):
    """Changes one member's inbox."""

    async def mark_read(
        self,
        member_id: MemberId,
        at: UtcDatetime,
        *,
        ids: Sequence[NotificationId] | None,
        up_to: UtcDatetime | None,
        type: NotificationType | None,  # noqa: A002 - the word of the API
    ) -> list[NotificationId]:
        """Mark unread ones as read and return which. None means no such condition."""
        ...

    async def mark_seen(
        self, member_id: MemberId, at: UtcDatetime, up_to: UtcDatetime | None
    ) -> list[NotificationId]:
        """Note that the member saw what wasn't seen yet, and return which those were."""
        ...

    async def unseen(self, member_id: MemberId, notification_id: NotificationId) -> Entry | None:
        """Return what was put into the inbox; None when it was seen or read or is gone."""
        ...

    async def unread(self, member_id: MemberId, reach: Reach) -> int:
        """Count unread ones, as `Inbox.unread` does."""
        ...

    async def prune(self, read_for: timedelta, told_for: timedelta, now: UtcDatetime) -> int:
        """Delete those read for so long, and all that are older, and return how many."""
        ...


class InboxQueries(Protocol):
    """Reads views straight from rows."""

    async def page(self, member_id: MemberId, reach: Reach, query: ListNotifications) -> Inbox:
        """Return a page of a member's inbox."""
        ...

    async def one(
        self, member_id: MemberId, reach: Reach, notification_id: NotificationId
    ) -> Inbox | None:
        """Return one notification of a member's and how many are unread; None: there is none."""
        ...

    async def badge(self, member_id: MemberId, reach: Reach) -> Badge:
        """Count the unread ones."""
        ...


class BrowserQueries(Protocol):
    """Reads which browsers take a member's push messages."""

    async def of(self, member_id: MemberId) -> tuple[Browser, ...]:
        """Return them, the latest first."""
        ...


class BrowserRepository(Protocol):
    """Keeps browsers; where they take messages and with which keys only sealed."""

    async def add(
        self, member_id: MemberId, browser: Browser, endpoint: bytes, sealed: str
    ) -> None:
        """Keep one. `endpoint` is the SHA-256 of its address, by which it is found again."""
        ...

    async def with_endpoint(self, endpoint: bytes) -> BrowserId | None:
        """Return the browser of an address, whoever's it is, once no other change is under way."""
        ...

    async def is_of(self, member_id: MemberId, browser_id: BrowserId) -> bool:
        """Whether it is the member's."""
        ...

    async def target_of(
        self, member_id: MemberId, browser_id: BrowserId
    ) -> tuple[Role, str] | None:
        """Return the active member's role and the sealed target; None: not theirs any more."""
        ...

    async def remove(self, browser_id: BrowserId) -> None:
        """Forget it."""
        ...

    async def keep_latest(self, member_id: MemberId, most: int) -> None:
        """Forget a member's oldest ones beyond so many."""
        ...


class PreferenceQueries(Protocol):
    """Reads preferences."""

    async def of(self, member_id: MemberId) -> Preferences:
        """Return what the member chose."""
        ...

    async def defaults(self) -> Defaults:
        """Return what the workspace decided."""
        ...


class PreferenceRepository(PreferenceQueries, Protocol):
    """Reads preferences, locked, and keeps them."""

    async def save(self, member_id: MemberId, own: Preferences, at: UtcDatetime) -> None:
        """Keep what a member chose."""
        ...

    async def save_defaults(self, defaults: Defaults, at: UtcDatetime) -> None:
        """Keep what a workspace decided."""
        ...
