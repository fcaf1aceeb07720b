"""Reading one's inbox and marking what was read."""

from datetime import timedelta
from typing import Final

from core.notifications.chat_ports import ChatPosts
from core.notifications.contracts import (
    Badge,
    Inbox,
    ListNotifications,
    MarkedNotifications,
    MarkRead,
    MarkSeen,
    PruneNotifications,
    ShowBadge,
)
from core.notifications.deliveries import wake_overdue
from core.notifications.escalating import take_back
from core.notifications.events import NotificationsPruned, NotificationsRead, NotificationsSeen
from core.notifications.ports import InboxQueries, InboxRepository, MailDeliveries
from core.notifications.reach import owner_of, reach_of
from core.ports.tasks import Tasks
from core.shared.actor import Actor
from core.shared.clock import Clock, UtcDatetime, to_utc
from core.shared.events import Recorder
from core.shared.permissions import Action
from core.shared.schedules import schedule
from core.shared.usecase import handles

KEPT_AFTER_READING: Final = timedelta(days=90)
KEPT: Final = timedelta(days=180)
"""How long notifications are kept, read or not."""
POSTS_KEPT: Final = timedelta(days=30)
"""How long it is kept what was posted to the chat."""

schedule("notifications_pruning", task="prune_notifications", cron="41 3 * * *")


@handles(ListNotifications, action=Action.OWN_ACCOUNT)
async def list_notifications(
    query: ListNotifications, *, actor: Actor, inbox: InboxQueries
) -> Inbox:
    """Return a page of the actor's inbox."""
    return await inbox.page(owner_of(actor), reach_of(actor), query)


@handles(ShowBadge, action=Action.OWN_ACCOUNT)
async def show_badge(
    query: ShowBadge,  # noqa: ARG001 - it has no fields
    *,
    actor: Actor,
    inbox: InboxQueries,
) -> Badge:
    """Return what the bell shows."""
    return await inbox.badge(owner_of(actor), reach_of(actor))


@handles(MarkRead, action=Action.OWN_ACCOUNT)
async def mark_read(
    command: MarkRead,
    *,
    actor: Actor,
    inbox: InboxRepository,
    tasks: Tasks,
    clock: Clock,
    recorder: Recorder,
) -> MarkedNotifications:
    """Mark as read what the command names; what isn't the actor's isn't there."""
    owner = owner_of(actor)
    changed = await inbox.mark_read(
        owner,
        clock.now(),
        ids=command.ids,
        up_to=None if command.up_to is None else to_utc(command.up_to, "up_to"),
        type=command.type,
    )
    await take_back(tasks, changed)
    unread = await inbox.unread(owner, reach_of(actor))
    if changed:
        recorder.record(NotificationsRead(aggregate_id=owner, member_id=owner, unread=unread))
    return MarkedNotifications(len(changed), unread)


@handles(MarkSeen, action=Action.OWN_ACCOUNT)
async def mark_seen(
    command: MarkSeen,
    *,
    actor: Actor,
    inbox: InboxRepository,
    tasks: Tasks,
    clock: Clock,
    recorder: Recorder,
) -> MarkedNotifications:
    """Note that the actor has looked at the inbox."""
    owner = owner_of(actor)
    up_to = None if command.up_to is None else to_utc(command.up_to, "up_to")
    changed = await inbox.mark_seen(owner, clock.now(), up_to)
    await take_back(tasks, changed)
    if changed:
        recorder.record(NotificationsSeen(aggregate_id=owner, member_id=owner))
    return MarkedNotifications(len(changed), await inbox.unread(owner, reach_of(actor)))


@handles(PruneNotifications, action=Action.MANAGE_TENANT)
async def prune_notifications(
    command: PruneNotifications,  # noqa: ARG001 - it has no fields
    *,
    actor: Actor,
    inbox: InboxRepository,
    posts: ChatPosts,
    deliveries: MailDeliveries,
    tasks: Tasks,
    clock: Clock,
    recorder: Recorder,
) -> int:
    """Delete what is old enough, and look after what should have been mailed long ago."""
    await wake_overdue(deliveries=deliveries, tasks=tasks, now=clock.now())
    rows = await inbox.prune(KEPT_AFTER_READING, KEPT, clock.now())
    rows += await posts.prune(UtcDatetime(clock.now() - POSTS_KEPT))
    if rows:
        recorder.record(NotificationsPruned(aggregate_id=actor.tenant_id, rows=rows))
    return rows
