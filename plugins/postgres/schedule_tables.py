"""When each schedule of each tenant is due next, and which of its times were fired."""

import sqlalchemy as sa

from plugins.postgres.schema import tenant_table, text_column, time_column, uuid_column

schedules = tenant_table(
    "schedules",
    text_column("name"),
    text_column("definition"),
    time_column("next_at"),
    key=("name",),
    privileges=("SELECT",),
)
"""`definition` is the expression with its zone: when that changes, `next_at` is found anew."""

# Schedulers ask across tenants for what is due, so this one index isn't led by the tenant.
sa.Index("ix_schedules_due", schedules.c.next_at, schedules.c.tenant_id, schedules.c.name)

schedule_firings = tenant_table(
    "schedule_firings",
    text_column("schedule"),
    time_column("fire_at"),
    uuid_column("task_id"),
    time_column("made_at"),
    key=("schedule", "fire_at"),
    indexes=[("made_at",)],
    privileges=("SELECT", "DELETE"),
)
"""One row for each time: written with the task, it is what makes firing happen once."""
