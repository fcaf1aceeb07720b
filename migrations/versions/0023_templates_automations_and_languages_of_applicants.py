"""Templates automations and languages of applicants."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from migrations.operations import isolate_table, limit_lock_waits

revision = "0023"
down_revision = "0022"


def upgrade() -> None:
    """Templates automations and languages of applicants."""
    limit_lock_waits()
    op.create_table(
        "email_templates",
        sa.Column("tenant_id", sa.UUID(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=True),
        sa.Column("body", sa.Text(), nullable=True),
        sa.Column("saved_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("saved_by", sa.UUID(), nullable=True),
        sa.CheckConstraint(
            "(subject IS NULL) = (body IS NULL)", name=op.f("ck_email_templates_whole")
        ),
        sa.CheckConstraint("version >= 1", name=op.f("ck_email_templates_version")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "saved_by"],
            ["members.tenant_id", "members.id"],
            name=op.f("fk_email_templates_tenant_id_saved_by"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id"],
            ["tenants.id"],
            name=op.f("fk_email_templates_tenant_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint(
            "tenant_id", "kind", "language", "version", name=op.f("pk_email_templates")
        ),
    )
    op.create_index(
        op.f("ix_email_templates_tenant_id_saved_by"),
        "email_templates",
        ["tenant_id", "saved_by"],
        unique=False,
    )
    op.create_table(
        "automation_rules",
        sa.Column("tenant_id", sa.UUID(), nullable=False),
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("job_id", sa.UUID(), nullable=True),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("delay_minutes", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("changed_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("changed_by", sa.UUID(), nullable=True),
        sa.CheckConstraint("delay_minutes >= 0", name=op.f("ck_automation_rules_delay_minutes")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "changed_by"],
            ["members.tenant_id", "members.id"],
            name=op.f("fk_automation_rules_tenant_id_changed_by"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "job_id"],
            ["jobs.tenant_id", "jobs.id"],
            name=op.f("fk_automation_rules_tenant_id_job_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id"],
            ["tenants.id"],
            name=op.f("fk_automation_rules_tenant_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_automation_rules")),
        sa.UniqueConstraint(
            "tenant_id", "key", "job_id", name=op.f("uq_automation_rules_tenant_id_key_job_id")
        ),
    )
    op.create_index(
        op.f("ix_automation_rules_tenant_id_changed_by"),
        "automation_rules",
        ["tenant_id", "changed_by"],
        unique=False,
    )
    op.create_index(
        op.f("ix_automation_rules_tenant_id_job_id"),
        "automation_rules",
        ["tenant_id", "job_id"],
        unique=False,
    )
    op.create_index(
        "uq_automation_rules_of_all",
        "automation_rules",
        ["tenant_id", "key"],
        unique=True,
        postgresql_where=sa.text("job_id IS NULL"),
    )
    op.create_table(
        "automation_steps",
        sa.Column("tenant_id", sa.UUID(), nullable=False),
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("rule_key", sa.Text(), nullable=False),
        sa.Column("trigger", sa.Text(), nullable=False),
        sa.Column("template", sa.Text(), nullable=False),
        sa.Column("application_id", sa.UUID(), nullable=False),
        sa.Column("event_id", sa.UUID(), nullable=False),
        sa.Column("stage_id", sa.UUID(), nullable=True),
        sa.Column("stage_name", sa.Text(), nullable=True),
        sa.Column("happened_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("due_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("ended_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("taken_back_by", sa.UUID(), nullable=True),
        sa.Column("message_id", sa.UUID(), nullable=True),
        sa.CheckConstraint(
            "state IN ('planned', 'done', 'skipped', 'taken_back')",
            name=op.f("ck_automation_steps_state"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "application_id"],
            ["applications.tenant_id", "applications.id"],
            name=op.f("fk_automation_steps_tenant_id_application_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "message_id"],
            ["messages.tenant_id", "messages.id"],
            name=op.f("fk_automation_steps_tenant_id_message_id"),
            ondelete="SET NULL (message_id)",
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "taken_back_by"],
            ["members.tenant_id", "members.id"],
            name=op.f("fk_automation_steps_tenant_id_taken_back_by"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id"],
            ["tenants.id"],
            name=op.f("fk_automation_steps_tenant_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_automation_steps")),
        sa.UniqueConstraint(
            "tenant_id",
            "event_id",
            "rule_key",
            name=op.f("uq_automation_steps_tenant_id_event_id_rule_key"),
        ),
    )
    op.create_index(
        op.f("ix_automation_steps_tenant_id_application_id_happened_at_id"),
        "automation_steps",
        ["tenant_id", "application_id", "happened_at", "id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_automation_steps_tenant_id_message_id"),
        "automation_steps",
        ["tenant_id", "message_id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_automation_steps_tenant_id_taken_back_by"),
        "automation_steps",
        ["tenant_id", "taken_back_by"],
        unique=False,
    )
    op.add_column("submissions", sa.Column("form_id", sa.Text(), nullable=True))
    op.add_column("submissions", sa.Column("language", sa.Text(), nullable=True))
    isolate_table("email_templates", privileges=("SELECT", "INSERT"))
    isolate_table("automation_rules")
    isolate_table("automation_steps")
