"""Makes new tenants and lists all of them: for the command line, the demo and tests."""

import asyncpg

from core.shared.actor import system
from core.shared.ids import TenantId
from core.shared.tenant import PlanId, TenantContext
from core.tenancy.contracts import FirstAdmin, RegisterTenant, TenantRegistered
from plugins.postgres.directory import ListedTenant, tenants_of
from tenants.runtime import Runtime


async def register_tenant(
    runtime: Runtime,
    *,
    slug: str,
    name: str,
    admin: FirstAdmin,
    plan: PlanId = "free",
    time_zone: str = "UTC",
    locale: str = "en",
    tenant_id: TenantId | None = None,
) -> TenantRegistered:
    """Make a tenant with its first admin, in one transaction.

    An admin with a password is a member at once (one who has an account already keeps its
    password); without one the answer holds an invitation's link. `tenant_id` is for who must know
    it beforehand. Raises InvalidInput and SlugTaken.
    """
    tenant = TenantContext(
        id=tenant_id or TenantId(runtime.ids.new()),
        slug=slug,
        name=name,
        time_zone=time_zone,
        locale=locale,
        plan=plan,
    )
    scope = runtime.scope(tenant, system(tenant.id, name="Operator"), "register-tenant")
    return await scope.execute(
        RegisterTenant(
            slug=slug, name=name, time_zone=time_zone, locale=locale, plan=plan, admin=admin
        )
    )


async def list_tenants(owner_database_url: str) -> list[ListedTenant]:
    """Return every tenant in the order of their slugs; only the owner's role is told."""
    connection = await asyncpg.connect(owner_database_url)
    try:
        return await tenants_of(connection)
    finally:
        await connection.close()
