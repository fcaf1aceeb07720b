"""What members want to hear of, and the browsers that take their push messages."""

from collections.abc import Mapping, Sequence
from typing import Any, Final, TypeVar

import msgspec
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from core.notifications.contracts import Browser, BrowserId
from core.notifications.preferences import Defaults, Preferences
from core.shared.actor import Role
from core.shared.clock import UtcDatetime
from core.shared.ids import MemberId
from plugins.postgres.database import TenantReader
from plugins.postgres.members import members
from plugins.postgres.notification_tables import (
    notification_defaults,
    notification_preferences,
    push_browsers,
)
from plugins.postgres.unit import Unit

S = TypeVar("S", bound=msgspec.Struct)

_LOCK: Final = sa.text("SELECT pg_advisory_xact_lock(hashtextextended(:name, 0))")


class PostgresPreferenceQueries:
    """Implements `core.notifications.ports.PreferenceQueries`."""

    def __init__(self, reader: TenantReader) -> None:
        self._reader = reader

    async def of(self, member_id: MemberId) -> Preferences:
        """Return what the member chose."""
        return _of_rows(await self._reader.select(_own(member_id)))

    async def defaults(self) -> Defaults:
        """Return what the workspace decided."""
        return _defaults_of(await self._reader.select(sa.select(notification_defaults)))


class PostgresPreferences:
    """Implements `core.notifications.ports.PreferenceRepository`."""

    def __init__(self, unit: Unit) -> None:
        self._unit = unit

    async def of(self, member_id: MemberId) -> Preferences:
        """Return what the member chose, once no other change of it is under way."""
        name = f"notification_preferences:{self._unit.tenant_id}:{member_id}"
        await self._unit.execute(_LOCK, {"name": name})
        return _of_rows(await self._unit.all(_own(member_id)))

    async def defaults(self) -> Defaults:
        """Return what the workspace decided, locked."""
        return _defaults_of(
            await self._unit.all(sa.select(notification_defaults).with_for_update())
        )

    async def save(self, member_id: MemberId, own: Preferences, at: UtcDatetime) -> None:
        """Insert or replace."""
        values = {
            "choices": own.choices,
            "quiet_hours": msgspec.to_builtins(own.quiet_hours),
            "pop_ups": own.pop_ups,
            "digest": msgspec.to_builtins(own.digest),
            "escalate_after_hours": own.escalate_after_hours,
            "updated_at": at,
        }
        await self._put(notification_preferences, {"member_id": member_id}, values)

    async def save_defaults(self, defaults: Defaults, at: UtcDatetime) -> None:
        """Insert or replace."""
        values = {
            "choices": defaults.choices,
            "locked": defaults.locked,
            "escalate_after_hours": defaults.escalate_after_hours,
            "chat": msgspec.to_builtins(defaults.chat),
            "updated_at": at,
        }
        await self._put(notification_defaults, {}, values)

    async def _put(
        self, table: sa.Table, key: Mapping[str, Any], values: Mapping[str, Any]
    ) -> None:
        whole = {"tenant_id": self._unit.tenant_id, **key}
        await self._unit.execute(
            postgresql.insert(table)
            .values(**whole, **values)
            .on_conflict_do_update(index_elements=list(whole), set_=dict(values))
        )


class PostgresBrowserQueries:
    """Implements `core.notifications.ports.BrowserQueries`."""

    def __init__(self, reader: TenantReader) -> None:
        self._reader = reader

    async def of(self, member_id: MemberId) -> tuple[Browser, ...]:
        """Return them, the latest first."""
        rows = await self._reader.select(
            sa.select(push_browsers.c.id, push_browsers.c.label, push_browsers.c.added_at)
            .where(push_browsers.c.member_id == member_id)
            .order_by(push_browsers.c.added_at.desc(), push_browsers.c.id.desc())
        )
        return tuple(Browser(*tuple(row)) for row in rows)


class PostgresBrowsers:
    """Implements `core.notifications.ports.BrowserRepository`."""

    def __init__(self, unit: Unit) -> None:
        self._unit = unit

    async def add(
        self, member_id: MemberId, browser: Browser, endpoint: bytes, sealed: str
    ) -> None:
        """Insert it."""
        await self._unit.execute(
            sa.insert(push_browsers).values(
                tenant_id=self._unit.tenant_id,
                id=browser.id,
                member_id=member_id,
                endpoint=endpoint,
                sealed=sealed,
                label=browser.label,
                added_at=browser.added_at,
            )
        )

    async def with_endpoint(self, endpoint: bytes) -> BrowserId | None:
        """Look for it, alone."""
        name = f"push_browsers:{self._unit.tenant_id}"
        await self._unit.execute(_LOCK, {"name": name})
        row = await self._unit.one_or_none(
            sa.select(push_browsers.c.id).where(push_browsers.c.endpoint == endpoint)
        )
        return None if row is None else BrowserId(row.id)

    async def is_of(self, member_id: MemberId, browser_id: BrowserId) -> bool:
        """Look for it among the member's."""
        return await self.target_of(member_id, browser_id) is not None

    async def target_of(
        self, member_id: MemberId, browser_id: BrowserId
    ) -> tuple[Role, str] | None:
        """Return it with the role of its member, who is active."""
        row = await self._unit.one_or_none(
            sa.select(members.c.role, push_browsers.c.sealed)
            .join_from(
                push_browsers,
                members,
                sa.and_(
                    members.c.tenant_id == push_browsers.c.tenant_id,
                    members.c.id == push_browsers.c.member_id,
                ),
            )
            .where(
                push_browsers.c.id == browser_id,
                push_browsers.c.member_id == member_id,
                members.c.status == "active",
            )
        )
        return None if row is None else (row.role, row.sealed)

    async def remove(self, browser_id: BrowserId) -> None:
        """Delete it."""
        await self._unit.execute(sa.delete(push_browsers).where(push_browsers.c.id == browser_id))

    async def keep_latest(self, member_id: MemberId, most: int) -> None:
        """Delete what is beyond."""
        kept = (
            sa.select(push_browsers.c.id)
            .where(push_browsers.c.member_id == member_id)
            .order_by(push_browsers.c.added_at.desc(), push_browsers.c.id.desc())
            .limit(most)
        )
        await self._unit.execute(
            sa.delete(push_browsers).where(
                push_browsers.c.member_id == member_id, push_browsers.c.id.not_in(kept)
            )
        )


def _own(member_id: MemberId) -> sa.Select[Any]:
    table = notification_preferences
    return sa.select(table).where(table.c.member_id == member_id)


def _of_rows(rows: Sequence[sa.Row[Any]]) -> Preferences:
    return _made(rows[0], Preferences) if rows else Preferences()


def _defaults_of(rows: Sequence[sa.Row[Any]]) -> Defaults:
    return _made(rows[0], Defaults) if rows else Defaults()


def preferences_of(row: Mapping[str, Any]) -> Preferences:
    """Return preferences from a row as JSON, which is empty where there is none."""
    return _without_nulls(row, Preferences)


def defaults_of(row: Mapping[str, Any]) -> Defaults:
    """Return what a workspace decided, in the same way."""
    return _without_nulls(row, Defaults)


def _made(row: sa.Row[Any], kind: type[S]) -> S:
    return _without_nulls({name: getattr(row, name) for name in kind.__struct_fields__}, kind)


def _without_nulls(row: Mapping[str, Any], kind: type[S]) -> S:
    given = {name: row.get(name) for name in kind.__struct_fields__}
    return msgspec.convert({name: v for name, v in given.items() if v is not None}, kind)
