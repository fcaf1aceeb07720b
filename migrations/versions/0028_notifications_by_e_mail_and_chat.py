"""Notifications by e-mail and chat."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from migrations.operations import isolate_table, limit_lock_waits

revision = "0028"
down_revision = "0027"


def upgrade() -> None:
    """Notifications by e-mail and chat."""
    limit_lock_waits()
    op.create_table(
        "chat_pauses",
        sa.Column("tenant_id", sa.UUID(), nullable=False),
        sa.Column("plugin_id", sa.Text(), nullable=False),
        sa.Column("said", sa.Text(), nullable=False),
        sa.Column("since", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.id"], name=op.f("fk_chat_pauses_tenant_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("tenant_id", "plugin_id", name=op.f("pk_chat_pauses")),
    )
    op.create_table(
        "quota_marks",
        sa.Column("tenant_id", sa.UUID(), nullable=False),
        sa.Column("quota", sa.Text(), nullable=False),
        sa.Column("period", sa.Text(), nullable=False),
        sa.Column("percent", sa.Integer(), nullable=False),
        sa.Column("at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.id"], name=op.f("fk_quota_marks_tenant_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint(
            "tenant_id", "quota", "period", "percent", name=op.f("pk_quota_marks")
        ),
    )
    op.create_table(
        "chat_posts",
        sa.Column("tenant_id", sa.UUID(), nullable=False),
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("plugin_id", sa.Text(), nullable=False),
        sa.Column("notice", sa.Text(), nullable=False),
        sa.Column("group_key", sa.Text(), nullable=False),
        sa.Column("times", sa.Integer(), nullable=False),
        sa.Column("unseen_hours", sa.Integer(), nullable=False),
        sa.Column(
            "members", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=False
        ),
        sa.Column("application_id", sa.UUID(), nullable=True),
        sa.Column("note_id", sa.UUID(), nullable=True),
        sa.Column("actor_id", sa.UUID(), nullable=True),
        sa.Column(
            "details", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=False
        ),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("said", sa.Text(), nullable=True),
        sa.Column("created_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("due_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("settled_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.CheckConstraint(
            "state IN ('waiting', 'sending', 'sent', 'failed', 'unknown')",
            name=op.f("ck_chat_posts_state"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "actor_id"],
            ["members.tenant_id", "members.id"],
            name=op.f("fk_chat_posts_tenant_id_actor_id"),
            ondelete="SET NULL (actor_id)",
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "application_id"],
            ["applications.tenant_id", "applications.id"],
            name=op.f("fk_chat_posts_tenant_id_application_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "note_id"],
            ["candidate_notes.tenant_id", "candidate_notes.id"],
            name=op.f("fk_chat_posts_tenant_id_note_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.id"], name=op.f("fk_chat_posts_tenant_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_chat_posts")),
    )
    op.create_index(
        op.f("ix_chat_posts_tenant_id_actor_id"),
        "chat_posts",
        ["tenant_id", "actor_id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_chat_posts_tenant_id_application_id"),
        "chat_posts",
        ["tenant_id", "application_id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_chat_posts_tenant_id_created_at"),
        "chat_posts",
        ["tenant_id", "created_at"],
        unique=False,
    )
    op.create_index(
        op.f("ix_chat_posts_tenant_id_note_id"),
        "chat_posts",
        ["tenant_id", "note_id"],
        unique=False,
    )
    op.create_index(
        "uq_chat_posts_waiting",
        "chat_posts",
        ["tenant_id", "plugin_id", "group_key"],
        unique=True,
        postgresql_where=sa.text("state = 'waiting'"),
    )
    op.create_table(
        "notification_deliveries",
        sa.Column("tenant_id", sa.UUID(), nullable=False),
        sa.Column("notification_id", sa.UUID(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("member_id", sa.UUID(), nullable=False),
        sa.Column("cadence", sa.Text(), nullable=False),
        sa.Column("due_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("settled_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.CheckConstraint("channel IN ('email')", name=op.f("ck_notification_deliveries_channel")),
        sa.CheckConstraint(
            "state IN ('waiting', 'sent', 'dropped')", name=op.f("ck_notification_deliveries_state")
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "member_id"],
            ["members.tenant_id", "members.id"],
            name=op.f("fk_notification_deliveries_tenant_id_member_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "notification_id"],
            ["notifications.tenant_id", "notifications.id"],
            name=op.f("fk_notification_deliveries_tenant_id_notification_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id"],
            ["tenants.id"],
            name=op.f("fk_notification_deliveries_tenant_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint(
            "tenant_id", "notification_id", "channel", name=op.f("pk_notification_deliveries")
        ),
    )
    op.create_index(
        op.f("ix_notification_deliveries_tenant_id_member_id_state_due_at"),
        "notification_deliveries",
        ["tenant_id", "member_id", "state", "due_at"],
        unique=False,
    )
    op.add_column(
        "notification_defaults",
        sa.Column("escalate_after_hours", sa.Integer(), server_default="0", nullable=False),
    )
    op.add_column(
        "notification_defaults",
        sa.Column(
            "chat", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=True
        ),
    )
    op.add_column(
        "notification_preferences",
        sa.Column(
            "digest", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=True
        ),
    )
    op.add_column(
        "notification_preferences", sa.Column("escalate_after_hours", sa.Integer(), nullable=True)
    )
    isolate_table("chat_pauses")
    isolate_table("quota_marks")
    isolate_table("chat_posts")
    isolate_table("notification_deliveries")
