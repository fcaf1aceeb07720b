"""Sessions, stored by the hash of their token. A session that ended is deleted."""

from dataclasses import asdict

import sqlalchemy as sa

from core.identity.contracts.sign_in import SessionId
from core.identity.model import Session
from core.shared.clock import UtcDatetime
from core.shared.ids import MemberId
from plugins.postgres.schema import Ref, tenant_table, text_column, time_column, uuid_column
from plugins.postgres.unit import Unit

sessions = tenant_table(
    "sessions",
    uuid_column("id"),
    uuid_column("member_id"),
    uuid_column("account_id"),
    sa.Column("token_hash", sa.LargeBinary, nullable=False),
    text_column("user_agent"),
    time_column("created_at"),
    time_column("last_used_at"),
    time_column("idle_until"),
    time_column("expires_at"),
    unique=[("token_hash",)],
    refs=[Ref("member_id", "members", "CASCADE")],
    indexes=[("member_id",), ("account_id",), ("expires_at",)],
)


class PostgresSessions:
    """Implements `core.identity.ports.SessionRepository`."""

    def __init__(self, unit: Unit) -> None:
        self._unit = unit

    async def add(self, session: Session, now: UtcDatetime) -> None:
        """Insert a session, and delete the member's that have ended."""
        await self._unit.execute(
            sa.delete(sessions).where(
                sessions.c.member_id == session.member_id,
                sa.or_(sessions.c.expires_at <= now, sessions.c.idle_until <= now),
            )
        )
        await self._unit.execute(
            sa.insert(sessions).values(
                tenant_id=self._unit.tenant_id, last_used_at=now, **asdict(session)
            )
        )

    async def end(self, session_id: SessionId, member_id: MemberId) -> bool:
        """Delete one session of a member; whether there was one."""
        result = await self._unit.execute(
            sa.delete(sessions).where(
                sessions.c.id == session_id, sessions.c.member_id == member_id
            )
        )
        return result.rowcount == 1

    async def end_by_digest(self, digest: bytes) -> None:
        """Delete the session of a token, if there is one."""
        await self._unit.execute(sa.delete(sessions).where(sessions.c.token_hash == digest))

    async def end_of_member(self, member_id: MemberId) -> int:
        """Delete every session of a member in this tenant and return how many there were."""
        result = await self._unit.execute(
            sa.delete(sessions).where(sessions.c.member_id == member_id)
        )
        return result.rowcount
