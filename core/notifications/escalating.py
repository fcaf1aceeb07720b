"""What nobody looks at goes to the next channel: from the bell to e-mail, and then to the chat.

A task is promised with the notification and fires once, after so many hours; seeing or reading it
takes the promise back. Quiet hours hold what it leads to.
"""

from collections.abc import Sequence
from datetime import timedelta

import msgspec

from core.notifications.chat_ports import ChatPostman, ChatPosts
from core.notifications.chatting import post
from core.notifications.contracts import (
    ESCALATION,
    EscalateNotification,
    NotificationId,
    NotificationType,
)
from core.notifications.deliveries import keep_promises
from core.notifications.notices import NOTICES
from core.notifications.ports import (
    Entry,
    InboxRepository,
    MailDeliveries,
    NotificationDesk,
    Promise,
    Recipient,
    Told,
)
from core.notifications.preferences import escalation_hours, refuses_mail
from core.notifications.quiet import held
from core.notifications.reach import reach_of_role
from core.ports.tasks import Tasks, Work
from core.shared.clock import Clock, UtcDatetime
from core.shared.ids import Ids
from core.shared.permissions import Action
from core.shared.usecase import handles


def escalations_of(
    kind: NotificationType,
    filed: Sequence[tuple[Recipient, Told]],
    now: UtcDatetime,
    request_id: str,
) -> list[Work]:
    """Return the work of looking after some hours whether what was told now was seen."""
    works = []
    for member, told in filed:
        hours = escalation_hours(member.own, member.defaults)
        if hours and member.defaults.escalates(kind):
            command = EscalateNotification(
                member_id=member.id, notification_id=told.notification_id, channel="email"
            )
            works.append(_work(command, now, hours, request_id))
    return works


async def take_back(tasks: Tasks, ids: Sequence[NotificationId]) -> None:
    """Take back what was promised of notifications that were seen or read."""
    if ids:
        await tasks.cancel(*(_key(channel, each) for each in ids for channel in ("email", "chat")))


@handles(EscalateNotification, action=Action.MANAGE_TENANT)
async def escalate(
    command: EscalateNotification,
    *,
    desk: NotificationDesk,
    inbox: InboxRepository,
    deliveries: MailDeliveries,
    posts: ChatPosts,
    postman: ChatPostman,
    tasks: Tasks,
    clock: Clock,
    ids: Ids,
) -> None:
    """Send on what its receiver hasn't seen, may still see, and still wants to be sent on."""
    entry = await inbox.unseen(command.member_id, command.notification_id)
    found = await desk.recipients([command.member_id], (), None, None, admins=False)
    if entry is None or not found:
        return
    (member,) = found
    hours = escalation_hours(member.own, member.defaults)
    reach = reach_of_role(member.role)
    visible = await deliveries.unread(member.id, reach, [command.notification_id])
    if not hours or not visible or not member.defaults.escalates(entry.type):
        return
    now, chat = clock.now(), member.defaults.chat
    if command.channel == "email" and await _mails(command, entry, member, deliveries):
        promise = Promise(
            member_id=member.id,
            notification_id=command.notification_id,
            cadence="at_once",
            due_at=held(member.own.quiet_hours, now),
        )
        await keep_promises([promise], deliveries=deliveries, tasks=tasks, now=now)
        if chat.escalations:
            again = msgspec.structs.replace(command, channel="chat")
            await tasks.schedule_all([_work(again, now, hours)])
    elif chat.escalations and entry.notice in NOTICES:
        await post(
            NOTICES[entry.notice],
            msgspec.structs.replace(entry, group=f"escalation:{command.notification_id}"),
            [member.id],
            chat,
            unseen_hours=max(1, round((now - entry.at) / timedelta(hours=1))),
            posts=posts,
            postman=postman,
            ids=ids,
            tasks=tasks,
            now=now,
        )


async def _mails(
    command: EscalateNotification, entry: Entry, member: Recipient, deliveries: MailDeliveries
) -> bool:
    """Whether e-mail is the next channel: it is wanted, and hasn't told of this yet."""
    if refuses_mail(entry.type, member.own, member.defaults):
        return False
    return not await deliveries.was_sent(command.notification_id)


def _work(
    command: EscalateNotification, now: UtcDatetime, hours: int, request_id: str | None = None
) -> Work:
    return Work(
        kind=ESCALATION,
        payload={
            "member_id": str(command.member_id),
            "notification_id": str(command.notification_id),
            "channel": command.channel,
        },
        run_at=UtcDatetime(now + timedelta(hours=hours)),
        unique_key=_key(command.channel, command.notification_id),
        request_id=request_id,
    )


def _key(channel: str, notification_id: NotificationId) -> str:
    return f"escalate:{channel}:{notification_id}"
