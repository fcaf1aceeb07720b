"""Tells members what happened: the one subscriber that the table in `notices` is read by.

It runs in the transaction that finishes the delivery of the event, so each is told once. Members
without access to the subject, those who chose not to hear of it, and who did it are not told.
"""

from collections.abc import Collection
from datetime import timedelta
from typing import Any, Final

from core.notifications.about import About
from core.notifications.chat_ports import ChatPostman, ChatPosts
from core.notifications.chatting import post
from core.notifications.contracts import NotificationId
from core.notifications.deliveries import promise_mail
from core.notifications.escalating import promise_escalation
from core.notifications.events import NotificationCreated
from core.notifications.mentions import mentioned
from core.notifications.notices import EVENTS, Notice, Receiver, notices_of
from core.notifications.ports import (
    Entry,
    MailDeliveries,
    NotificationDesk,
    Recipient,
    Surroundings,
    Told,
)
from core.notifications.preferences import hears
from core.notifications.pushing import PUSH_NOTIFICATION
from core.notifications.quiet import held
from core.notifications.reach import grant_of, reach_of_role, roles_with
from core.notifications.types import TYPES
from core.ports.tasks import Tasks
from core.shared.clock import Clock, UtcDatetime
from core.shared.events import Event, Recorder
from core.shared.ids import Ids, MemberId
from core.shared.reactions import Delivery, reacts_to
from core.shared.tenant import TenantContext

NO_NEWS: Final = timedelta(days=7)
"""Nobody is told of what happened longer ago, be it that no worker ran or that it was played."""

_MINUTE: Final = timedelta(minutes=1)
_LONGEST_NOTE: Final = 20_000
"""Characters of a note in which mentions are looked for."""


@reacts_to(*EVENTS, name="notifications.tell")
async def tell(
    event: Event,
    *,
    delivery: Delivery,
    desk: NotificationDesk,
    deliveries: MailDeliveries,
    posts: ChatPosts,
    postman: ChatPostman,
    tenant: TenantContext,
    clock: Clock,
    ids: Ids,
    tasks: Tasks,
    recorder: Recorder,
) -> None:
    """Put what an event means into the inboxes of whom it concerns."""
    if clock.now() - delivery.occurred_at > NO_NEWS:
        return
    told: set[MemberId] = set()
    is_posted = False
    for name, notice in notices_of(event):
        about = notice.about(event)
        if about is None:
            continue
        around = await desk.surroundings(delivery.event_id, about)
        concerned = await _recipients(desk, notice, about, around)
        entry = Entry(
            type=notice.type,
            notice=name,
            group=f"{name}:{_group(notice, about, around) or delivery.event_id}",
            is_once=notice.is_once,
            application_id=about.application_id,
            note_id=about.note_id,
            actor_id=around.actor_id,
            details=about.details | ({"stage": around.stage} if around.stage else {}),
            at=delivery.occurred_at,
        )
        recipients = [
            each for each in concerned if _is_told(each, notice, around) and each.id not in told
        ]
        filed: list[tuple[Recipient, Told]] = []
        if recipients:
            told |= {each.id for each in recipients}
            filed = await _file(desk, entry, recipients, ids, clock, recorder)
        for each, done in filed:
            await _push(each, notice, done, tasks, clock)
        now, zone = clock.now(), tenant.time_zone
        await promise_mail(notice.type, filed, zone, deliveries=deliveries, tasks=tasks, now=now)
        await promise_escalation(notice.type, filed, tasks, now)
        decided = around.defaults
        # What is told once of its kind is posted once as well, be it edited ever so often.
        if decided.posts(notice.type) and not is_posted and (filed or not notice.is_once):
            is_posted = True
            whose = [each.id for each, _ in filed] or [each.id for each in concerned]
            await post(
                notice,
                entry,
                whose,
                decided.chat,
                posts=posts,
                postman=postman,
                ids=ids,
                tasks=tasks,
                now=now,
            )


async def _file(
    desk: NotificationDesk,
    entry: Entry,
    recipients: list[Recipient],
    ids: Ids,
    clock: Clock,
    recorder: Recorder,
) -> list[tuple[Recipient, Told]]:
    receivers = [
        (each.id, NotificationId(ids.new()), reach_of_role(each.role)) for each in recipients
    ]
    by_id = {each.id: each for each in recipients}
    filed = [(by_id[told.member_id], told) for told in await desk.file(entry, receivers)]
    for recipient, told in filed:
        recorder.record(
            NotificationCreated(
                aggregate_id=told.notification_id,
                member_id=told.member_id,
                notification_type=entry.type,
                count=told.count,
                unread=told.unread,
                pops_up=recipient.own.pops_up(clock.now()),
            )
        )
    return filed


async def _push(member: Recipient, notice: Notice, told: Told, tasks: Tasks, clock: Clock) -> None:
    """Promise a message to each of a member's browsers: now, or when their quiet hours end.

    A notification that grows is sent anew once a minute at most.
    """
    if not member.browsers or not hears(notice.type, member.own, member.defaults, "push"):
        return
    now = clock.now()
    at = now if told.count == 1 else UtcDatetime(now.replace(second=0, microsecond=0) + _MINUTE)
    at = held(member.own.quiet_hours, at)
    for browser_id in member.browsers:
        await tasks.schedule(
            PUSH_NOTIFICATION,
            {
                "browser_id": str(browser_id),
                "member_id": str(member.id),
                "notification_id": str(told.notification_id),
            },
            run_at=None if at == now else at,
            unique_key=None
            if at == now
            else f"push:{browser_id}:{told.notification_id}:{at.isoformat()}",
        )


async def _recipients(
    desk: NotificationDesk, notice: Notice, about: About, around: Surroundings
) -> list[Recipient]:
    """Return who might be told, first of `receivers` and then of `otherwise`."""
    for group in (notice.receivers, notice.otherwise):
        members = await _members(desk, group, about, around)
        admins = "admins" in group
        if members or admins:
            found = await desk.recipients(
                members,
                roles_with("assigned", TYPES[notice.type].action),
                about.application_id,
                around.candidate_id,
                admins=admins,
            )
            if found:
                return found
    return []


async def _members(
    desk: NotificationDesk, group: Collection[Receiver], about: About, around: Surroundings
) -> set[MemberId]:
    one: dict[Receiver, MemberId | None] = {
        "assignee": around.assignee_id,
        "starter": around.starter_id,
    }
    many: dict[Receiver, Any] = {
        "recruiters": around.recruiters,
        "keepers": around.keepers,
        "named": about.named,
    }
    members = {MemberId(who) for name in group if (who := one.get(name)) is not None}
    for name in group:
        members.update(many.get(name, ()))
    if "mentioned" in group and around.note_text and "@" in around.note_text:
        members |= mentioned(around.note_text[:_LONGEST_NOTE], await desk.colleagues())
    return members


def _is_told(member: Recipient, notice: Notice, around: Surroundings) -> bool:
    if member.id == around.actor_id and not notice.tells_doer:
        return False
    grant = grant_of(member.role, TYPES[notice.type].action)
    if grant == "no" or (grant == "assigned" and not member.sees):
        return False
    return hears(notice.type, member.own, member.defaults)


def _group(notice: Notice, about: About, around: Surroundings) -> str:
    match notice.grouping:
        case "job":
            return str(around.job_id)
        case "stage":
            return f"{around.job_id}:{about.stage_id}"
        case "candidate":
            return str(around.candidate_id)
        case "note":
            return str(about.note_id)
        case _:
            return ""
