"""Rules of one's own, and quiet hours of automations."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from migrations.operations import isolate_table, limit_lock_waits

revision = "0031"
down_revision = "0030"


def upgrade() -> None:
    """Rules of one's own, and quiet hours of automations."""
    limit_lock_waits()
    op.create_table(
        "automation_settings",
        sa.Column("tenant_id", sa.UUID(), nullable=False),
        sa.Column("quiet_starts", sa.Text(), nullable=True),
        sa.Column("quiet_ends", sa.Text(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("changed_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("changed_by", sa.UUID(), nullable=True),
        sa.CheckConstraint(
            "(quiet_starts IS NULL) = (quiet_ends IS NULL)",
            name=op.f("ck_automation_settings_quiet_hours"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "changed_by"],
            ["members.tenant_id", "members.id"],
            name=op.f("fk_automation_settings_tenant_id_changed_by"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id"],
            ["tenants.id"],
            name=op.f("fk_automation_settings_tenant_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("tenant_id", name=op.f("pk_automation_settings")),
    )
    op.create_index(
        op.f("ix_automation_settings_tenant_id_changed_by"),
        "automation_settings",
        ["tenant_id", "changed_by"],
        unique=False,
    )
    op.create_table(
        "own_automations",
        sa.Column("tenant_id", sa.UUID(), nullable=False),
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("job_id", sa.UUID(), nullable=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("trigger", sa.Text(), nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column(
            "definition", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=False
        ),
        sa.Column("active_since", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("changed_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("changed_by", sa.UUID(), nullable=True),
        sa.ForeignKeyConstraint(
            ["tenant_id", "changed_by"],
            ["members.tenant_id", "members.id"],
            name=op.f("fk_own_automations_tenant_id_changed_by"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "job_id"],
            ["jobs.tenant_id", "jobs.id"],
            name=op.f("fk_own_automations_tenant_id_job_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id"],
            ["tenants.id"],
            name=op.f("fk_own_automations_tenant_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_own_automations")),
    )
    op.create_index(
        op.f("ix_own_automations_tenant_id_changed_by"),
        "own_automations",
        ["tenant_id", "changed_by"],
        unique=False,
    )
    op.create_index(
        op.f("ix_own_automations_tenant_id_job_id"),
        "own_automations",
        ["tenant_id", "job_id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_own_automations_tenant_id_trigger_created_at_id"),
        "own_automations",
        ["tenant_id", "trigger", "created_at", "id"],
        unique=False,
    )
    op.add_column("automation_steps", sa.Column("rule_name", sa.Text(), nullable=True))
    op.add_column(
        "automation_steps",
        sa.Column(
            "action", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=True
        ),
    )
    op.add_column(
        "automation_steps",
        sa.Column("depth", sa.SmallInteger(), server_default="1", nullable=False),
    )
    op.add_column(
        "automation_steps",
        sa.Column("wanted_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
    )
    op.add_column(
        "automation_steps", sa.Column("runs", sa.SmallInteger(), server_default="0", nullable=False)
    )
    op.alter_column("automation_steps", "template", existing_type=sa.TEXT(), nullable=True)
    op.create_index(
        op.f("ix_automation_steps_tenant_id_state_due_at_id"),
        "automation_steps",
        ["tenant_id", "state", "due_at", "id"],
        unique=False,
    )
    isolate_table("automation_settings")
    isolate_table("own_automations")
