"""What is due by e-mail: promised with each notification, and collected when it is due.

A promise is a row that is written in the transaction of its notification, one for each; the task
`MAIL_DUE` of its member is promised with it. What was read by then, may not be seen any more or
isn't wanted any more is dropped, and what comes due in quiet hours waits until they end.
"""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Final

import msgspec

from core.notifications.contracts import (
    Cadence,
    NotificationId,
    NotificationType,
    NotificationView,
)
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
from core.ports.tasks import Tasks, Work
from core.shared.clock import UtcDatetime
from core.shared.ids import MemberId

MAIL_DUE: Final = "mail_notifications"
"""The kind of the task that mails what is due to a member: `core.notifications.mailing`."""

AGAIN_AFTER: Final = timedelta(hours=1)
"""A notification that grows is mailed again, but not sooner than this after the last time."""

GATHER: Final = timedelta(seconds=2)
"""What comes within it after something else is looked at together; each is still mailed by itself.

In a rush, a task for each would keep workers from telling anybody else.
"""

SKEW: Final = timedelta(seconds=1)
"""So much may a worker's clock be behind the database's, by which its task is due."""

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


def promises_of(
    kind: NotificationType,
    filed: Sequence[tuple[Recipient, Told]],
    zone: str,
    now: UtcDatetime,
) -> list[Promise]:
    """Return the e-mail that those want who were told of something now. `zone`: the tenant's."""
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
    return promised


async def keep_promises(
    promised: Sequence[Promise],
    *,
    deliveries: MailDeliveries,
    tasks: Tasks,
    now: UtcDatetime,
    requests: Mapping[MemberId, str] | None = None,
) -> None:
    """Write promises down, and wake whoever mails at each time for which nobody is woken yet.

    `requests` says which request the mail of a member comes of, where it isn't the present one.
    """
    earliest: dict[NotificationId, Promise] = {}
    for each in promised:
        known = earliest.get(each.notification_id)
        if known is None or each.due_at < known.due_at:
            earliest[each.notification_id] = each
    if earliest:
        kept = list(earliest.values())
        due = await deliveries.promise(kept, AGAIN_AFTER, GATHER, now)
        await wake_all(tasks, due, now, requests or {})


async def wake(tasks: Tasks, member_id: MemberId, at: UtcDatetime, now: UtcDatetime) -> None:
    """Promise to look at what is due to a member at `at`."""
    await wake_all(tasks, [(member_id, at)], now, {})


async def wake_all(
    tasks: Tasks,
    due: Sequence[tuple[MemberId, UtcDatetime]],
    now: UtcDatetime,
    requests: Mapping[MemberId, str],
) -> None:
    """Promise to look at what is due to each of these members then."""
    works = [
        Work(
            kind=MAIL_DUE,
            payload={"member_id": str(member_id), "due_at": at.isoformat()},
            run_at=None if at <= now else at,
            # The task of a time that is near may have looked already when this transaction ends.
            unique_key=None if at - now < _NEAR else f"mail:{member_id}:{at.isoformat()}",
            request_id=requests.get(member_id),
        )
        for member_id, at in due
    ]
    await tasks.schedule_all(works)


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
    due = await deliveries.due(member_id, UtcDatetime(now + SKEW))
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
