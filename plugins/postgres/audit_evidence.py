"""Reads what proves a tenant's audit trail, for `intellimatch audit verify`."""

from collections.abc import AsyncIterator
from typing import Final

import sqlalchemy as sa

from core.audit.chain import Seal, StoredEntry
from core.audit.contracts import SignedHead
from core.audit.verification import Unsealed
from plugins.postgres.audit_sealing import ENTRY, HEAD
from plugins.postgres.audit_tables import audit_heads, audit_seals
from plugins.postgres.database import TenantReader
from plugins.postgres.outbox import audit_entries

_ROWS: Final = 1_000
_LISTED: Final = 100


class PostgresAuditEvidence:
    """What the verification reads of one tenant."""

    def __init__(self, reader: TenantReader) -> None:
        self._reader = reader

    async def heads(self) -> tuple[int, list[SignedHead]]:
        """Return the position of the last seal and every head, both at one moment."""
        tenant = self._reader.tenant_id
        rows = await self._reader.select(
            sa.select(
                sa.select(sa.func.coalesce(sa.func.max(audit_seals.c.position), 0))
                .where(audit_seals.c.tenant_id == tenant)
                .scalar_subquery()
                .label("last_seal"),
                *HEAD,
            )
            .select_from(
                sa.select(sa.literal(1).label("one"))
                .subquery()
                .outerjoin(audit_heads, audit_heads.c.tenant_id == tenant)
            )
            .order_by(audit_heads.c.position)
        )
        heads = [SignedHead(tenant, *tuple(row)[1:]) for row in rows if row.position is not None]
        return rows[0].last_seal, heads

    async def seals(self, last: int) -> AsyncIterator[tuple[Seal, StoredEntry | None]]:
        """Yield the seals up to position `last`, each with its entry if that is still there."""
        tenant, after = self._reader.tenant_id, 0
        while True:
            rows = await self._reader.select(
                sa.select(
                    audit_seals.c.position,
                    audit_seals.c.entry_id,
                    audit_seals.c.hash,
                    audit_seals.c.mark,
                    *ENTRY,
                )
                .outerjoin(
                    audit_entries,
                    sa.and_(
                        audit_entries.c.tenant_id == audit_seals.c.tenant_id,
                        audit_entries.c.id == audit_seals.c.entry_id,
                    ),
                )
                .where(
                    audit_seals.c.tenant_id == tenant,
                    audit_seals.c.position > after,
                    audit_seals.c.position <= last,
                )
                .order_by(audit_seals.c.position)
                .limit(_ROWS)
            )
            for row in rows:
                entry = None if row.id is None else StoredEntry(*tuple(row)[4:])
                yield Seal(*tuple(row)[:4]), entry
            if len(rows) < _ROWS:
                return
            after = rows[-1].position

    async def unsealed(self) -> Unsealed:
        """Return what waits for a seal, and what has been tampered with before it had one."""
        row = (await self._reader.call("audit_unsealed_v1", _LISTED))[0]
        return Unsealed(
            row["waiting"], row["oldest_at"], tuple(row["never_queued"]), tuple(row["vanished"])
        )
