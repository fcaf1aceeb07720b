"""What others may know of notifications: ids, types, queries, commands and views."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Final, Literal, NewType
from uuid import UUID

import msgspec
from msgspec import UNSET, UnsetType

from core.ports.tasks import task
from core.shared.ids import MemberId
from core.shared.paging import PageRequest
from core.shared.usecase import Command, Query

NotificationId = NewType("NotificationId", UUID)

NotificationType = Literal[
    "new_application",
    "stage_change",
    "assignment",
    "mention",
    "application_note",
    "interview",
    "feedback",
    "feedback_due",
    "message_failed",
    "silence",
    "reply",
    "import_finished",
    "bulk_rejection",
    "plugin_broken",
    "automation",
    "quota",
]
"""What a notification is about; preferences are kept and lists are filtered by it."""

BrowserId = NewType("BrowserId", UUID)

Channel = Literal["in_app", "push", "email", "chat"]
"""A way to reach people: the bell of the console, messages to browsers that aren't open, e-mail,
and the channel of a chat that a whole workspace reads.

Who isn't told at the bell isn't told by push message or e-mail either.
"""

Cadence = Literal["off", "at_once", "hourly", "daily", "weekly"]
"""When a member gets e-mail about a type: never, each by itself, or gathered."""

Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]

LONGEST_ESCALATION: Final = 168
"""Hours, which is a week."""

COUNTED: int = 100
"""Unread notifications are counted up to here: a badge says "99+" then."""

WallTime = Annotated[
    str,
    msgspec.Meta(
        pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$",
        description="A time on the wall clock, hours and minutes.",
        examples=["22:00"],
    ),
]
ZoneName = Annotated[
    str,
    msgspec.Meta(
        min_length=1,
        max_length=64,
        pattern=r"^[A-Za-z0-9_+/-]+$",
        description="IANA name of a time zone.",
        examples=["Europe/Berlin"],
    ),
]


class NotificationActor(msgspec.Struct, frozen=True):
    """The member who did what a notification is about."""

    id: MemberId
    name: str


class NotificationView(msgspec.Struct, frozen=True):
    """Something that a member is told."""

    id: NotificationId
    type: NotificationType
    wording: str
    """Which sentence `title` is, for those who word it themselves with `words`."""
    title: str
    message: str
    link: str
    """Path of the page in the console that shows it."""
    count: int
    """How often it happened since it was last read: several of a kind are one notification."""
    words: dict[str, str]
    actor: NotificationActor | None
    """The latest one; None when it was nobody of the team."""
    application_id: UUID | None
    candidate_id: UUID | None
    job_id: UUID | None
    created_at: datetime
    updated_at: datetime
    """When it last happened; lists are in this order."""
    seen_at: datetime | None
    read_at: datetime | None


class Inbox(msgspec.Struct, frozen=True):
    """A page of a member's notifications, the latest first."""

    items: Sequence[NotificationView]
    unread: Annotated[
        int,
        msgspec.Meta(description=f"Unread ones of every type, counted up to {COUNTED}."),
    ]
    next_cursor: str | None = None
    """Pass as `cursor` to get the next page; null on the last one."""


class Badge(msgspec.Struct, frozen=True):
    """What a page shows of the notifications before any is opened."""

    unread: int
    position: int
    """Of the event log when they were counted: changes after it are on the live stream."""


class MarkedNotifications(msgspec.Struct, frozen=True):
    """What marking came to."""

    changed: int
    unread: int


class QuietHours(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """When nothing pops up. What comes then is in the inbox all the same."""

    starts: WallTime
    ends: WallTime
    """The next day's when it is earlier than `starts`."""
    zone: ZoneName


class DigestTime(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """When gathered e-mail is sent: daily at the hour, weekly on that day as well."""

    hour: Annotated[int, msgspec.Meta(ge=0, le=23, description="On the wall clock.")] = 8
    weekday: Weekday = "mon"
    zone: ZoneName | None = None
    """None: that of the quiet hours, or else the workspace's."""


Hours = Annotated[
    int,
    msgspec.Meta(
        ge=0,
        le=LONGEST_ESCALATION,
        description="After so many hours; 0 is never.",
        examples=[4],
    ),
]


class TypeSetting(msgspec.Struct, frozen=True):
    """What a member hears of one type."""

    type: NotificationType
    label: str
    description: str
    in_app: bool
    push: bool
    """Whether it also goes to the member's browsers."""
    email: Cadence
    chat: bool
    """Whether it is posted to the workspace's chat, which only admins decide."""
    escalates: bool
    """Whether it goes to the next channel when nobody looks at it; decided by admins as well."""
    locked: bool
    """Whether an admin has decided it for everybody."""


class NotificationSettings(msgspec.Struct, frozen=True):
    """A member's preferences, with what the workspace decided."""

    types: tuple[TypeSetting, ...]
    quiet_hours: QuietHours | None
    pop_ups: bool
    """Whether a short message appears on the open page as well."""
    digest: DigestTime
    digest_zone: str
    """The time zone whose clock `digest` is read on."""
    escalate_after_hours: int | None
    """After how long what wasn't looked at goes to the next channel: 0 is never, null as the
    workspace decided."""
    workspace_escalates_after_hours: int
    """What the workspace decided; 0 is never."""


class NotificationDefaults(msgspec.Struct, frozen=True):
    """What holds for members who chose nothing, and what none can choose."""

    types: tuple[TypeSetting, ...]
    escalate_after_hours: int
    """0: nothing goes to the next channel by itself."""
    chat_names: bool
    """Whether posts to the workspace's chat name candidates."""
    chat_escalations: bool
    """Whether what its receiver doesn't look at is posted to the chat in the end."""
    chat_quiet_hours: QuietHours | None
    """When nothing is posted to the chat; it waits until they end."""
    chats: tuple[str, ...]
    """Names of the enabled plugins that post."""


class TypeChoice(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Whether to hear of one type; what isn't given stays."""

    type: NotificationType
    in_app: bool | UnsetType = UNSET
    push: bool | UnsetType = UNSET
    email: Cadence | UnsetType = UNSET


class TypeDefault(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Whether members hear of one type, and whether they may choose; what isn't given stays."""

    type: NotificationType
    in_app: bool | UnsetType = UNSET
    push: bool | UnsetType = UNSET
    email: Cadence | UnsetType = UNSET
    chat: bool | UnsetType = UNSET
    escalates: bool | UnsetType = UNSET
    locked: bool | UnsetType = UNSET


class ListNotifications(Query[Inbox], frozen=True, kw_only=True):
    """List the actor's notifications."""

    type: NotificationType | None = None
    unread: bool = False
    page: PageRequest = PageRequest()


class ShowBadge(Query[Badge], frozen=True, kw_only=True):
    """Count the actor's unread notifications."""


class MarkRead(Command[MarkedNotifications], frozen=True, kw_only=True):
    """Mark notifications as read: those named, or all that came up to a time, or all."""

    ids: tuple[NotificationId, ...] | None = None
    up_to: datetime | None = None
    type: NotificationType | None = None


class MarkSeen(Command[MarkedNotifications], frozen=True, kw_only=True):
    """Note that the actor has seen what is in the inbox, up to a time when one is given."""

    up_to: datetime | None = None


class ShowSettings(Query[NotificationSettings], frozen=True, kw_only=True):
    """Show the actor's preferences."""


class ChangeSettings(Command[NotificationSettings], frozen=True, kw_only=True):
    """Change the actor's preferences; what isn't named stays."""

    types: tuple[TypeChoice, ...] = ()
    quiet_hours: QuietHours | UnsetType | None = UNSET
    pop_ups: bool | UnsetType = UNSET
    digest: DigestTime | UnsetType = UNSET
    escalate_after_hours: Hours | UnsetType | None = UNSET


class ShowDefaults(Query[NotificationDefaults], frozen=True, kw_only=True):
    """Show what holds for members who chose nothing."""


class ChangeDefaults(Command[NotificationDefaults], frozen=True, kw_only=True):
    """Change what holds for members who chose nothing; what isn't named stays."""

    types: tuple[TypeDefault, ...] = ()
    escalate_after_hours: Hours | UnsetType = UNSET
    chat_names: bool | UnsetType = UNSET
    chat_escalations: bool | UnsetType = UNSET
    chat_quiet_hours: QuietHours | UnsetType | None = UNSET


class Browser(msgspec.Struct, frozen=True):
    """A browser that takes a member's push messages."""

    id: BrowserId
    label: str
    """What it says it is."""
    added_at: datetime


class Browsers(msgspec.Struct, frozen=True):
    """A member's browsers."""

    items: tuple[Browser, ...]
    public_key: Annotated[
        str,
        msgspec.Meta(description="What a browser subscribes with, as `applicationServerKey`."),
    ]


class ListBrowsers(Query[Browsers], frozen=True, kw_only=True):
    """List the actor's browsers."""


class AddBrowser(Command[Browser], frozen=True, kw_only=True):
    """Let push messages be sent to a browser, with what it gave when it subscribed."""

    endpoint: str
    p256dh: str
    auth: str
    label: str

    def __repr__(self) -> str:
        return "AddBrowser(...)"


class RemoveBrowser(Command[None], frozen=True, kw_only=True):
    """Send no more push messages to a browser."""

    browser_id: BrowserId


@task("prune_notifications")
class PruneNotifications(Command[int], frozen=True, kw_only=True):
    """Forget notifications that are old enough."""


ESCALATION: Final = "escalate_notification"


@task(ESCALATION)
class EscalateNotification(Command[None], frozen=True, kw_only=True):
    """Send a notification on to a channel unless its receiver has seen it."""

    member_id: MemberId
    notification_id: NotificationId
    channel: Literal["email", "chat"]
