"""Jobs and their stages."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from migrations.operations import isolate_table, limit_lock_waits

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Jobs and their stages."""
    limit_lock_waits()
    op.create_table(
        "default_pipelines",
        sa.Column("tenant_id", sa.UUID(), nullable=False),
        sa.Column(
            "stages", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=False
        ),
        sa.Column("updated_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id"],
            ["tenants.id"],
            name=op.f("fk_default_pipelines_tenant_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("tenant_id", name=op.f("pk_default_pipelines")),
    )
    op.create_table(
        "jobs",
        sa.Column("tenant_id", sa.UUID(), nullable=False),
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("department", sa.Text(), nullable=False),
        sa.Column("location", sa.Text(), nullable=False),
        sa.Column("remote", sa.Text(), nullable=False),
        sa.Column("employment_type", sa.Text(), nullable=False),
        sa.Column("seniority", sa.Text(), nullable=True),
        sa.Column("pay_minimum_cents", sa.BigInteger(), nullable=True),
        sa.Column("pay_maximum_cents", sa.BigInteger(), nullable=True),
        sa.Column("pay_currency", sa.Text(), nullable=True),
        sa.Column("pay_period", sa.Text(), nullable=True),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("skills", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("openings", sa.Integer(), nullable=False),
        sa.Column(
            "questions", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=False
        ),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("status_reason", sa.Text(), nullable=True),
        sa.Column("status_changed_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("opened_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("closed_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("created_by", sa.UUID(), nullable=True),
        sa.Column("created_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("updated_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "status IN ('draft', 'open', 'on_hold', 'closed')", name=op.f("ck_jobs_status")
        ),
        sa.CheckConstraint("openings >= 1", name=op.f("ck_jobs_openings")),
        sa.CheckConstraint(
            "pay_minimum_cents >= 0 AND pay_minimum_cents <= pay_maximum_cents",
            name=op.f("ck_jobs_pay_range"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "created_by"],
            ["members.tenant_id", "members.id"],
            name=op.f("fk_jobs_tenant_id_created_by"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.id"], name=op.f("fk_jobs_tenant_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_jobs")),
    )
    op.create_index(
        op.f("ix_jobs_tenant_id_created_at_id"),
        "jobs",
        ["tenant_id", "created_at", "id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_jobs_tenant_id_created_by"), "jobs", ["tenant_id", "created_by"], unique=False
    )
    op.create_index(
        op.f("ix_jobs_tenant_id_department_created_at_id"),
        "jobs",
        ["tenant_id", "department", "created_at", "id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_jobs_tenant_id_status_created_at_id"),
        "jobs",
        ["tenant_id", "status", "created_at", "id"],
        unique=False,
    )
    op.create_table(
        "job_team",
        sa.Column("tenant_id", sa.UUID(), nullable=False),
        sa.Column("job_id", sa.UUID(), nullable=False),
        sa.Column("member_id", sa.UUID(), nullable=False),
        sa.Column("part", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "part IN ('recruiter', 'hiring_manager', 'interviewer', 'coordinator')",
            name=op.f("ck_job_team_part"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "job_id"],
            ["jobs.tenant_id", "jobs.id"],
            name=op.f("fk_job_team_tenant_id_job_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "member_id"],
            ["members.tenant_id", "members.id"],
            name=op.f("fk_job_team_tenant_id_member_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.id"], name=op.f("fk_job_team_tenant_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint(
            "tenant_id", "job_id", "member_id", "part", name=op.f("pk_job_team")
        ),
    )
    op.create_index(
        op.f("ix_job_team_tenant_id_member_id_job_id"),
        "job_team",
        ["tenant_id", "member_id", "job_id"],
        unique=False,
    )
    op.create_table(
        "stages",
        sa.Column("tenant_id", sa.UUID(), nullable=False),
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("job_id", sa.UUID(), nullable=False),
        sa.Column("position", sa.SmallInteger(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("target_days", sa.SmallInteger(), nullable=True),
        sa.CheckConstraint(
            "kind IN ('applied', 'in_progress', 'offer', 'hired')", name=op.f("ck_stages_kind")
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "job_id"],
            ["jobs.tenant_id", "jobs.id"],
            name=op.f("fk_stages_tenant_id_job_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.id"], name=op.f("fk_stages_tenant_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_stages")),
    )
    op.create_index(
        op.f("ix_stages_tenant_id_job_id_position"),
        "stages",
        ["tenant_id", "job_id", "position"],
        unique=False,
    )
    isolate_table("default_pipelines")
    isolate_table("jobs")
    isolate_table("job_team")
    isolate_table("stages")
