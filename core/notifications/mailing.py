"""Mails to members what they are told of: at once each by itself, or gathered in a digest.

`mail_due` is the work of the task `MAIL_DUE`: what is due is locked, settled and promised as mails
in one transaction, so that each firing mails once, however many wake. What a mail says is composed
when it is handed over: what was read meanwhile, or may not be seen any more, isn't in it, and a
mail in which nothing is left isn't sent.
"""

from collections.abc import Sequence
from typing import Final, Protocol
from uuid import UUID

import msgspec

from core.messages.contracts import MailToMember, MemberMail
from core.notifications.contracts import NotificationId, NotificationView
from core.notifications.deliveries import MAIL_DUE, DueItem, collect_due, wake
from core.notifications.ports import Colleague, MailDeliveries, NotificationDesk
from core.notifications.preferences import refuses_mail
from core.notifications.reach import reach_of_role
from core.notifications.wording import told_in
from core.ports.tasks import Tasks, task
from core.ports.unsubscribing import EVERY_NOTIFICATION
from core.shared.clock import Clock, UtcDatetime
from core.shared.ids import MemberId
from core.shared.permissions import Action
from core.shared.usecase import Command, handles
from core.templates.contracts import Items, TemplateKind

IDS: Final = "notifications"
"""The value of a mail that names what it is about."""

MOST_AT_ONCE: Final = 25
"""So many mails a transaction promises: nobody in the tenant is told of anything meanwhile."""

MOST_LISTED: Final = 50
"""As many items of a list as templates show."""


class JobOf(msgspec.Struct, frozen=True):
    """What an application is for, and how far it is."""

    job_title: str
    stage_name: str


class MailFacts(Protocol):
    """What mails about notifications say besides what is in the inbox."""

    async def member(self, member_id: MemberId) -> Colleague | None:
        """Return an active member."""
        ...

    async def note(self, notification_id: NotificationId) -> str | None:
        """Return the text of the note that a notification is about."""
        ...

    async def job(self, application_id: UUID) -> JobOf | None:
        """Return what an application is for."""
        ...


class Composed(msgspec.Struct, frozen=True):
    """What a mail is made of."""

    kind: TemplateKind
    values: dict[str, str | Items]
    mail_list: str
    """What its link to unsubscribe stops."""


@task(MAIL_DUE)
class MailDue(Command[None], frozen=True, kw_only=True):
    """Mail to a member what is due now."""

    member_id: MemberId
    due_at: UtcDatetime | None = None
    """For what was due then somebody was woken: it is time for it, be a clock behind another."""


@handles(MailDue, action=Action.MANAGE_MESSAGES)
async def mail_due(
    command: MailDue,
    *,
    desk: NotificationDesk,
    deliveries: MailDeliveries,
    mail: MemberMail,
    facts: MailFacts,
    tasks: Tasks,
    clock: Clock,
) -> None:
    """Promise the mails. Where nothing sends, what is due is dropped: nobody mails the past."""
    now = clock.now()
    if command.due_at is not None:
        now = max(now, command.due_at)
    if not await mail.is_possible():
        await deliveries.drop_due(command.member_id, now)
        return
    due = await collect_due(
        command.member_id, desk=desk, deliveries=deliveries, tasks=tasks, now=now
    )
    member = None if due is None else await facts.member(command.member_id)
    if due is None or member is None:
        return
    items = _as_many_as_fit(due.items)
    if len(items) < len(due.items):
        await wake(tasks, command.member_id, now, now)
    await deliveries.settle([each.view.id for each in items], "sent", now)
    for purpose, together in _mails(items):
        await mail.promise(
            MailToMember(
                purpose=purpose,
                member_id=member.id,
                to_address=member.email,
                to_name=member.name,
                values={IDS: ",".join(str(each.id) for each in together)},
            )
        )


async def compose(
    member_id: MemberId,
    ids: Sequence[NotificationId],
    purpose: TemplateKind,
    language: str,
    *,
    desk: NotificationDesk,
    deliveries: MailDeliveries,
    facts: MailFacts,
    base_url: str,
) -> Composed | None:
    """Return what a mail says now, None when nothing is left. `base_url`: of the console."""
    found = await desk.recipients([member_id], (), None, None, admins=False)
    member = await facts.member(member_id)
    if not found or member is None:
        return None
    (recipient,) = found
    unread = await deliveries.unread(member_id, reach_of_role(recipient.role), ids)
    views = [
        view for view in unread if not refuses_mail(view.type, recipient.own, recipient.defaults)
    ]
    if not views:
        return None
    values: dict[str, str | Items] = {
        "member_name": member.name,
        "preferences_link": f"{base_url}/account/notifications",
    }
    if purpose == "digest":
        return Composed("digest", values | _digest(views, language, base_url), EVERY_NOTIFICATION)
    (view, *_) = views
    own = await _own_words(view, facts, base_url)
    if own is not None:
        kind, more = own
        return Composed(kind, values | more, view.type)
    values.update(_item(view, language, base_url))
    return Composed("notification", values, view.type)


def _as_many_as_fit(items: Sequence[DueItem]) -> list[DueItem]:
    """Leave out what would be too many mails; what is gathered is one, however much it is."""
    at_once = [each.view.id for each in items if each.cadence == "at_once"]
    later = frozenset(at_once[MOST_AT_ONCE:])
    return [each for each in items if each.view.id not in later]


def _mails(items: Sequence[DueItem]) -> list[tuple[TemplateKind, list[NotificationView]]]:
    at_once = [each.view for each in items if each.cadence == "at_once"]
    gathered = [each.view for each in items if each.cadence != "at_once"]
    mails: list[tuple[TemplateKind, list[NotificationView]]] = [
        (_purpose(each), [each]) for each in at_once
    ]
    return [*mails, ("digest", gathered)] if gathered else mails


def _purpose(view: NotificationView) -> TemplateKind:
    if view.count == 1 and view.type == "assignment":
        return "assignment"
    if view.count == 1 and view.type == "mention":
        return "mention"
    return "notification"


async def _own_words(
    view: NotificationView, facts: MailFacts, base_url: str
) -> tuple[TemplateKind, dict[str, str | Items]] | None:
    """Return what the template of its own says, None when there is none, or not enough to say."""
    kind = _purpose(view)
    candidate = view.words.get("candidate")
    if kind == "notification" or candidate is None:
        return None
    values: dict[str, str | Items] = {
        "candidate_name": candidate,
        "application_link": link_of(view, base_url),
    }
    actor = "" if view.actor is None else view.actor.name
    if kind == "mention":
        note = await facts.note(view.id)
        if note is None or not actor:
            return None
        job_title = view.words.get("job", "")
        return kind, values | {
            "job_title": job_title,
            "author_name": actor,
            "comment_text": note,
        }
    job = None if view.application_id is None else await facts.job(view.application_id)
    if job is None:
        return None
    return kind, values | {
        "job_title": job.job_title,
        "stage_name": job.stage_name,
        "assigner_name": actor,
    }


def _digest(
    views: Sequence[NotificationView], language: str, base_url: str
) -> dict[str, str | Items]:
    listed = views[:MOST_LISTED]
    items = [_item(each, language, base_url) for each in listed]
    more, left_out = len(views) - 1, len(views) - len(listed)
    return {
        "first_title": items[0]["notification_title"],
        "more_count": str(more) if more else "",
        "notifications": tuple(items),
        "left_out": str(left_out) if left_out else "",
        "inbox_link": f"{base_url}/notifications",
    }


def _item(view: NotificationView, language: str, base_url: str) -> dict[str, str]:
    title, message = told_in(view, language)
    return {
        "notification_title": title,
        "notification_text": message,
        "notification_link": link_of(view, base_url),
    }


def link_of(view: NotificationView, base_url: str) -> str:
    """Return the address of the page that shows it; opened by its reader, it marks it as read."""
    separator = "&" if "?" in view.link else "?"
    return f"{base_url}{view.link}{separator}notification={view.id}"
