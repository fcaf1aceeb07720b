"""Public names of stages."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from migrations.operations import limit_lock_waits

revision = "0021"
down_revision = "0020"


def upgrade() -> None:
    """Public names of stages."""
    limit_lock_waits()
    op.add_column(
        "jobs",
        sa.Column(
            "former_public_names",
            postgresql.JSONB(none_as_null=True, astext_type=sa.Text()),
            nullable=True,
        ),
    )
    op.add_column("stages", sa.Column("public_name", sa.Text(), nullable=True))
