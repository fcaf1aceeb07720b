"""Fills inboxes and reads them; `sql/notifications.sql` holds the statements."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

import msgspec
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY

from core.notifications.about import About
from core.notifications.contracts import (
    Badge,
    Inbox,
    ListNotifications,
    NotificationActor,
    NotificationId,
    NotificationType,
    NotificationView,
)
from core.notifications.ports import (
    Colleague,
    Concerned,
    Entry,
    Filing,
    Reach,
    Recipient,
    Surroundings,
    Told,
)
from core.notifications.wording import worded
from core.shared.actor import Role
from core.shared.clock import UtcDatetime
from core.shared.cursor import decode_cursor, encode_cursor
from core.shared.ids import EventId, MemberId
from plugins.postgres.database import TenantReader
from plugins.postgres.members import members
from plugins.postgres.notification_preferences import defaults_of, preferences_of
from plugins.postgres.notification_tables import notifications
from plugins.postgres.unit import Unit

_LOCK: Final = sa.text("SELECT pg_advisory_xact_lock(hashtextextended(:name, 0))")


class PostgresNotificationDesk:
    """Implements `core.notifications.ports.NotificationDesk`."""

    def __init__(self, unit: Unit) -> None:
        self._unit = unit

    async def surroundings(self, asked: Sequence[tuple[EventId, About]]) -> list[Surroundings]:
        """Look around in one round trip."""
        given = [
            {
                "event": event_id,
                "application": about.application_id,
                "note": about.note_id,
                "work": about.work_id,
                "stage": about.stage_id,
            }
            for event_id, about in asked
        ]
        rows = await self._unit.call("notification_subjects_v1", _json(given))
        return [
            Surroundings(
                actor_id=row["actor_id"],
                candidate_id=row["candidate_id"],
                job_id=row["job_id"],
                stage=row["stage"],
                assignee_id=row["assignee_id"],
                recruiters=tuple(row["recruiters"] or ()),
                keepers=tuple(row["keepers"] or ()),
                starter_id=row["starter_id"],
                note_text=row["note_text"],
                defaults=defaults_of(row["decided"] or {}),
            )
            for row in rows
        ]

    async def colleagues(self) -> list[Colleague]:
        """Return every active member."""
        rows = await self._unit.all(
            sa.select(members.c.id, members.c.name, members.c.email).where(
                members.c.status == "active"
            )
        )
        return [Colleague(*tuple(row)) for row in rows]

    async def recipients(
        self,
        members: Collection[MemberId],
        limited: Collection[Role],
        application_id: UUID | None,
        candidate_id: UUID | None,
        *,
        admins: bool,
    ) -> list[Recipient]:
        """Return the active ones of `members`, and the admins where they are asked for."""
        (found,) = await self.recipients_of(
            [Concerned(frozenset(members), admins, tuple(limited), application_id, candidate_id)]
        )
        return found

    async def recipients_of(self, asked: Sequence[Concerned]) -> list[list[Recipient]]:
        """Ask each question once, in one round trip."""
        questions = list(dict.fromkeys(asked))
        rows = await self._unit.call("notification_recipients_of_v1", _json(questions))
        found: dict[Concerned, list[Recipient]] = {each: [] for each in questions}
        for row in rows:
            found[questions[row["place"] - 1]].append(
                Recipient(
                    id=row["id"],
                    role=row["role"],
                    sees=row["sees"],
                    own=preferences_of(row["own"] or {}),
                    defaults=defaults_of(row["decided"] or {}),
                    browsers=tuple(row["browsers"] or ()),
                )
            )
        return [found[each] for each in asked]

    async def file(self, filings: Sequence[Filing]) -> list[list[Told]]:
        """Insert or grow them, and count what each has unread, in one round trip."""
        given = [
            {
                "receivers": [
                    {
                        "member": member_id,
                        "id": notification_id,
                        "types": reach.types,
                        "limited": reach.only_assigned,
                    }
                    for member_id, notification_id, reach in filing.receivers
                ],
                "type": filing.entry.type,
                "notice": filing.entry.notice,
                "grouped": filing.entry.group,
                "once": filing.entry.is_once,
                "application": filing.entry.application_id,
                "note": filing.entry.note_id,
                "actor": filing.entry.actor_id,
                "details": filing.entry.details,
                "at": filing.entry.at,
            }
            for filing in filings
        ]
        rows = await self._unit.call("file_notifications_v1", _json(given))
        told: list[list[Told]] = [[] for _ in filings]
        for place, *row in rows:
            told[place - 1].append(Told(*row))
        return told


class PostgresInboxes:
    """Implements `core.notifications.ports.InboxRepository`."""

    def __init__(self, unit: Unit) -> None:
        self._unit = unit

    async def mark_read(
        self,
        member_id: MemberId,
        at: UtcDatetime,
        *,
        ids: Sequence[NotificationId] | None,
        up_to: UtcDatetime | None,
        type: NotificationType | None,  # noqa: A002 - as the port calls it
    ) -> list[NotificationId]:
        """Update those that fit."""
        await wait_for_inboxes(self._unit)
        statement = sa.update(notifications).where(
            notifications.c.member_id == member_id, notifications.c.read_at.is_(None)
        )
        if ids is not None:
            statement = statement.where(notifications.c.id.in_(ids))
        if up_to is not None:
            statement = statement.where(notifications.c.updated_at <= up_to)
        if type is not None:
            statement = statement.where(notifications.c.type == type)
        seen_at = sa.func.coalesce(notifications.c.seen_at, at)
        return await self._marked(statement.values(read_at=at, seen_at=seen_at))

    async def mark_seen(
        self, member_id: MemberId, at: UtcDatetime, up_to: UtcDatetime | None
    ) -> list[NotificationId]:
        """Update those that weren't seen."""
        await wait_for_inboxes(self._unit)
        statement = sa.update(notifications).where(
            notifications.c.member_id == member_id,
            notifications.c.read_at.is_(None),
            notifications.c.seen_at.is_(None),
        )
        if up_to is not None:
            statement = statement.where(notifications.c.updated_at <= up_to)
        return await self._marked(statement.values(seen_at=at))

    async def unseen(self, member_id: MemberId, notification_id: NotificationId) -> Entry | None:
        """Read it, once no other change of inboxes is under way."""
        await wait_for_inboxes(self._unit)
        row = await self._unit.one_or_none(
            sa.select(notifications).where(
                notifications.c.id == notification_id,
                notifications.c.member_id == member_id,
                notifications.c.seen_at.is_(None),
                notifications.c.read_at.is_(None),
            )
        )
        if row is None:
            return None
        return Entry(
            type=row.type,
            notice=row.notice,
            group=row.group_key,
            is_once=False,
            application_id=row.application_id,
            note_id=row.note_id,
            actor_id=row.actor_id,
            details=row.details,
            at=UtcDatetime(row.created_at),
        )

    async def unread(self, member_id: MemberId, reach: Reach) -> int:
        """Count in the open transaction."""
        counted = sa.func.unread_notifications_v1(
            self._unit.tenant_id,
            member_id,
            sa.literal(list(reach.types), ARRAY(sa.Text)),
            reach.only_assigned,
        )
        (row,) = await self._unit.all(sa.select(counted))
        return int(row[0])

    async def prune(self, read_for: timedelta, told_for: timedelta, now: UtcDatetime) -> int:
        """Delete what is old."""
        deleted = await self._unit.execute(
            sa.delete(notifications).where(
                sa.or_(
                    notifications.c.updated_at < now - told_for,
                    sa.and_(
                        notifications.c.updated_at < now - read_for,
                        notifications.c.read_at < now - read_for,
                    ),
                )
            )
        )
        return deleted.rowcount

    async def _marked(self, statement: sa.Update) -> list[NotificationId]:
        rows = await self._unit.execute(statement.returning(notifications.c.id))
        return [NotificationId(row.id) for row in rows]


class PostgresInboxQueries:
    """Implements `core.notifications.ports.InboxQueries`."""

    def __init__(self, reader: TenantReader) -> None:
        self._reader = reader

    async def page(self, member_id: MemberId, reach: Reach, query: ListNotifications) -> Inbox:
        """Return a page and the number of unread ones."""
        types = [each for each in reach.types if query.type in (None, each)]
        limit = query.page.limit
        after: tuple[datetime | None, UUID | None] = (None, None)
        if query.page.cursor is not None:
            after = decode_cursor(query.page.cursor, tuple[datetime, UUID])
        arguments = (types, reach.only_assigned, query.unread, limit + 1, *after, None)
        rows = await self._reader.call("list_notifications_v1", member_id, *arguments)
        items = [view_of(row) for row in rows[:limit]]
        badge = await self.badge(member_id, reach)
        if len(rows) <= limit:
            return Inbox(items, badge.unread)
        last = items[-1]
        return Inbox(items, badge.unread, encode_cursor((last.updated_at, last.id)))

    async def one(
        self, member_id: MemberId, reach: Reach, notification_id: NotificationId
    ) -> Inbox | None:
        """Return it alone."""
        alone = (list(reach.types), reach.only_assigned, False, 1, None, None, notification_id)
        rows = await self._reader.call("list_notifications_v1", member_id, *alone)
        if not rows:
            return None
        return Inbox([view_of(rows[0])], (await self.badge(member_id, reach)).unread)

    async def badge(self, member_id: MemberId, reach: Reach) -> Badge:
        """Count in one round trip."""
        rows = await self._reader.call(
            "notification_badge_v1", member_id, list(reach.types), reach.only_assigned
        )
        return Badge(*rows[0])


async def wait_for_inboxes(unit: Unit) -> None:
    """Inboxes of a tenant change one transaction after the other: see `file_notifications_v1`."""
    await unit.execute(_LOCK, {"name": f"notifications:{unit.tenant_id}"})


def _json(value: Any) -> str:
    return msgspec.json.encode(value).decode()


def view_of(row: Any) -> NotificationView:
    """Return a notification from a row of `list_notifications_v1`."""
    actor_id, actor = row["actor_id"], row["actor"]
    return worded(
        notice=row["notice"],
        count=row["times"],
        names={"candidate": row["candidate"], "job": row["job"], "actor": actor},
        details=row["details"],
        id=NotificationId(row["id"]),
        type=row["type"],
        actor=None if actor_id is None else NotificationActor(MemberId(actor_id), actor or ""),
        application_id=row["application_id"],
        candidate_id=row["candidate_id"],
        job_id=row["job_id"],
        created_at=row["created_at"],
        updated_at=row["updated_at"],
        seen_at=row["seen_at"],
        read_at=row["read_at"],
    )
