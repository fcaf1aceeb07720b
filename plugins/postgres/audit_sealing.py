"""Seals audit entries; driven by `tenants.auditing`."""

from collections.abc import Iterable
from typing import Any, Final

import asyncpg
import sqlalchemy as sa

from core.audit.chain import ChainKeys, Seal, StoredEntry
from core.audit.contracts import SignedHead
from core.shared.clock import UtcDatetime
from core.shared.errors import Unavailable
from core.shared.ids import TenantId
from plugins.postgres.audit_tables import audit_heads, audit_queue, audit_seals
from plugins.postgres.database import CONNECTION_LOST, UNAVAILABLE
from plugins.postgres.outbox import audit_entries
from plugins.postgres.unit import Unit

BATCH: Final = 500
"""Entries that one transaction seals."""

ENTRY: Final = (
    audit_entries.c.id,
    audit_entries.c.at,
    audit_entries.c.actor_kind,
    audit_entries.c.actor_id,
    audit_entries.c.member_id,
    audit_entries.c.action,
    audit_entries.c.subject,
    audit_entries.c.subject_id,
    sa.cast(audit_entries.c.before, sa.Text).label("before"),
    sa.cast(audit_entries.c.after, sa.Text).label("after"),
    audit_entries.c.reason,
    audit_entries.c.request_id,
)
"""The columns of `StoredEntry`, in its order."""

HEAD: Final = (
    audit_heads.c.position,
    audit_heads.c.hash,
    audit_heads.c.signed_at,
    audit_heads.c.signature,
)
"""The columns of `SignedHead` behind the tenant, in its order."""


async def seal_batch(
    unit: Unit, keys: ChainKeys, known: SignedHead | None, now: UtcDatetime
) -> SignedHead | None:
    """Seal what waits, up to `BATCH` entries, and return the new head; None when nothing waits.

    `known` is the newest head that is kept outside of the database. The chain goes on behind the
    furthest of what is known, so that what was cut off stays a gap that shows. Nothing is done
    while another process seals for the tenant.
    """
    mine = await unit.one_or_none(
        sa.select(
            sa.func.pg_try_advisory_xact_lock(
                sa.func.hashtextextended(f"audit:{unit.tenant_id}", 0)
            ).label("locked")
        )
    )
    if mine is None or not mine.locked:
        return None
    waiting = await unit.all(
        sa.select(*ENTRY)
        .join(audit_queue, audit_queue.c.entry_id == audit_entries.c.id)
        .where(
            audit_queue.c.tenant_id == unit.tenant_id, audit_entries.c.tenant_id == unit.tenant_id
        )
        .order_by(audit_queue.c.entry_id)
        .limit(BATCH)
    )
    if not waiting:
        return None
    position, previous = await _end(unit, keys, known)
    seals: list[Seal] = []
    for row in waiting:
        seal = keys.seal(previous, position + 1, StoredEntry(*tuple(row)))
        seals.append(seal)
        position, previous = seal.position, seal.hash
    await unit.execute(sa.insert(audit_seals), list(_seal_rows(unit.tenant_id, seals, now)))
    head = keys.sign(position, previous, now)
    await unit.execute(
        sa.insert(audit_heads).values(
            tenant_id=head.tenant_id,
            position=head.position,
            hash=head.hash,
            signed_at=head.signed_at,
            signature=head.signature,
        )
    )
    await unit.execute(
        sa.delete(audit_queue).where(
            audit_queue.c.tenant_id == unit.tenant_id,
            audit_queue.c.entry_id.in_([seal.entry_id for seal in seals]),
        )
    )
    return head


def _seal_rows(
    tenant_id: TenantId, seals: Iterable[Seal], now: UtcDatetime
) -> Iterable[dict[str, Any]]:
    for seal in seals:
        yield {
            "tenant_id": tenant_id,
            "position": seal.position,
            "entry_id": seal.entry_id,
            "hash": seal.hash,
            "mark": seal.mark,
            "sealed_at": now,
        }


async def _end(unit: Unit, keys: ChainKeys, known: SignedHead | None) -> tuple[int, bytes]:
    """Return position and hash that the next entry is chained to."""
    ends: list[tuple[int, bytes]] = [(0, keys.genesis)]
    seal = (
        await unit.execute(
            sa.select(audit_seals.c.position, audit_seals.c.hash)
            .where(audit_seals.c.tenant_id == unit.tenant_id)
            .order_by(audit_seals.c.position.desc())
            .limit(1)
        )
    ).one_or_none()
    if seal is not None:
        ends.append((seal.position, seal.hash))
    newest = (
        await unit.execute(
            sa.select(*HEAD)
            .where(audit_heads.c.tenant_id == unit.tenant_id)
            .order_by(audit_heads.c.position.desc())
            .limit(1)
        )
    ).one_or_none()
    stored = None if newest is None else SignedHead(unit.tenant_id, *tuple(newest))
    ends += [
        (head.position, head.hash)
        for head in (stored, known)
        if head is not None and keys.holds(head)
    ]
    return max(ends, key=lambda end: end[0])


class SealingCalls:
    """Asks, as the relay role, which tenants have entries that wait."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection

    @classmethod
    async def open(cls, relay_url: str) -> "SealingCalls":
        """Connect. Raises Unavailable."""
        try:
            return cls(
                await asyncpg.connect(
                    relay_url, server_settings={"application_name": "intellimatch-sealer"}
                )
            )
        except CONNECTION_LOST as error:
            raise Unavailable(UNAVAILABLE) from error

    async def close(self) -> None:
        """Let go of the connection."""
        self._connection.terminate()

    async def tenants(self) -> list[TenantId]:
        """Return the tenants with something to seal."""
        try:
            rows = await self._connection.fetch("SELECT * FROM tenants_to_seal_v1()")
        except CONNECTION_LOST as error:
            raise Unavailable(UNAVAILABLE) from error
        return [TenantId(row[0]) for row in rows]
