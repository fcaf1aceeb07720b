"""Finds the tenant that a host name belongs to. Asked by `tenants.identities` for each request."""

from core.shared.tenant import TenantContext
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
