"""Applications and their history."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from migrations.operations import isolate_table, limit_lock_waits

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    """Applications and their history."""
    limit_lock_waits()
    op.create_table(
        "bulk_rejections",
        sa.Column("tenant_id", sa.UUID(), nullable=False),
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("reason_code", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("created_by", sa.UUID(), nullable=True),
        sa.Column("created_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("effective_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("finished_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "status IN ('pending', 'recalled', 'done')", name=op.f("ck_bulk_rejections_status")
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "created_by"],
            ["members.tenant_id", "members.id"],
            name=op.f("fk_bulk_rejections_tenant_id_created_by"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id"],
            ["tenants.id"],
            name=op.f("fk_bulk_rejections_tenant_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_bulk_rejections")),
    )
    op.create_index(
        op.f("ix_bulk_rejections_tenant_id_created_at_id"),
        "bulk_rejections",
        ["tenant_id", "created_at", "id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_bulk_rejections_tenant_id_created_by"),
        "bulk_rejections",
        ["tenant_id", "created_by"],
        unique=False,
    )
    op.create_table(
        "applications",
        sa.Column("tenant_id", sa.UUID(), nullable=False),
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("candidate_id", sa.UUID(), nullable=False),
        sa.Column("job_id", sa.UUID(), nullable=False),
        sa.Column("stage_id", sa.UUID(), nullable=False),
        sa.Column("disposition", sa.Text(), nullable=False),
        sa.Column("disposition_reason", sa.Text(), nullable=True),
        sa.Column("disposition_note", sa.Text(), nullable=True),
        sa.Column("assignee_id", sa.UUID(), nullable=True),
        sa.Column("assigned_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("assigned_by", sa.UUID(), nullable=True),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column(
            "answers", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=False
        ),
        sa.Column("applied_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("stage_entered_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("updated_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "disposition IN ('active', 'hired', 'rejected', 'withdrawn')",
            name=op.f("ck_applications_disposition"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "assigned_by"],
            ["members.tenant_id", "members.id"],
            name=op.f("fk_applications_tenant_id_assigned_by"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "assignee_id"],
            ["members.tenant_id", "members.id"],
            name=op.f("fk_applications_tenant_id_assignee_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "candidate_id"],
            ["candidates.tenant_id", "candidates.id"],
            name=op.f("fk_applications_tenant_id_candidate_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "job_id"],
            ["jobs.tenant_id", "jobs.id"],
            name=op.f("fk_applications_tenant_id_job_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "stage_id"],
            ["stages.tenant_id", "stages.id"],
            name=op.f("fk_applications_tenant_id_stage_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id"],
            ["tenants.id"],
            name=op.f("fk_applications_tenant_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_applications")),
    )
    op.create_index(
        op.f("ix_applications_tenant_id_applied_at_id"),
        "applications",
        ["tenant_id", "applied_at", "id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_applications_tenant_id_assigned_by"),
        "applications",
        ["tenant_id", "assigned_by"],
        unique=False,
    )
    op.create_index(
        op.f("ix_applications_tenant_id_assignee_id_applied_at_id"),
        "applications",
        ["tenant_id", "assignee_id", "applied_at", "id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_applications_tenant_id_candidate_id_applied_at_id"),
        "applications",
        ["tenant_id", "candidate_id", "applied_at", "id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_applications_tenant_id_disposition_applied_at_id"),
        "applications",
        ["tenant_id", "disposition", "applied_at", "id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_applications_tenant_id_job_id_applied_at_id"),
        "applications",
        ["tenant_id", "job_id", "applied_at", "id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_applications_tenant_id_source_applied_at_id"),
        "applications",
        ["tenant_id", "source", "applied_at", "id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_applications_tenant_id_stage_id_stage_entered_at_id"),
        "applications",
        ["tenant_id", "stage_id", "stage_entered_at", "id"],
        unique=False,
    )
    op.create_index(
        "uq_applications_active",
        "applications",
        ["tenant_id", "job_id", "candidate_id"],
        unique=True,
        postgresql_where=sa.text("disposition = 'active'"),
    )
    op.create_table(
        "assignments",
        sa.Column("tenant_id", sa.UUID(), nullable=False),
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("application_id", sa.UUID(), nullable=False),
        sa.Column("at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("by_member_id", sa.UUID(), nullable=True),
        sa.Column("from_member_id", sa.UUID(), nullable=True),
        sa.Column("to_member_id", sa.UUID(), nullable=True),
        sa.ForeignKeyConstraint(
            ["tenant_id", "application_id"],
            ["applications.tenant_id", "applications.id"],
            name=op.f("fk_assignments_tenant_id_application_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "by_member_id"],
            ["members.tenant_id", "members.id"],
            name=op.f("fk_assignments_tenant_id_by_member_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "from_member_id"],
            ["members.tenant_id", "members.id"],
            name=op.f("fk_assignments_tenant_id_from_member_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "to_member_id"],
            ["members.tenant_id", "members.id"],
            name=op.f("fk_assignments_tenant_id_to_member_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.id"], name=op.f("fk_assignments_tenant_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_assignments")),
    )
    op.create_index(
        op.f("ix_assignments_tenant_id_application_id_id"),
        "assignments",
        ["tenant_id", "application_id", "id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_assignments_tenant_id_by_member_id"),
        "assignments",
        ["tenant_id", "by_member_id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_assignments_tenant_id_from_member_id"),
        "assignments",
        ["tenant_id", "from_member_id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_assignments_tenant_id_to_member_id"),
        "assignments",
        ["tenant_id", "to_member_id"],
        unique=False,
    )
    op.create_table(
        "bulk_rejection_items",
        sa.Column("tenant_id", sa.UUID(), nullable=False),
        sa.Column("bulk_rejection_id", sa.UUID(), nullable=False),
        sa.Column("application_id", sa.UUID(), nullable=False),
        sa.Column("stage_id", sa.UUID(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("skipped_because", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "status IN ('pending', 'recalled', 'rejected', 'skipped')",
            name=op.f("ck_bulk_rejection_items_status"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "application_id"],
            ["applications.tenant_id", "applications.id"],
            name=op.f("fk_bulk_rejection_items_tenant_id_application_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "bulk_rejection_id"],
            ["bulk_rejections.tenant_id", "bulk_rejections.id"],
            name=op.f("fk_bulk_rejection_items_tenant_id_bulk_rejection_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id"],
            ["tenants.id"],
            name=op.f("fk_bulk_rejection_items_tenant_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint(
            "tenant_id", "bulk_rejection_id", "application_id", name=op.f("pk_bulk_rejection_items")
        ),
    )
    op.create_index(
        op.f("ix_bulk_rejection_items_tenant_id_application_id_status"),
        "bulk_rejection_items",
        ["tenant_id", "application_id", "status"],
        unique=False,
    )
    op.create_table(
        "stage_changes",
        sa.Column("tenant_id", sa.UUID(), nullable=False),
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("application_id", sa.UUID(), nullable=False),
        sa.Column("job_id", sa.UUID(), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("by_member_id", sa.UUID(), nullable=True),
        sa.Column("from_stage_id", sa.UUID(), nullable=True),
        sa.Column("from_stage_name", sa.Text(), nullable=True),
        sa.Column("to_stage_id", sa.UUID(), nullable=False),
        sa.Column("to_stage_name", sa.Text(), nullable=False),
        sa.Column("to_stage_kind", sa.Text(), nullable=False),
        sa.Column("to_stage_position", sa.SmallInteger(), nullable=False),
        sa.Column("from_disposition", sa.Text(), nullable=True),
        sa.Column("to_disposition", sa.Text(), nullable=False),
        sa.Column("reason_code", sa.Text(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "kind IN ('applied', 'moved', 'hired', 'rejected', 'withdrawn', 'reopened')",
            name=op.f("ck_stage_changes_kind"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "application_id"],
            ["applications.tenant_id", "applications.id"],
            name=op.f("fk_stage_changes_tenant_id_application_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "by_member_id"],
            ["members.tenant_id", "members.id"],
            name=op.f("fk_stage_changes_tenant_id_by_member_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "job_id"],
            ["jobs.tenant_id", "jobs.id"],
            name=op.f("fk_stage_changes_tenant_id_job_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id"],
            ["tenants.id"],
            name=op.f("fk_stage_changes_tenant_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_stage_changes")),
        sa.UniqueConstraint(
            "tenant_id",
            "application_id",
            "sequence",
            name=op.f("uq_stage_changes_tenant_id_application_id_sequence"),
        ),
    )
    op.create_index(
        op.f("ix_stage_changes_tenant_id_at"), "stage_changes", ["tenant_id", "at"], unique=False
    )
    op.create_index(
        op.f("ix_stage_changes_tenant_id_by_member_id"),
        "stage_changes",
        ["tenant_id", "by_member_id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_stage_changes_tenant_id_job_id_application_id_sequence"),
        "stage_changes",
        ["tenant_id", "job_id", "application_id", "sequence"],
        unique=False,
    )
    isolate_table("bulk_rejections")
    isolate_table("applications")
    isolate_table("assignments", privileges=("SELECT", "INSERT"))
    isolate_table("bulk_rejection_items")
    isolate_table("stage_changes", privileges=("SELECT", "INSERT"))
