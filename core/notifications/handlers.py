"""Tells members what happened: the one subscriber that the table in `notices` is read by.

It runs in the transaction that finishes the delivery of the events, so each is told once; those
that come together are told together, with one question to the database for all of them. Members
without access to the subject, those who chose not to hear of it, and who did it are not told.
"""

from collections.abc import Sequence
from datetime import timedelta
from typing import Final
from uuid import UUID

from core.notifications.chat_ports import ChatPostman, ChatPosts
from core.notifications.chatting import post
from core.notifications.contracts import NotificationId
from core.notifications.deliveries import keep_promises, promises_of
from core.notifications.escalating import escalations_of
from core.notifications.events import NotificationCreated
from core.notifications.notices import EVENTS, Notice
from core.notifications.ports import (
    Filing,
    MailDeliveries,
    NotificationDesk,
    Promise,
    Recipient,
    Told,
)
from core.notifications.preferences import hears
from core.notifications.pushing import PUSH_NOTIFICATION
from core.notifications.quiet import held
from core.notifications.reach import reach_of_role
from core.notifications.telling import Telling, find_recipients, tellings_of
from core.ports.tasks import Tasks, Work
from core.shared.clock import Clock, UtcDatetime
from core.shared.ids import Ids, MemberId
from core.shared.reactions import Happened, reacts_to
from core.shared.tenant import TenantContext

NO_NEWS: Final = timedelta(days=7)
"""Nobody is told of what happened longer ago, be it that no worker ran or that it was played."""

_MINUTE: Final = timedelta(minutes=1)


@reacts_to(*EVENTS, name="notifications.tell", together=True)
async def tell(
    happened: Sequence[Happened],
    *,
    desk: NotificationDesk,
    deliveries: MailDeliveries,
    posts: ChatPosts,
    postman: ChatPostman,
    tenant: TenantContext,
    clock: Clock,
    ids: Ids,
    tasks: Tasks,
) -> None:
    """Put what events mean into the inboxes of whom they concern."""
    now = clock.now()
    tellings = await tellings_of(
        desk, [each for each in happened if now - each.delivery.occurred_at <= NO_NEWS]
    )
    await find_recipients(desk, tellings)
    await _file(desk, tellings, ids, clock)
    now = clock.now()
    works: list[Work] = []
    promised: list[Promise] = []
    requests: dict[MemberId, str] = {}
    for each in tellings:
        kind, request_id = each.notice.type, each.happened.delivery.request_id
        for member, told in each.filed:
            works += _pushes(member, each.notice, told, now, request_id)
            requests.setdefault(member.id, request_id)
        works += escalations_of(kind, each.filed, now, request_id)
        promised += promises_of(kind, each.filed, tenant.time_zone, now)
    await tasks.schedule_all(works)
    await keep_promises(promised, deliveries=deliveries, tasks=tasks, now=now, requests=requests)
    await _post(tellings, posts=posts, postman=postman, ids=ids, tasks=tasks, now=now)


async def _file(
    desk: NotificationDesk, tellings: Sequence[Telling], ids: Ids, clock: Clock
) -> None:
    wanted = [each for each in tellings if each.recipients]
    if not wanted:
        return
    filings = [
        Filing(
            each.entry,
            tuple(
                (member.id, NotificationId(ids.new()), reach_of_role(member.role))
                for member in each.recipients
            ),
        )
        for each in wanted
    ]
    filed = await desk.file(filings)
    now = clock.now()
    for each, told_of_it in zip(wanted, filed, strict=True):
        by_id = {member.id: member for member in each.recipients}
        each.filed = [(by_id[told.member_id], told) for told in told_of_it]
        for member, told in each.filed:
            each.happened.recorder.record(
                NotificationCreated(
                    aggregate_id=told.notification_id,
                    member_id=told.member_id,
                    notification_type=each.notice.type,
                    count=told.count,
                    unread=told.unread,
                    pops_up=member.own.pops_up(now),
                )
            )


def _pushes(
    member: Recipient, notice: Notice, told: Told, now: UtcDatetime, request_id: str
) -> list[Work]:
    """Return the messages to a member's browsers: now, or when their quiet hours end.

    A notification that grows is sent anew once a minute at most.
    """
    if not member.browsers or not hears(notice.type, member.own, member.defaults, "push"):
        return []
    at = now if told.count == 1 else UtcDatetime(now.replace(second=0, microsecond=0) + _MINUTE)
    at = held(member.own.quiet_hours, at)
    return [
        Work(
            kind=PUSH_NOTIFICATION,
            payload={
                "browser_id": str(browser_id),
                "member_id": str(member.id),
                "notification_id": str(told.notification_id),
            },
            run_at=None if at == now else at,
            unique_key=None
            if at == now
            else f"push:{browser_id}:{told.notification_id}:{at.isoformat()}",
            request_id=request_id,
        )
        for browser_id in member.browsers
    ]


async def _post(
    tellings: Sequence[Telling],
    *,
    posts: ChatPosts,
    postman: ChatPostman,
    ids: Ids,
    tasks: Tasks,
    now: UtcDatetime,
) -> None:
    """Post what an admin wants in the chat: each event once, whatever it means besides.

    What is told once of its kind is posted once as well, be it edited ever so often.
    """
    posted: set[UUID] = set()
    for each in tellings:
        event_id, decided = each.happened.delivery.event_id, each.around.defaults
        if not decided.posts(each.notice.type) or event_id in posted:
            continue
        if each.filed or not each.notice.is_once:
            posted.add(event_id)
            whose = [member.id for member, _ in each.filed]
            await post(
                each.notice,
                each.entry,
                whose or [member.id for member in each.concerned],
                decided.chat,
                posts=posts,
                postman=postman,
                ids=ids,
                tasks=tasks,
                now=now,
            )
