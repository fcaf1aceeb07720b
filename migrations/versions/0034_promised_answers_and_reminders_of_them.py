"""Promised answers and reminders of them."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from migrations.operations import isolate_table, limit_lock_waits

revision = "0034"
down_revision = "0033"


def upgrade() -> None:
    """Promised answers and reminders of them."""
    limit_lock_waits()
    op.create_table(
        "answer_promises",
        sa.Column("tenant_id", sa.UUID(), nullable=False),
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("job_id", sa.UUID(), nullable=True),
        sa.Column("days", sa.SmallInteger(), nullable=True),
        sa.Column("remind_hours", sa.SmallInteger(), nullable=False),
        sa.Column("on_status_page", sa.Boolean(), nullable=False),
        sa.Column("in_mail", sa.Boolean(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("changed_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("changed_by", sa.UUID(), nullable=True),
        sa.CheckConstraint(
            "days >= 1 AND remind_hours >= 1", name=op.f("ck_answer_promises_lengths")
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "changed_by"],
            ["members.tenant_id", "members.id"],
            name=op.f("fk_answer_promises_tenant_id_changed_by"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "job_id"],
            ["jobs.tenant_id", "jobs.id"],
            name=op.f("fk_answer_promises_tenant_id_job_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id"],
            ["tenants.id"],
            name=op.f("fk_answer_promises_tenant_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_answer_promises")),
        sa.UniqueConstraint(
            "tenant_id", "job_id", name=op.f("uq_answer_promises_tenant_id_job_id")
        ),
    )
    op.create_index(
        op.f("ix_answer_promises_tenant_id_changed_by"),
        "answer_promises",
        ["tenant_id", "changed_by"],
        unique=False,
    )
    op.create_index(
        "uq_answer_promises_of_all",
        "answer_promises",
        ["tenant_id"],
        unique=True,
        postgresql_where=sa.text("job_id IS NULL"),
    )
    op.create_table(
        "answer_reminders",
        sa.Column("tenant_id", sa.UUID(), nullable=False),
        sa.Column("application_id", sa.UUID(), nullable=False),
        sa.Column("last_word_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("due_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("reminded_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "application_id"],
            ["applications.tenant_id", "applications.id"],
            name=op.f("fk_answer_reminders_tenant_id_application_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id"],
            ["tenants.id"],
            name=op.f("fk_answer_reminders_tenant_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint(
            "tenant_id", "application_id", "last_word_at", name=op.f("pk_answer_reminders")
        ),
    )
    op.create_index(
        op.f("ix_answer_reminders_tenant_id_due_at_application_id"),
        "answer_reminders",
        ["tenant_id", "due_at", "application_id"],
        unique=False,
    )
    isolate_table("answer_promises")
    isolate_table("answer_reminders")
