"""Finds the tenant that a host name belongs to. Asked by `tenants.identities` for each request."""

from datetime import datetime

import asyncpg
import msgspec

from core.shared.ids import TenantId
from core.shared.tenant import PlanId, TenantContext, TenantStatus
from plugins.postgres.database import Database
from plugins.postgres.tenants import tenant_context


class TenantDirectory:
    """Looks tenants up by what the outside world calls them."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def by_host(self, host: str) -> TenantContext | None:
        """Return the tenant with this slug (a name without a dot) or custom domain, or None."""
        rows = await self._database.fetch("SELECT * FROM tenant_by_host_v1($1)", host)
        return tenant_context(rows[0]) if rows else None

    async def by_slug(self, slug: str) -> TenantContext | None:
        """Return the tenant with this slug, or None."""
        return None if "." in slug else await self.by_host(slug)


class ListedTenant(msgspec.Struct, frozen=True):
    """A tenant as the operator sees it among the others."""

    tenant_id: TenantId
    slug: str
    custom_domain: str | None
    tenant_name: str
    plan: PlanId
    tenant_status: TenantStatus
    created_at: datetime
    active_members: int


async def tenants_of(connection: asyncpg.Connection) -> list[ListedTenant]:
    """Return every tenant. Raises InsufficientPrivilegeError for any role but the owner."""
    rows = await connection.fetch("SELECT * FROM tenant_list_v1()")
    return [ListedTenant(**row) for row in rows]
