"""What plugins keep without tables of their own."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from migrations.operations import isolate_table, limit_lock_waits

revision = "0017"
down_revision = "0016"


def upgrade() -> None:
    """What plugins keep without tables of their own."""
    limit_lock_waits()
    op.create_table(
        "plugin_store",
        sa.Column("tenant_id", sa.UUID(), nullable=False),
        sa.Column("plugin_id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("sealed", sa.Text(), nullable=False),
        sa.Column("updated_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id"],
            ["tenants.id"],
            name=op.f("fk_plugin_store_tenant_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("tenant_id", "plugin_id", "name", name=op.f("pk_plugin_store")),
    )
    op.create_table(
        "plugin_usage",
        sa.Column("tenant_id", sa.UUID(), nullable=False),
        sa.Column("plugin_id", sa.Text(), nullable=False),
        sa.Column("meter", sa.Text(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id"],
            ["tenants.id"],
            name=op.f("fk_plugin_usage_tenant_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint(
            "tenant_id", "plugin_id", "meter", "day", name=op.f("pk_plugin_usage")
        ),
    )
    op.create_table(
        "plugin_webhooks",
        sa.Column("tenant_id", sa.UUID(), nullable=False),
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("plugin_id", sa.Text(), nullable=False),
        sa.Column("webhook", sa.Text(), nullable=False),
        sa.Column("delivery", sa.Text(), nullable=False),
        sa.Column("sealed", sa.Text(), nullable=True),
        sa.Column("received_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("handled_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["tenant_id"],
            ["tenants.id"],
            name=op.f("fk_plugin_webhooks_tenant_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_plugin_webhooks")),
        sa.UniqueConstraint(
            "tenant_id",
            "plugin_id",
            "webhook",
            "delivery",
            name=op.f("uq_plugin_webhooks_tenant_id_plugin_id_webhook_delivery"),
        ),
    )
    op.create_index(
        op.f("ix_plugin_webhooks_tenant_id_handled_at"),
        "plugin_webhooks",
        ["tenant_id", "handled_at"],
        unique=False,
    )
    isolate_table("plugin_store")
    isolate_table("plugin_usage")
    isolate_table("plugin_webhooks")
