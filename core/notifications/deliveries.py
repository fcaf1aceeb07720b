"""What is due by e-mail: promised with each notification, and collected when it is due.

A promise is a row that is written in the transaction of its notification, one for each; the task
`MAIL_DUE` of its member is promised with it. What was read by then, may not be seen any more or
isn't wanted any more is dropped, and what comes due in quiet hours waits until they end.
"""

from collections.abc import Sequence
from datetime import timedelta
from typing import Final

import msgspec

from core.notifications.contracts import Cadence, NotificationType, NotificationView
from core.notifications.ports import (
    MailDeliveries,
    NotificationDesk,
    Promise,
    Recipient,
    Told,
)
from core.notifications.preferences import cadence_of, refuses_mail
from core.notifications.quiet import due_at, held
from core.notifications.reach import reach_of_role
from core.ports.tasks import Tasks
from core.shared.clock import UtcDatetime
from core.shared.ids import MemberId

MAIL_DUE: Final = "mail_notifications"
"""The kind of the task that mails what is due to a member: `core.notifications.mailing`."""

AGAIN_AFTER: Final = timedelta(hours=1)
"""A notification that grows is mailed again, but not sooner than this after the last time."""

LONG_DUE: Final = timedelta(hours=1)

_NEAR: Final = timedelta(minutes=5)


class DueItem(msgspec.Struct, frozen=True):
    """A notification that is to be mailed now."""

    view: NotificationView
    cadence: Cadence
    """`at_once` ones go each by itself; the others are gathered."""
    round: int
    """1 at first, more when it has grown since it was mailed."""


class DueMail(msgspec.Struct, frozen=True):
    """What is to be mailed to a member now, the oldest first."""

    member: Recipient
    items: tuple[DueItem, ...]


async def promise_mail(
    kind: NotificationType,
    filed: Sequence[tuple[Recipient, Told]],
    zone: str,
    *,
    deliveries: MailDeliveries,
    tasks: Tasks,
    now: UtcDatetime,
) -> None:
    """Promise e-mail to those of whom something was told now who want it. `zone`: the tenant's."""
    promised = []
    for member, told in filed:
        cadence = cadence_of(kind, member.own, member.defaults)
        if cadence != "off":
            at = due_at(cadence, member.own.digest, member.own.zone(zone), now)
            promised.append(
                Promise(
                    member_id=member.id,
                    notification_id=told.notification_id,
                    cadence=cadence,
                    due_at=held(member.own.quiet_hours, at),
                )
            )
    if promised:
        await keep_promises(promised, deliveries=deliveries, tasks=tasks, now=now)


async def keep_promises(
    promised: Sequence[Promise], *, deliveries: MailDeliveries, tasks: Tasks, now: UtcDatetime
) -> None:
    """Write promises down, and wake whoever mails at each time for which nobody is woken yet."""
    for member_id, at in await deliveries.promise(promised, AGAIN_AFTER):
        await wake(tasks, member_id, at, now)


async def wake(tasks: Tasks, member_id: MemberId, at: UtcDatetime, now: UtcDatetime) -> None:
    """Promise to look at what is due to a member at `at`."""
    # The task of a time that is near may have looked already when this transaction ends.
    unique_key = None if at - now < _NEAR else f"mail:{member_id}:{at.isoformat()}"
    await tasks.schedule(
        MAIL_DUE,
        {"member_id": str(member_id)},
        run_at=None if at <= now else at,
        unique_key=unique_key,
    )


async def wake_overdue(*, deliveries: MailDeliveries, tasks: Tasks, now: UtcDatetime) -> None:
    """Look once more at what is long due: the task that was to look failed."""
    for member_id in await deliveries.overdue(UtcDatetime(now - LONG_DUE)):
        await wake(tasks, member_id, now, now)


async def collect_due(
    member_id: MemberId,
    *,
    desk: NotificationDesk,
    deliveries: MailDeliveries,
    tasks: Tasks,
    now: UtcDatetime,
) -> DueMail | None:
    """Return what is to be mailed to a member now, locked; None: nothing, or not yet.

    Whoever mails it calls `deliveries.settle(..., "sent")` in the same transaction.
    """
    due = await deliveries.due(member_id, now)
    if not due:
        return None
    found = await desk.recipients([member_id], (), None, None, admins=False)
    if not found:  # deactivated meanwhile
        await deliveries.settle([each.notification_id for each in due], "dropped", now)
        return None
    (member,) = found
    until = held(member.own.quiet_hours, now)
    if until > now:
        await deliveries.put_off([each.notification_id for each in due], until)
        await wake(tasks, member_id, until, now)
        return None
    unread = await deliveries.unread(
        member_id, reach_of_role(member.role), [each.notification_id for each in due]
    )
    views = {
        view.id: view for view in unread if not refuses_mail(view.type, member.own, member.defaults)
    }
    gone = [each.notification_id for each in due if each.notification_id not in views]
    if gone:
        await deliveries.settle(gone, "dropped", now)
    items = tuple(
        DueItem(views[each.notification_id], each.cadence, each.round)
        for each in due
        if each.notification_id in views
    )
    return DueMail(member, items) if items else None
