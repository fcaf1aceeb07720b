"""Versions of the master key, and tenants' own keys."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from migrations.operations import isolate_table, limit_lock_waits

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    """Add both; the keys of subjects were all wrapped with what is version 1 from now on."""
    limit_lock_waits()
    op.create_table(
        "master_keys",
        sa.Column("version", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("check_value", sa.LargeBinary(), nullable=True),
        sa.Column("added_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("retired_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.CheckConstraint("version > 0", name=op.f("ck_master_keys_version")),
        sa.PrimaryKeyConstraint("version", name=op.f("pk_master_keys")),
    )
    op.execute("INSERT INTO master_keys (version, added_at) VALUES (1, now())")
    op.create_table(
        "tenant_keys",
        sa.Column("tenant_id", sa.UUID(), nullable=False),
        sa.Column("wrapped_key", sa.LargeBinary(), nullable=False),
        sa.Column("key_version", sa.SmallInteger(), nullable=False),
        sa.Column("created_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id"],
            ["tenants.id"],
            name=op.f("fk_tenant_keys_tenant_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("tenant_id", name=op.f("pk_tenant_keys")),
    )
    isolate_table("tenant_keys")
