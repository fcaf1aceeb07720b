"""Calls that plugins made."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from migrations.operations import isolate_table, limit_lock_waits

revision = "0033"
down_revision = "0032"


def upgrade() -> None:
    """Calls that plugins made."""
    limit_lock_waits()
    op.create_table(
        "plugin_calls",
        sa.Column("tenant_id", sa.UUID(), nullable=False),
        sa.Column("plugin_id", sa.Text(), nullable=False),
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("method", sa.Text(), nullable=False),
        sa.Column("host", sa.Text(), nullable=False),
        sa.Column("status", sa.Integer(), nullable=True),
        sa.Column("problem", sa.Text(), nullable=True),
        sa.Column("duration_ms", sa.Integer(), nullable=False),
        sa.Column("sent_bytes", sa.Integer(), nullable=False),
        sa.Column("received_bytes", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id"],
            ["tenants.id"],
            name=op.f("fk_plugin_calls_tenant_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("tenant_id", "plugin_id", "id", name=op.f("pk_plugin_calls")),
    )
    isolate_table("plugin_calls", privileges=("SELECT", "INSERT", "DELETE"))
