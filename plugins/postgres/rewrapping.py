"""Wraps the keys of one tenant with another master key, while requests go on using them.

What the keys encrypt stays as it is. Called by `tenants.key_rotation` for tenant after tenant; a
batch is one transaction, so that what was done stays done when the process is killed.
"""

from typing import Any, Final
from uuid import UUID

import msgspec
import sqlalchemy as sa
from cryptography.exceptions import InvalidTag

from core.shared.ids import TenantId
from plugins.postgres.database import Database
from plugins.postgres.master_keys import MasterKeys
from plugins.postgres.subject_keys import subject_keys, unwrap_subject_key, wrap_subject_key
from plugins.postgres.tenant_keys import tenant_keys, unwrap_tenant_key, wrap_tenant_key
from plugins.postgres.unit import Unit

BATCH: Final = 500
_FIRST: Final = UUID(int=0)


class Rewrapped(msgspec.Struct):
    """What was done for a tenant."""

    keys: int = 0
    damaged: int = 0
    """Keys that the master key they name doesn't open; they are left as they are."""


async def rewrap_tenant(
    database: Database, master_keys: MasterKeys, tenant_id: TenantId, version: int
) -> Rewrapped:
    """Wrap the tenant's keys with master key `version`, each that another wraps.

    Keys that somebody is changing just now are left for the next time. Raises MasterKeyMissing.
    """
    done = Rewrapped()
    async with database.unit(tenant_id) as unit:
        await _rewrap_tenant_key(unit, master_keys, version, done)
    after: UUID | None = _FIRST
    while after is not None:
        async with database.unit(tenant_id) as unit:
            after = await _rewrap_subjects(unit, master_keys, version, done, after)
    return done


async def _rewrap_tenant_key(
    unit: Unit, master_keys: MasterKeys, version: int, done: Rewrapped
) -> None:
    row = await unit.one_or_none(
        sa.select(tenant_keys)
        .where(tenant_keys.c.key_version != version)
        .with_for_update(key_share=True, skip_locked=True)
    )
    if row is None:
        return
    try:
        key = unwrap_tenant_key(master_keys.get(row.key_version), unit.tenant_id, row.wrapped_key)
    except InvalidTag:
        done.damaged += 1
        return
    wrapped = wrap_tenant_key(master_keys.get(version), unit.tenant_id, key)
    await unit.execute(
        sa.update(tenant_keys)
        .where(tenant_keys.c.tenant_id == unit.tenant_id)
        .values(wrapped_key=wrapped, key_version=version)
    )
    done.keys += 1


async def _rewrap_subjects(
    unit: Unit, master_keys: MasterKeys, version: int, done: Rewrapped, after: UUID
) -> UUID | None:
    """Wrap the keys of the next batch of subjects and return where to go on, or None."""
    rows = await unit.all(
        sa.select(subject_keys.c.id, subject_keys.c.wrapped_key, subject_keys.c.key_version)
        .where(subject_keys.c.key_version != version, subject_keys.c.id > after)
        .order_by(subject_keys.c.id)
        .limit(BATCH)
        # Never waits for a row while it holds others: a request may wait for us, not we for it.
        .with_for_update(key_share=True, skip_locked=True)
    )
    changes: list[dict[str, Any]] = []
    master = master_keys.get(version)
    for row in rows:
        try:
            key = unwrap_subject_key(
                master_keys.get(row.key_version), unit.tenant_id, row.id, row.wrapped_key
            )
        except InvalidTag:
            done.damaged += 1
            continue
        wrapped = wrap_subject_key(master, unit.tenant_id, row.id, key)
        changes.append({"subject": row.id, "wrapped": wrapped})
    if changes:
        await unit.execute(
            sa.update(subject_keys)
            .where(subject_keys.c.id == sa.bindparam("subject"))
            .values(wrapped_key=sa.bindparam("wrapped"), key_version=version),
            changes,
        )
    done.keys += len(changes)
    return rows[-1].id if len(rows) == BATCH else None
