"""Mails that were stopped and domains that were looked at."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from migrations.operations import isolate_table, limit_lock_waits

revision = "0032"
down_revision = "0031"


def upgrade() -> None:
    """Mails that were stopped and domains that were looked at."""
    limit_lock_waits()
    op.create_table(
        "sending_domains",
        sa.Column("tenant_id", sa.UUID(), nullable=False),
        sa.Column("domain", sa.Text(), nullable=False),
        sa.Column("checked_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column(
            "report", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=False
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id"],
            ["tenants.id"],
            name=op.f("fk_sending_domains_tenant_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("tenant_id", "domain", name=op.f("pk_sending_domains")),
    )
    op.create_table(
        "stopped_mails",
        sa.Column("tenant_id", sa.UUID(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("mail_list", sa.Text(), nullable=False),
        sa.Column("message_id", sa.UUID(), nullable=False),
        sa.Column("stopped_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "message_id"],
            ["messages.tenant_id", "messages.id"],
            name=op.f("fk_stopped_mails_tenant_id_message_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id"],
            ["tenants.id"],
            name=op.f("fk_stopped_mails_tenant_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("tenant_id", "address", "mail_list", name=op.f("pk_stopped_mails")),
    )
    op.create_index(
        op.f("ix_stopped_mails_tenant_id_message_id"),
        "stopped_mails",
        ["tenant_id", "message_id"],
        unique=False,
    )
    isolate_table("sending_domains")
    isolate_table("stopped_mails")
