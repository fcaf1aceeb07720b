"""The table of promised background work; `sql/definer_tasks.sql` claims from it across tenants."""

import sqlalchemy as sa

from plugins.postgres.schema import json_column, tenant_table, text_column, time_column, uuid_column

tasks = tenant_table(
    "tasks",
    uuid_column("id"),
    text_column("kind"),
    json_column("payload"),
    text_column("unique_key", nullable=True),
    time_column("created_at"),
    time_column("run_at"),
    sa.Column("attempts", sa.SmallInteger, nullable=False, server_default="0"),
    time_column("lease_until", nullable=True),
    time_column("finished_at", nullable=True),
    time_column("dead_at", nullable=True),
    text_column("last_error", nullable=True),
    unique=[("unique_key",)],
    indexes=[("finished_at",)],
)

# Workers ask across tenants for what is due, so this one index isn't led by the tenant.
sa.Index(
    "ix_tasks_due",
    tasks.c.run_at,
    tasks.c.tenant_id,
    tasks.c.id,
    postgresql_where=sa.text("finished_at IS NULL AND dead_at IS NULL"),
)
