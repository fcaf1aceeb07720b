"""What is promised of notifications by e-mail; `sql/notifications.sql` holds the statements."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any, Literal

import msgspec
import sqlalchemy as sa

from core.notifications.contracts import NotificationId, NotificationView
from core.notifications.ports import Due, Promise, Reach
from core.shared.clock import UtcDatetime
from core.shared.ids import MemberId
from plugins.postgres.notification_tables import notification_deliveries
from plugins.postgres.notifications import view_of, wait_for_inboxes
from plugins.postgres.unit import Unit

_rows = notification_deliveries.c


class PostgresMailDeliveries:
    """Implements `core.notifications.ports.MailDeliveries`."""

    def __init__(self, unit: Unit) -> None:
        self._unit = unit

    async def promise(
        self, promised: Sequence[Promise], apart: timedelta, gather: timedelta, now: UtcDatetime
    ) -> list[tuple[MemberId, UtcDatetime]]:
        """Insert or bring forward, in one round trip."""
        given = [
            {
                "notification": each.notification_id,
                "member": each.member_id,
                "cadence": each.cadence,
                "due": each.due_at,
            }
            for each in promised
        ]
        encoded = msgspec.json.encode(given).decode()
        rows = await self._unit.call("promise_mail_v2", encoded, apart, gather, now)
        return [(MemberId(row["whose"]), UtcDatetime(row["at"])) for row in rows]

    async def due(self, member_id: MemberId, until: UtcDatetime) -> list[Due]:
        """Lock what waits and is due, once nobody is being told anything."""
        await wait_for_inboxes(self._unit)
        rows = await self._unit.all(
            sa.select(_rows.notification_id, _rows.cadence, _rows.round)
            .where(
                _rows.member_id == member_id,
                _rows.channel == "email",
                _rows.state == "waiting",
                _rows.due_at <= until,
            )
            .order_by(_rows.due_at, _rows.notification_id)
            .with_for_update()
        )
        return [Due(*tuple(row)) for row in rows]

    async def drop_due(self, member_id: MemberId, now: UtcDatetime) -> None:
        """Update what waits."""
        await self._unit.execute(
            sa.update(notification_deliveries)
            .where(
                _rows.member_id == member_id,
                _rows.channel == "email",
                _rows.state == "waiting",
                _rows.due_at <= now,
            )
            .values(state="dropped", settled_at=now)
        )

    async def unread(
        self, member_id: MemberId, reach: Reach, ids: Sequence[NotificationId]
    ) -> list[NotificationView]:
        """Read them in one round trip."""
        found = await self._unit.call(
            "unread_of_notifications_v1",
            member_id,
            list(reach.types),
            reach.only_assigned,
            list(ids),
        )
        return [view_of(row) for row in found]

    async def was_sent(self, notification_id: NotificationId) -> bool:
        """Look at its row."""
        row = await self._unit.one_or_none(
            sa.select(_rows.state).where(
                _rows.notification_id == notification_id, _rows.channel == "email"
            )
        )
        return row is not None and row.state == "sent"

    async def settle(
        self, ids: Sequence[NotificationId], state: Literal["sent", "dropped"], now: UtcDatetime
    ) -> None:
        """Update what waits."""
        await self._change(ids, {"state": state, "settled_at": now})

    async def overdue(self, before: UtcDatetime) -> list[MemberId]:
        """Look for what nobody took."""
        rows = await self._unit.all(
            sa.select(_rows.member_id)
            .where(_rows.channel == "email", _rows.state == "waiting", _rows.due_at < before)
            .distinct()
        )
        return [MemberId(row.member_id) for row in rows]

    async def put_off(self, ids: Sequence[NotificationId], until: UtcDatetime) -> None:
        """Update what waits."""
        await self._change(ids, {"due_at": until})

    async def _change(self, ids: Sequence[NotificationId], values: dict[str, Any]) -> None:
        await self._unit.execute(
            sa.update(notification_deliveries)
            .where(
                _rows.notification_id.in_(ids), _rows.channel == "email", _rows.state == "waiting"
            )
            .values(values)
        )
