"""Reads about people and credentials, straight from rows; no column of a hash is ever selected."""

from typing import Any, Final, TypeVar
from uuid import UUID

import msgspec
import sqlalchemy as sa

from core.identity.contracts.api_keys import ApiKeyView
from core.identity.contracts.sign_in import SessionId, SessionView, Workspace
from core.identity.contracts.team import InvitationView, MemberStatus, MemberView
from core.shared.actor import Role
from core.shared.clock import Clock, UtcDatetime
from core.shared.cursor import decode_cursor, encode_cursor
from core.shared.errors import NotFound
from core.shared.ids import AccountId, MemberId
from core.shared.paging import Page, PageRequest
from plugins.postgres.api_keys import api_keys
from plugins.postgres.database import TenantReader
from plugins.postgres.links import invitations
from plugins.postgres.members import members
from plugins.postgres.sessions import sessions
from plugins.postgres.tenant_repository import IDENTITY_CHANGED
from plugins.postgres.unit import Unit

V = TypeVar("V", bound=msgspec.Struct)

_MOST: Final = 1_000
"""Lists that nobody pages through end here; a plan allows at most a few hundred of either."""

_OPEN: Final = sa.and_(invitations.c.accepted_at.is_(None), invitations.c.revoked_at.is_(None))


class PostgresIdentityQueries:
    """Implements `core.identity.ports.IdentityQueries`."""

    def __init__(self, reader: TenantReader, clock: Clock) -> None:
        self._reader = reader
        self._clock = clock

    async def members(
        self, page: PageRequest, *, role: Role | None, status: MemberStatus | None
    ) -> Page[MemberView]:
        """Return members in the order of their ids, which is that in which they joined."""
        statement = sa.select(members).order_by(members.c.id).limit(page.limit + 1)
        if page.cursor is not None:
            statement = statement.where(members.c.id > decode_cursor(page.cursor, UUID))
        if role is not None:
            statement = statement.where(members.c.role == role)
        if status is not None:
            statement = statement.where(members.c.status == status)
        rows = await self._reader.select(statement)
        views = [_view(row, MemberView) for row in rows[: page.limit]]
        more = len(rows) > page.limit
        return Page(views, encode_cursor(views[-1].id) if more else None)

    async def member(self, member_id: MemberId) -> MemberView:
        """Return one member. Raises NotFound."""
        rows = await self._reader.select(sa.select(members).where(members.c.id == member_id))
        if not rows:
            raise NotFound("There is no such member.")
        return _view(rows[0], MemberView)

    async def open_invitations(self, now: UtcDatetime) -> tuple[InvitationView, ...]:
        """Return the invitations that are neither accepted nor withdrawn, the newest first."""
        rows = await self._reader.select(
            sa.select(invitations).where(_OPEN).order_by(invitations.c.id.desc()).limit(_MOST)
        )
        return tuple(_invitation(row, now) for row in rows)

    async def invitation_by_digest(self, digest: bytes) -> InvitationView | None:
        """Return the invitation of a token."""
        rows = await self._reader.select(
            sa.select(invitations).where(invitations.c.token_hash == digest)
        )
        return _invitation(rows[0], self._clock.now()) if rows else None

    async def sessions(
        self, member_id: MemberId, *, current: SessionId, now: UtcDatetime
    ) -> tuple[SessionView, ...]:
        """Return the member's live sessions, the last used first."""
        rows = await self._reader.select(
            sa.select(sessions)
            .where(
                sessions.c.member_id == member_id,
                sessions.c.expires_at > now,
                sessions.c.idle_until > now,
            )
            .order_by(sessions.c.last_used_at.desc(), sessions.c.id)
            .limit(_MOST)
        )
        return tuple(
            SessionView(
                id=row.id,
                is_current=row.id == current,
                user_agent=row.user_agent,
                created_at=row.created_at,
                last_used_at=row.last_used_at,
                expires_at=min(row.idle_until, row.expires_at),
            )
            for row in rows
        )

    async def api_keys(self, member_id: MemberId | None) -> tuple[ApiKeyView, ...]:
        """Return the keys of a member, or everybody's, the newest first."""
        statement = sa.select(api_keys).order_by(api_keys.c.id.desc()).limit(_MOST)
        if member_id is not None:
            statement = statement.where(api_keys.c.member_id == member_id)
        return tuple(_view(row, ApiKeyView) for row in await self._reader.select(statement))

    async def workspaces(self, account_id: AccountId) -> tuple[Workspace, ...]:
        """Return the tenants that a member of this one is an active member of."""
        rows = await self._reader.call("account_workspaces_v1", account_id)
        return tuple(Workspace(row["slug"], row["tenant_name"], row["role"]) for row in rows)


class PostgresIdentityChanges:
    """Implements `core.identity.ports.IdentityChanges`."""

    def __init__(self, unit: Unit) -> None:
        self._unit = unit

    async def announce_change(self) -> None:
        """Notify at the commit."""
        await self._unit.execute(IDENTITY_CHANGED, {"tenant": str(self._unit.tenant_id)})


def _view(row: sa.Row[Any], view: type[V], **computed: Any) -> V:
    names = [name for name in view.__struct_fields__ if name not in computed]
    return msgspec.convert({**{name: getattr(row, name) for name in names}, **computed}, view)


def _invitation(row: sa.Row[Any], now: UtcDatetime) -> InvitationView:
    if row.accepted_at is not None:
        status = "accepted"
    elif row.revoked_at is not None:
        status = "revoked"
    else:
        status = "open" if now < row.expires_at else "expired"
    return _view(row, InvitationView, status=status)
