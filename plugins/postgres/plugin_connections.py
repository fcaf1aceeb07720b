"""Stores accounts at vendors and the questions that lead to them, and lets one process renew.

Tokens arrive here sealed. A renewal is claimed by a lease in the row: no transaction can stay open
while the vendor is asked, and a process that dies meanwhile gives way when its lease is over.
"""

from datetime import timedelta
from typing import Any, Final
from uuid import UUID

import msgspec
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from core.installations.model import Connection, Consent
from core.shared.clock import UtcDatetime
from plugins.postgres.database import TenantReader
from plugins.postgres.installation_tables import plugin_connections, plugin_consents
from plugins.postgres.installations import CONNECTION_FIELDS, NOTIFY
from plugins.postgres.unit import Unit

LEASE: Final = timedelta(seconds=60)
"""Longer than a renewal can take: the next one begins when this one has surely ended."""


class PostgresConnections:
    """Implements `core.installations.ports.ConnectionRepository`."""

    def __init__(self, unit: Unit) -> None:
        self._unit = unit

    async def keep(self, plugin_id: str, connection: Connection) -> None:
        """Insert or replace the row, and end the lease of whoever renews the tokens before."""
        connection.version += 1
        values = {name: getattr(connection, name) for name in CONNECTION_FIELDS} | {
            "tenant_id": self._unit.tenant_id,
            "plugin_id": plugin_id,
            "scopes": list(connection.scopes),
            "lease": None,
            "leased_until": None,
            "not_before": None,
        }
        upsert = postgresql.insert(plugin_connections).values(values)
        await self._unit.execute(
            upsert.on_conflict_do_update(index_elements=["tenant_id", "plugin_id"], set_=values)
        )
        await self._tell()

    async def note_broken(self, plugin_id: str, connection: Connection) -> None:
        """Keep the state and the problem; tokens that nobody takes are no longer kept."""
        await self._unit.execute(
            sa.update(plugin_connections)
            .where(plugin_connections.c.plugin_id == plugin_id)
            .values(
                state=connection.state,
                problem=connection.problem,
                sealed="",
                lease=None,
                leased_until=None,
                not_before=None,
            )
        )
        await self._tell()

    async def remove(self, plugin_id: str) -> None:
        """Delete the row, and what was asked for and not answered yet."""
        for table in (plugin_connections, plugin_consents):
            await self._unit.execute(sa.delete(table).where(table.c.plugin_id == plugin_id))
        await self._tell()

    async def _tell(self) -> None:
        await self._unit.execute(NOTIFY, {"tenant": str(self._unit.tenant_id)})


class PostgresConsents:
    """Implements `core.installations.ports.ConsentRepository`."""

    def __init__(self, unit: Unit) -> None:
        self._unit = unit

    async def keep(self, consent: Consent, now: UtcDatetime) -> None:
        """Insert the row, and delete those whose time is over."""
        columns = plugin_consents.c
        await self._unit.execute(sa.delete(plugin_consents).where(columns.expires_at <= now))
        await self._unit.execute(
            sa.insert(plugin_consents).values(
                tenant_id=self._unit.tenant_id,
                id=consent.id,
                plugin_id=consent.plugin_id,
                state_digest=consent.state_digest,
                bound_to=consent.bound_to,
                sealed=consent.sealed,
                expires_at=consent.expires_at,
            )
        )

    async def claim(self, state_digest: bytes) -> Consent | None:
        """Delete the row and return it; of two who try, one gets it."""
        row: Any = await self._unit.one_or_none(
            sa.delete(plugin_consents)
            .where(plugin_consents.c.state_digest == state_digest)
            .returning(plugin_consents)
        )
        if row is None:
            return None
        return Consent(
            id=row.id,
            plugin_id=row.plugin_id,
            state_digest=row.state_digest,
            bound_to=row.bound_to,
            sealed=row.sealed,
            expires_at=row.expires_at,
        )


class StoredTokens(msgspec.Struct, frozen=True):
    """What a renewal needs to know of a connected account."""

    state: str
    sealed: str
    expires_at: UtcDatetime | None
    is_renewable: bool
    problem: str
    version: int
    leased_until: UtcDatetime | None
    not_before: UtcDatetime | None


async def stored_tokens(reader: TenantReader, plugin_id: str) -> StoredTokens | None:
    """Return what there is of a plugin's account, read outside of any transaction."""
    rows = await reader.select(_of(plugin_id))
    return _stored(rows[0]) if rows else None


def _of(plugin_id: str) -> sa.Select[Any]:
    fields = (plugin_connections.c[name] for name in StoredTokens.__struct_fields__)
    return sa.select(*fields).where(plugin_connections.c.plugin_id == plugin_id)


def _stored(row: Any) -> StoredTokens:
    return StoredTokens(**{name: getattr(row, name) for name in StoredTokens.__struct_fields__})


class Renewals:
    """The tokens of one plugin's account within one unit: who may renew them, and what came."""

    def __init__(self, unit: Unit, plugin_id: str) -> None:
        self._unit = unit
        self._plugin_id = plugin_id
        self._is_ours = plugin_connections.c.plugin_id == plugin_id

    async def locked(self) -> StoredTokens | None:
        """Return what there is, locked until the unit ends; None without an account."""
        row = await self._unit.one_or_none(_of(self._plugin_id).with_for_update())
        return None if row is None else _stored(row)

    async def claim(self, lease: UUID, now: UtcDatetime) -> None:
        """Note, in the row that `locked` read, who renews the tokens and until when."""
        await self._unit.execute(
            sa.update(plugin_connections)
            .where(self._is_ours)
            .values(lease=lease, leased_until=now + LEASE)
        )

    async def renewed(
        self, lease: UUID, sealed: str, expires_at: UtcDatetime | None, scopes: list[str] | None
    ) -> bool:
        """Keep new tokens and end the lease. False: the account was connected anew, or is gone."""
        values: dict[str, Any] = {
            "sealed": sealed,
            "expires_at": expires_at,
            "problem": "",
            "lease": None,
            "leased_until": None,
            "not_before": None,
        }
        if scopes is not None:
            values["scopes"] = scopes
        return await self._update(lease, values)

    async def failed(self, lease: UUID, problem: str, not_before: UtcDatetime) -> bool:
        """Note why there are no new tokens, end the lease, and let nobody ask for a while."""
        return await self._update(
            lease,
            {"problem": problem, "lease": None, "leased_until": None, "not_before": not_before},
        )

    async def _update(self, lease: UUID, values: dict[str, Any]) -> bool:
        done = await self._unit.execute(
            sa.update(plugin_connections)
            .where(self._is_ours, plugin_connections.c.lease == lease)
            .values(values)
        )
        return bool(done.rowcount)
