"""Positions in the event log."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from migrations.operations import isolate_table, limit_lock_waits

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    """Positions in the event log."""
    limit_lock_waits()
    op.create_table(
        "event_logs",
        sa.Column("tenant_id", sa.UUID(), nullable=False),
        sa.Column("first_position", sa.BigInteger(), server_default="1", nullable=False),
        sa.Column("last_position", sa.BigInteger(), server_default="0", nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.id"], name=op.f("fk_event_logs_tenant_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("tenant_id", name=op.f("pk_event_logs")),
    )
    op.add_column("outbox", sa.Column("position", sa.BigInteger(), nullable=True))
    op.add_column(
        "outbox", sa.Column("sequenced_at", postgresql.TIMESTAMP(timezone=True), nullable=True)
    )
    op.create_index(
        "ix_outbox_without_position",
        "outbox",
        ["tenant_id", "id"],
        unique=False,
        postgresql_where=sa.text("position IS NULL"),
    )
    op.create_unique_constraint(
        op.f("uq_outbox_tenant_id_position"), "outbox", ["tenant_id", "position"]
    )
    isolate_table("event_logs", privileges=("SELECT",))
