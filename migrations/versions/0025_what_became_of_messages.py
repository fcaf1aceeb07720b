"""What became of messages."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from migrations.operations import isolate_table, limit_lock_waits

revision = "0025"
down_revision = "0024"


def upgrade() -> None:
    """What became of messages."""
    limit_lock_waits()
    op.add_column(
        "messages",
        sa.Column("away", postgresql.ARRAY(sa.Text()), server_default="{}", nullable=False),
    )
    op.add_column("messages", sa.Column("delivery", sa.Text(), nullable=True))
    op.add_column(
        "messages", sa.Column("opened_at", postgresql.TIMESTAMP(timezone=True), nullable=True)
    )
    op.add_column(
        "messages", sa.Column("clicked_at", postgresql.TIMESTAMP(timezone=True), nullable=True)
    )
    op.create_check_constraint(
        op.f("ck_messages_delivery"),
        "messages",
        "delivery IN ('deferred', 'delivered', 'dropped', 'bounced', 'complained')",
    )
    op.create_index(
        "ix_messages_reference",
        "messages",
        ["tenant_id", "plugin", "reference"],
        unique=False,
        postgresql_where=sa.text("reference IS NOT NULL"),
    )
    op.create_table(
        "message_events",
        sa.Column("tenant_id", sa.UUID(), nullable=False),
        sa.Column("message_id", sa.UUID(), nullable=False),
        sa.Column("event_id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("recorded_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("plugin", sa.Text(), nullable=True),
        sa.Column("reference", sa.Text(), nullable=True),
        sa.Column("detail", sa.Text(), nullable=True),
        sa.Column("machine", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("told", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.CheckConstraint(
            "kind IN ('queued', 'postponed', 'sent', 'failed', 'unknown', 'suppressed', "
            "'accepted', 'deferred', 'delivered', 'bounced', 'dropped', 'opened', 'clicked', "
            "'complained', 'unsubscribed')",
            name=op.f("ck_message_events_kind"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "message_id"],
            ["messages.tenant_id", "messages.id"],
            name=op.f("fk_message_events_tenant_id_message_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id"],
            ["tenants.id"],
            name=op.f("fk_message_events_tenant_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint(
            "tenant_id", "message_id", "event_id", name=op.f("pk_message_events")
        ),
    )
    op.create_table(
        "message_senders",
        sa.Column("tenant_id", sa.UUID(), nullable=False),
        sa.Column("plugin_id", sa.Text(), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id"],
            ["tenants.id"],
            name=op.f("fk_message_senders_tenant_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("tenant_id", "plugin_id", name=op.f("pk_message_senders")),
    )
    op.create_table(
        "suppressed_addresses",
        sa.Column("tenant_id", sa.UUID(), nullable=False),
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("plugin", sa.Text(), nullable=True),
        sa.Column("message_id", sa.UUID(), nullable=True),
        sa.Column("created_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.CheckConstraint(
            "reason IN ('unsubscribed', 'bounced', 'complained')",
            name=op.f("ck_suppressed_addresses_reason"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "message_id"],
            ["messages.tenant_id", "messages.id"],
            name=op.f("fk_suppressed_addresses_tenant_id_message_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id"],
            ["tenants.id"],
            name=op.f("fk_suppressed_addresses_tenant_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_suppressed_addresses")),
        sa.UniqueConstraint(
            "tenant_id", "address", name=op.f("uq_suppressed_addresses_tenant_id_address")
        ),
    )
    op.create_index(
        op.f("ix_suppressed_addresses_tenant_id_created_at_id"),
        "suppressed_addresses",
        ["tenant_id", "created_at", "id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_suppressed_addresses_tenant_id_message_id"),
        "suppressed_addresses",
        ["tenant_id", "message_id"],
        unique=False,
    )
    isolate_table("message_events", privileges=("SELECT", "INSERT"))
    isolate_table("message_senders")
    isolate_table("suppressed_addresses")
