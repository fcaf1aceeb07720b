"""What automations did after silence."""

import sqlalchemy as sa
from alembic import op

from migrations.operations import limit_lock_waits

revision = "0035"
down_revision = "0034"


def upgrade() -> None:
    """What automations did after silence."""
    limit_lock_waits()
    op.add_column(
        "automation_steps",
        sa.Column("after_silence", sa.Boolean(), server_default=sa.text("false"), nullable=False),
    )
    op.create_index(
        "ix_automation_steps_after_silence",
        "automation_steps",
        ["tenant_id", "message_id"],
        unique=False,
        postgresql_where=sa.text("after_silence"),
    )
