"""What happened in inboxes. Each event is told only to the member whose inbox it is."""

from typing import ClassVar
from uuid import UUID

from core.shared.events import Event


class NotificationCreated(Event, frozen=True, kw_only=True):
    """A member was told something, or once more of the same; `aggregate_id` is the notification."""

    type: ClassVar[str] = "notification.created"
    aggregate: ClassVar[str] = "notification"
    member_id: UUID
    notification_type: str
    count: int
    unread: int
    pops_up: bool
    """Whether the member wants to see it at once on the page that is open."""


class InboxEvent(Event, frozen=True, kw_only=True):
    """Base of what happened to a member's inbox; `aggregate_id` is the member."""

    aggregate: ClassVar[str] = "notification"
    member_id: UUID


class NotificationsRead(InboxEvent, frozen=True, kw_only=True):
    """A member marked some as read."""

    type: ClassVar[str] = "notification.read"
    unread: int


class NotificationsSeen(InboxEvent, frozen=True, kw_only=True):
    """A member has looked at the inbox."""

    type: ClassVar[str] = "notification.seen"


class NotificationSettingsChanged(InboxEvent, frozen=True, kw_only=True):
    """A member chose what to hear of."""

    type: ClassVar[str] = "notification.settings_changed"


class BrowserAdded(InboxEvent, frozen=True, kw_only=True):
    """Push messages go to one more browser; `aggregate_id` is that browser."""

    type: ClassVar[str] = "notification.browser_added"


class BrowserRemoved(InboxEvent, frozen=True, kw_only=True):
    """Push messages go to a browser no longer; `aggregate_id` is that browser."""

    type: ClassVar[str] = "notification.browser_removed"


class NotificationDefaultsChanged(Event, frozen=True, kw_only=True):
    """An admin decided what members hear of; `aggregate_id` is the tenant."""

    type: ClassVar[str] = "notification.defaults_changed"
    aggregate: ClassVar[str] = "notification"


class NotificationsPruned(Event, frozen=True, kw_only=True):
    """Old ones were forgotten; `aggregate_id` is the tenant."""

    type: ClassVar[str] = "notification.pruned"
    aggregate: ClassVar[str] = "notification"
    rows: int


class ChatBroken(Event, frozen=True, kw_only=True):
    """A chat's channel takes nothing any more; `aggregate_id` is the tenant."""

    type: ClassVar[str] = "notification.chat_broken"
    aggregate: ClassVar[str] = "notification"
    plugin_id: str
