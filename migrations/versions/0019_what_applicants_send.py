"""What applicants send, and the privacy notices that they agree to."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from migrations.operations import isolate_table, limit_lock_waits

revision = "0019"
down_revision = "0018"


def upgrade() -> None:
    """Add submissions, privacy notices and the order of published jobs."""
    limit_lock_waits()
    op.create_table(
        "privacy_notices",
        sa.Column("tenant_id", sa.UUID(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("published_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("published_by", sa.UUID(), nullable=True),
        sa.CheckConstraint("version >= 1", name=op.f("ck_privacy_notices_version")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "published_by"],
            ["members.tenant_id", "members.id"],
            name=op.f("fk_privacy_notices_tenant_id_published_by"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id"],
            ["tenants.id"],
            name=op.f("fk_privacy_notices_tenant_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("tenant_id", "version", name=op.f("pk_privacy_notices")),
    )
    op.create_index(
        op.f("ix_privacy_notices_tenant_id_published_by"),
        "privacy_notices",
        ["tenant_id", "published_by"],
        unique=False,
    )
    op.create_table(
        "submissions",
        sa.Column("tenant_id", sa.UUID(), nullable=False),
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("application_id", sa.UUID(), nullable=False),
        sa.Column("link_hash", sa.LargeBinary(), nullable=False),
        sa.Column("full_name", sa.Text(), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("phone", sa.Text(), nullable=True),
        sa.Column("is_repeated", sa.Boolean(), nullable=False),
        sa.Column("notice_version", sa.Integer(), nullable=False),
        sa.Column("agreed_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("received_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("withdrawn_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["tenant_id", "application_id"],
            ["applications.tenant_id", "applications.id"],
            name=op.f("fk_submissions_tenant_id_application_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.id"], name=op.f("fk_submissions_tenant_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_submissions")),
        sa.UniqueConstraint(
            "tenant_id", "link_hash", name=op.f("uq_submissions_tenant_id_link_hash")
        ),
    )
    op.create_index(
        op.f("ix_submissions_tenant_id_application_id_received_at"),
        "submissions",
        ["tenant_id", "application_id", "received_at"],
        unique=False,
    )
    op.create_index(
        "ix_jobs_published",
        "jobs",
        ["tenant_id", "opened_at", "id"],
        unique=False,
        postgresql_where=sa.text("status = 'open'"),
    )
    isolate_table("privacy_notices", privileges=("SELECT", "INSERT"))
    isolate_table("submissions", privileges=("SELECT", "INSERT", "UPDATE"))
