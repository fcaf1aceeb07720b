"""Deliveries of events to subscribers, and tasks that are sent to workers."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from migrations.operations import limit_lock_waits

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    """Add what a delivery says, and count what happened before as handed over."""
    limit_lock_waits()
    op.add_column(
        "event_logs",
        sa.Column("dispatched_position", sa.BigInteger(), server_default="0", nullable=False),
    )
    # The owner sees no tenant's rows while row-level security is forced on it.
    op.execute("ALTER TABLE event_logs NO FORCE ROW LEVEL SECURITY")
    op.execute("UPDATE event_logs SET dispatched_position = last_position")
    op.execute("ALTER TABLE event_logs FORCE ROW LEVEL SECURITY")
    # Workers of before would take deliveries for tasks: they are to stop here.
    op.execute("DROP FUNCTION IF EXISTS claim_tasks_v1 (integer, interval, integer)")
    op.execute("DROP FUNCTION IF EXISTS next_task_at_v1 ()")
    op.add_column("tasks", sa.Column("queue", sa.Text(), server_default="default", nullable=False))
    op.add_column("tasks", sa.Column("event_id", sa.UUID(), nullable=True))
    op.add_column("tasks", sa.Column("event_position", sa.BigInteger(), nullable=True))
    op.add_column("tasks", sa.Column("subscriber", sa.Text(), nullable=True))
    op.add_column("tasks", sa.Column("ordering_key", sa.Text(), nullable=True))
    op.add_column(
        "tasks", sa.Column("sent_until", postgresql.TIMESTAMP(timezone=True), nullable=True)
    )
    op.add_column("tasks", sa.Column("dead_reason", sa.Text(), nullable=True))
    op.add_column("tasks", sa.Column("request_id", sa.Text(), nullable=True))
    op.drop_index(
        op.f("ix_tasks_due"),
        table_name="tasks",
        postgresql_where="((finished_at IS NULL) AND (dead_at IS NULL))",
    )
    op.create_index(
        "ix_tasks_due",
        "tasks",
        [
            "queue",
            sa.literal_column("GREATEST(run_at, sent_until, lease_until)"),
            "tenant_id",
            "id",
        ],
        unique=False,
        postgresql_where=sa.text("finished_at IS NULL AND dead_at IS NULL"),
    )
    op.create_index(
        "ix_tasks_in_order",
        "tasks",
        ["tenant_id", "subscriber", "ordering_key", "event_position"],
        unique=False,
        postgresql_where=sa.text("finished_at IS NULL AND ordering_key IS NOT NULL"),
    )
    op.create_unique_constraint(
        op.f("uq_tasks_tenant_id_event_id_subscriber"),
        "tasks",
        ["tenant_id", "event_id", "subscriber"],
    )
