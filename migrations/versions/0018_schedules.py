"""schedules."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from migrations.operations import isolate_table, limit_lock_waits

revision = "0018"
down_revision = "0017"


def upgrade() -> None:
    """schedules."""
    limit_lock_waits()
    op.execute("DROP FUNCTION IF EXISTS promise_periodic_v1 (text, text)")
    op.create_table(
        "schedule_firings",
        sa.Column("tenant_id", sa.UUID(), nullable=False),
        sa.Column("schedule", sa.Text(), nullable=False),
        sa.Column("fire_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("task_id", sa.UUID(), nullable=False),
        sa.Column("made_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id"],
            ["tenants.id"],
            name=op.f("fk_schedule_firings_tenant_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint(
            "tenant_id", "schedule", "fire_at", name=op.f("pk_schedule_firings")
        ),
    )
    op.create_index(
        op.f("ix_schedule_firings_tenant_id_made_at"),
        "schedule_firings",
        ["tenant_id", "made_at"],
        unique=False,
    )
    op.create_table(
        "schedules",
        sa.Column("tenant_id", sa.UUID(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("definition", sa.Text(), nullable=False),
        sa.Column("next_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.id"], name=op.f("fk_schedules_tenant_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("tenant_id", "name", name=op.f("pk_schedules")),
    )
    op.create_index("ix_schedules_due", "schedules", ["next_at", "tenant_id", "name"], unique=False)
    isolate_table("schedule_firings", privileges=("SELECT", "DELETE"))
    isolate_table("schedules", privileges=("SELECT",))
