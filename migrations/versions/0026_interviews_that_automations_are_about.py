"""Interviews that automations are about."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from migrations.operations import limit_lock_waits

revision = "0026"
down_revision = "0025"


def upgrade() -> None:
    """Interviews that automations are about."""
    limit_lock_waits()
    op.add_column("automation_steps", sa.Column("interview_id", sa.UUID(), nullable=True))
    op.add_column(
        "automation_steps",
        sa.Column("interview_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
    )
    op.create_index(
        op.f("ix_automation_steps_tenant_id_interview_id"),
        "automation_steps",
        ["tenant_id", "interview_id"],
        unique=False,
    )
    op.create_foreign_key(
        op.f("fk_automation_steps_tenant_id_interview_id"),
        "automation_steps",
        "interviews",
        ["tenant_id", "interview_id"],
        ["tenant_id", "id"],
        ondelete="CASCADE",
    )
