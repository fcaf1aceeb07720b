"""The registry of tenants: who exists, where they live, what they bought, how they look."""

from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import UUID

from core.shared.tenant import TenantContext
from plugins.postgres.schema import (
    global_table,
    json_column,
    tenant_table,
    text_column,
    time_column,
)

tenants = global_table(
    "tenants",
    sa.Column("id", UUID(as_uuid=True), primary_key=True),
    text_column("slug"),
    text_column("custom_domain", nullable=True),
    text_column("name"),
    text_column("time_zone"),
    text_column("locale"),
    text_column("plan"),
    text_column("status", default="active"),
    json_column("branding"),
    time_column("created_at"),
    sa.Column("version", sa.Integer, nullable=False, server_default="1"),
    sa.UniqueConstraint("slug"),
    sa.UniqueConstraint("custom_domain"),
    sa.CheckConstraint("plan IN ('free', 'starter', 'pro', 'enterprise')", name="plan"),
    sa.CheckConstraint("status IN ('active', 'suspended')", name="status"),
    reason="It is the list of tenants; the application sees its own row only.",
    privileges=("SELECT", "INSERT", "UPDATE"),
    tenant_column="id",
)

feature_flags = tenant_table(
    "feature_flags",
    text_column("feature"),
    sa.Column("enabled", sa.Boolean, nullable=False),
    text_column("reason"),
    time_column("set_at"),
    key=("feature",),
)


def tenant_context(row: Any) -> TenantContext:
    """Return the tenant in a row of `sql/definer_tenants.sql` or `sql/identity.sql`."""
    return TenantContext(
        id=row["tenant_id"],
        slug=row["slug"],
        name=row["tenant_name"],
        time_zone=row["time_zone"],
        locale=row["locale"],
        plan=row["plan"],
        status=row["tenant_status"],
        granted=frozenset(row["granted"]),
        withheld=frozenset(row["withheld"]),
    )
