"""Tenants in PostgreSQL: the aggregate of the transaction's tenant, its flags, and its views."""

from typing import Any, Final

import msgspec
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from core.shared.clock import Clock
from core.shared.errors import NotFound, PreconditionFailed
from core.tenancy.contracts import Branding, TenantView
from core.tenancy.errors import DomainTaken, SlugTaken
from core.tenancy.model import Tenant
from plugins.postgres.database import TenantReader
from plugins.postgres.quotas import quota_usage
from plugins.postgres.sessions import sessions
from plugins.postgres.tenants import feature_flags, tenants
from plugins.postgres.unit import Unit

IDENTITY_CHANGED: Final = sa.text("SELECT pg_notify('identity_changed', :tenant)")
"""Every process that listens forgets whom it knows, when and only when the transaction commits."""

_FIELDS = (
    "slug", "custom_domain", "name", "time_zone", "locale", "plan", "status", "created_at",
)  # fmt: skip


class PostgresTenants:
    """Implements `core.tenancy.ports.TenantRepository`."""

    def __init__(self, unit: Unit, clock: Clock) -> None:
        self._unit = unit
        self._clock = clock

    async def add(self, tenant: Tenant) -> None:
        """Insert the tenant whose id is set in the transaction. Raises SlugTaken."""
        try:
            async with self._unit.savepoint():
                await self._unit.execute(
                    sa.insert(tenants).values(id=tenant.id, version=1, **_values(tenant))
                )
        except sa.exc.IntegrityError as error:
            if "uq_tenants_slug" in str(error.orig):
                raise SlugTaken(f"Another workspace lives at {tenant.slug}.") from error
            raise

    async def get(self) -> Tenant:
        """Return the tenant, locked until the transaction ends."""
        row = await self._unit.one_or_none(
            sa.select(tenants).where(tenants.c.id == self._unit.tenant_id).with_for_update()
        )
        if row is None:
            raise NotFound("There is no such workspace.")
        branding = msgspec.convert(row.branding, Branding)
        values = {field: getattr(row, field) for field in _FIELDS}
        return Tenant(id=row.id, version=row.version, branding=branding, **values)

    async def save(self, tenant: Tenant) -> None:
        """Update the tenant and raise its version. Raises DomainTaken."""
        try:
            async with self._unit.savepoint():
                result = await self._unit.execute(
                    sa.update(tenants)
                    .where(tenants.c.id == tenant.id, tenants.c.version == tenant.version)
                    .values(version=tenant.version + 1, **_values(tenant))
                )
        except sa.exc.IntegrityError as error:
            if "uq_tenants_custom_domain" in str(error.orig):
                raise DomainTaken(f"{tenant.custom_domain} is another workspace's.") from error
            raise
        if result.rowcount != 1:
            raise PreconditionFailed("The workspace was changed since you read it. Read it again.")
        tenant.version += 1

    async def set_flag(self, feature: str, *, enabled: bool | None, reason: str) -> None:
        """Keep a flag; None removes it."""
        if enabled is None:
            await self._unit.execute(
                sa.delete(feature_flags).where(feature_flags.c.feature == feature)
            )
            return
        values = {"enabled": enabled, "reason": reason, "set_at": self._clock.now()}
        await self._unit.execute(
            postgresql.insert(feature_flags)
            .values(tenant_id=self._unit.tenant_id, feature=feature, **values)
            .on_conflict_do_update(index_elements=["tenant_id", "feature"], set_=values)
        )


class PostgresTenantQueries:
    """Implements `core.tenancy.ports.TenantQueries`."""

    def __init__(self, reader: TenantReader) -> None:
        self._reader = reader

    async def show(self) -> TenantView:
        """Return the tenant."""
        rows = await self._reader.select(
            sa.select(tenants).where(tenants.c.id == self._reader.tenant_id)
        )
        if not rows:
            raise NotFound("There is no such workspace.")
        row = rows[0]
        values = {name: getattr(row, name) for name in TenantView.__struct_fields__}
        return msgspec.convert(values, TenantView)

    async def usage(self) -> dict[str, int]:
        """Return what is used of each quota."""
        rows = await self._reader.select(sa.select(quota_usage.c.quota, quota_usage.c.used))
        return {row.quota: row.used for row in rows}


class PostgresTenantDoors:
    """Implements `core.tenancy.ports.TenantDoors`."""

    def __init__(self, unit: Unit) -> None:
        self._unit = unit

    async def end_all_sessions(self) -> None:
        """Delete every session of the tenant."""
        await self._unit.execute(sa.delete(sessions))

    async def announce_change(self) -> None:
        """Notify at the commit."""
        await self._unit.execute(IDENTITY_CHANGED, {"tenant": str(self._unit.tenant_id)})


def _values(tenant: Tenant) -> dict[str, Any]:
    values = {field: getattr(tenant, field) for field in _FIELDS}
    return {**values, "branding": msgspec.to_builtins(tenant.branding)}
