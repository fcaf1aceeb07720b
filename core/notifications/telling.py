"""Finds out what there is to tell of events, and whom: the first half of what `handlers` does."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from typing import Any, Final
from uuid import UUID

import msgspec

from core.notifications.about import About
from core.notifications.mentions import mentioned
from core.notifications.notices import Notice, Receiver, notices_of
from core.notifications.ports import (
    Colleague,
    Concerned,
    Entry,
    NotificationDesk,
    Recipient,
    Surroundings,
    Told,
)
from core.notifications.preferences import hears
from core.notifications.reach import grant_of, roles_with
from core.notifications.types import TYPES
from core.shared.ids import MemberId
from core.shared.reactions import Happened

_LONGEST_NOTE: Final = 20_000
"""Characters of a note in which mentions are looked for."""


class Telling(msgspec.Struct):
    """An event as one notice tells of it, while whom it is told is found out."""

    happened: Happened
    name: str
    notice: Notice
    about: About
    around: Surroundings
    concerned: list[Recipient] = []
    recipients: list[Recipient] = []
    filed: list[tuple[Recipient, Told]] = []

    @property
    def entry(self) -> Entry:
        """What is put into inboxes."""
        around, about, delivery = self.around, self.about, self.happened.delivery
        return Entry(
            type=self.notice.type,
            notice=self.name,
            group=f"{self.name}:{_group(self.notice, about, around) or delivery.event_id}",
            is_once=self.notice.is_once,
            application_id=about.application_id,
            note_id=about.note_id,
            actor_id=around.actor_id,
            details=about.details | ({"stage": around.stage} if around.stage else {}),
            at=delivery.occurred_at,
        )


async def tellings_of(desk: NotificationDesk, happened: Sequence[Happened]) -> list[Telling]:
    """Return what there is to tell, with what is known of it; of what is gone there is nothing."""
    found = [
        (each, name, notice, about)
        for each in happened
        for name, notice in notices_of(each.event)
        if (about := notice.about(each.event)) is not None
    ]
    if not found:
        return []
    around = await desk.surroundings(
        [(each.delivery.event_id, about) for each, _, _, about in found]
    )
    return [
        Telling(*each, known)
        for each, known in zip(found, around, strict=True)
        if not _is_gone(each[3], known)
    ]


def _is_gone(about: About, around: Surroundings) -> bool:
    """Whether the application or the note was deleted before anybody was told of it."""
    return (about.application_id is not None and around.job_id is None) or (
        about.note_id is not None and around.note_text is None
    )


async def find_recipients(desk: NotificationDesk, tellings: Sequence[Telling]) -> None:
    """Find whom each concerns, first of `receivers` and then of `otherwise`, and who is told.

    Of one event nobody is told twice.
    """
    colleagues = _Colleagues(desk)
    for is_first in (True, False):
        asked: list[tuple[Telling, Concerned]] = []
        for each in tellings:
            group = each.notice.receivers if is_first else each.notice.otherwise
            if each.concerned or not group:
                continue
            members = await _members(colleagues, group, each.about, each.around)
            if members or "admins" in group:
                asked.append((each, _concerned(each, members, is_with_admins="admins" in group)))
        if asked:
            found = await desk.recipients_of([question for _, question in asked])
            for (each, _), members_found in zip(asked, found, strict=True):
                each.concerned = members_found
    told: dict[UUID, set[MemberId]] = defaultdict(set)
    for each in tellings:
        known = told[each.happened.delivery.event_id]
        each.recipients = [
            member
            for member in each.concerned
            if member.id not in known and _is_told(member, each.notice, each.around)
        ]
        known.update(member.id for member in each.recipients)


def _concerned(
    telling: Telling, members: Collection[MemberId], *, is_with_admins: bool
) -> Concerned:
    return Concerned(
        members=frozenset(members),
        admins=is_with_admins,
        limited=tuple(roles_with("assigned", TYPES[telling.notice.type].action)),
        application_id=telling.about.application_id,
        candidate_id=telling.around.candidate_id,
    )


class _Colleagues:
    """Every active member, asked for once and only when a note may mention somebody."""

    def __init__(self, desk: NotificationDesk) -> None:
        self._desk = desk
        self._known: list[Colleague] | None = None

    async def all(self) -> list[Colleague]:
        if self._known is None:
            self._known = await self._desk.colleagues()
        return self._known


async def _members(
    colleagues: _Colleagues, group: Collection[Receiver], about: About, around: Surroundings
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
        members |= mentioned(around.note_text[:_LONGEST_NOTE], await colleagues.all())
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
