"""Where applications stand for others."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from migrations.operations import isolate_table, limit_lock_waits

revision = "0029"
down_revision = "0028"


def upgrade() -> None:
    """Where applications stand for others."""
    limit_lock_waits()
    op.create_table(
        "status_preferences",
        sa.Column("tenant_id", sa.UUID(), nullable=False),
        sa.Column("shown", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("names", sa.Boolean(), nullable=False),
        sa.Column("changed_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("changed_by", sa.UUID(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "changed_by"],
            ["members.tenant_id", "members.id"],
            name=op.f("fk_status_preferences_tenant_id_changed_by"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id"],
            ["tenants.id"],
            name=op.f("fk_status_preferences_tenant_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("tenant_id", name=op.f("pk_status_preferences")),
    )
    op.create_index(
        op.f("ix_status_preferences_tenant_id_changed_by"),
        "status_preferences",
        ["tenant_id", "changed_by"],
        unique=False,
    )
    op.create_table(
        "status_sources",
        sa.Column("tenant_id", sa.UUID(), nullable=False),
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column(
            "mapping", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=False
        ),
        sa.Column("secret", sa.Text(), nullable=False),
        sa.Column("previous_secret", sa.Text(), nullable=True),
        sa.Column("previous_until", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("created_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("created_by", sa.UUID(), nullable=True),
        sa.Column("rotated_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("revoked_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "created_by"],
            ["members.tenant_id", "members.id"],
            name=op.f("fk_status_sources_tenant_id_created_by"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id"],
            ["tenants.id"],
            name=op.f("fk_status_sources_tenant_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_status_sources")),
    )
    op.create_index(
        op.f("ix_status_sources_tenant_id_created_at_id"),
        "status_sources",
        ["tenant_id", "created_at", "id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_status_sources_tenant_id_created_by"),
        "status_sources",
        ["tenant_id", "created_by"],
        unique=False,
    )
    op.create_table(
        "glances",
        sa.Column("tenant_id", sa.UUID(), nullable=False),
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("candidate_id", sa.UUID(), nullable=False),
        sa.Column("member_id", sa.UUID(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("hour", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.CheckConstraint(
            "kind IN ('viewed', 'resume_viewed', 'downloaded')", name=op.f("ck_glances_kind")
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "candidate_id"],
            ["candidates.tenant_id", "candidates.id"],
            name=op.f("fk_glances_tenant_id_candidate_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "member_id"],
            ["members.tenant_id", "members.id"],
            name=op.f("fk_glances_tenant_id_member_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.id"], name=op.f("fk_glances_tenant_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_glances")),
        sa.UniqueConstraint(
            "tenant_id",
            "candidate_id",
            "member_id",
            "kind",
            "hour",
            name=op.f("uq_glances_tenant_id_candidate_id_member_id_kind_hour"),
        ),
    )
    op.create_index(
        op.f("ix_glances_tenant_id_candidate_id_at_id"),
        "glances",
        ["tenant_id", "candidate_id", "at", "id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_glances_tenant_id_member_id"), "glances", ["tenant_id", "member_id"], unique=False
    )
    op.create_table(
        "applicant_pages",
        sa.Column("tenant_id", sa.UUID(), nullable=False),
        sa.Column("submission_id", sa.UUID(), nullable=False),
        sa.Column("read_until", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("unwanted", sa.ARRAY(sa.Text()), server_default="{}", nullable=False),
        sa.Column("changed_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "submission_id"],
            ["submissions.tenant_id", "submissions.id"],
            name=op.f("fk_applicant_pages_tenant_id_submission_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id"],
            ["tenants.id"],
            name=op.f("fk_applicant_pages_tenant_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("tenant_id", "submission_id", name=op.f("pk_applicant_pages")),
    )
    op.create_table(
        "status_reports",
        sa.Column("tenant_id", sa.UUID(), nullable=False),
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("source_id", sa.UUID(), nullable=False),
        sa.Column("webhook_id", sa.Text(), nullable=False),
        sa.Column("body_hash", sa.LargeBinary(), nullable=False),
        sa.Column("application_id", sa.UUID(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("occurred_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("received_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("change_id", sa.UUID(), nullable=True),
        sa.Column(
            "answer", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=False
        ),
        sa.CheckConstraint(
            "outcome IN ('moved', 'rejected', 'withdrawn', 'noted', 'unmapped', 'unchanged', "
            "'conflict', 'ended', 'no_such_stage')",
            name=op.f("ck_status_reports_outcome"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "application_id"],
            ["applications.tenant_id", "applications.id"],
            name=op.f("fk_status_reports_tenant_id_application_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "change_id"],
            ["stage_changes.tenant_id", "stage_changes.id"],
            name=op.f("fk_status_reports_tenant_id_change_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "source_id"],
            ["status_sources.tenant_id", "status_sources.id"],
            name=op.f("fk_status_reports_tenant_id_source_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id"],
            ["tenants.id"],
            name=op.f("fk_status_reports_tenant_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_status_reports")),
        sa.UniqueConstraint(
            "tenant_id",
            "source_id",
            "webhook_id",
            name=op.f("uq_status_reports_tenant_id_source_id_webhook_id"),
        ),
    )
    op.create_index(
        op.f("ix_status_reports_tenant_id_application_id_received_at_id"),
        "status_reports",
        ["tenant_id", "application_id", "received_at", "id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_status_reports_tenant_id_change_id"),
        "status_reports",
        ["tenant_id", "change_id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_status_reports_tenant_id_source_id_received_at"),
        "status_reports",
        ["tenant_id", "source_id", "received_at"],
        unique=False,
    )
    isolate_table("status_preferences", privileges=("SELECT", "INSERT", "UPDATE"))
    isolate_table("status_sources", privileges=("SELECT", "INSERT", "UPDATE"))
    isolate_table("glances", privileges=("SELECT", "INSERT", "UPDATE"))
    isolate_table("applicant_pages", privileges=("SELECT", "INSERT", "UPDATE"))
    isolate_table("status_reports", privileges=("SELECT", "INSERT"))
