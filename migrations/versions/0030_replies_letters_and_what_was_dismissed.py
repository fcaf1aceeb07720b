"""Replies, letters and what was dismissed."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from migrations.operations import isolate_table, limit_lock_waits

revision = "0030"
down_revision = "0029"


def upgrade() -> None:
    """Replies, letters and what was dismissed."""
    limit_lock_waits()
    op.create_table(
        "message_dismissals",
        sa.Column("tenant_id", sa.UUID(), nullable=False),
        sa.Column("message_id", sa.UUID(), nullable=False),
        sa.Column("dismissed_by", sa.UUID(), nullable=True),
        sa.Column("dismissed_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "dismissed_by"],
            ["members.tenant_id", "members.id"],
            name=op.f("fk_message_dismissals_tenant_id_dismissed_by"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "message_id"],
            ["messages.tenant_id", "messages.id"],
            name=op.f("fk_message_dismissals_tenant_id_message_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id"],
            ["tenants.id"],
            name=op.f("fk_message_dismissals_tenant_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("tenant_id", "message_id", name=op.f("pk_message_dismissals")),
    )
    op.create_index(
        op.f("ix_message_dismissals_tenant_id_dismissed_by"),
        "message_dismissals",
        ["tenant_id", "dismissed_by"],
        unique=False,
    )
    op.create_table(
        "replies",
        sa.Column("tenant_id", sa.UUID(), nullable=False),
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("plugin", sa.Text(), nullable=False),
        sa.Column("known_as", sa.Text(), nullable=False),
        sa.Column("header_id", sa.Text(), nullable=False),
        sa.Column("references", sa.ARRAY(sa.Text()), server_default="{}", nullable=False),
        sa.Column("application_id", sa.UUID(), nullable=True),
        sa.Column("message_id", sa.UUID(), nullable=True),
        sa.Column("matched_by", sa.Text(), nullable=True),
        sa.Column("from_address", sa.Text(), nullable=False),
        sa.Column("from_name", sa.Text(), nullable=False),
        sa.Column("is_stranger", sa.Boolean(), nullable=False),
        sa.Column("is_automatic", sa.Boolean(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("html", sa.Text(), nullable=True),
        sa.Column("left_out", sa.Integer(), server_default="0", nullable=False),
        sa.Column("sent_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("received_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.CheckConstraint(
            "matched_by IN ('address', 'reference', 'person')", name=op.f("ck_replies_matched_by")
        ),
        sa.CheckConstraint(
            "(application_id IS NULL) = (matched_by IS NULL)", name=op.f("ck_replies_matched")
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "application_id"],
            ["applications.tenant_id", "applications.id"],
            name=op.f("fk_replies_tenant_id_application_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "message_id"],
            ["messages.tenant_id", "messages.id"],
            name=op.f("fk_replies_tenant_id_message_id"),
            ondelete="SET NULL (message_id)",
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.id"], name=op.f("fk_replies_tenant_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_replies")),
        sa.UniqueConstraint(
            "tenant_id", "plugin", "known_as", name=op.f("uq_replies_tenant_id_plugin_known_as")
        ),
    )
    op.create_index(
        op.f("ix_replies_tenant_id_application_id_received_at_id"),
        "replies",
        ["tenant_id", "application_id", "received_at", "id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_replies_tenant_id_message_id"),
        "replies",
        ["tenant_id", "message_id"],
        unique=False,
    )
    op.create_index(
        "ix_replies_unmatched",
        "replies",
        ["tenant_id", "received_at", "id"],
        unique=False,
        postgresql_where=sa.text("application_id IS NULL"),
    )
    op.create_table(
        "message_letters",
        sa.Column("tenant_id", sa.UUID(), nullable=False),
        sa.Column("message_id", sa.UUID(), nullable=False),
        sa.Column("author_id", sa.UUID(), nullable=True),
        sa.Column("author_name", sa.Text(), nullable=False),
        sa.Column("answers_id", sa.UUID(), nullable=True),
        sa.Column("in_reply_to", sa.Text(), nullable=False),
        sa.Column("references", sa.ARRAY(sa.Text()), server_default="{}", nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "answers_id"],
            ["replies.tenant_id", "replies.id"],
            name=op.f("fk_message_letters_tenant_id_answers_id"),
            ondelete="SET NULL (answers_id)",
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "author_id"],
            ["members.tenant_id", "members.id"],
            name=op.f("fk_message_letters_tenant_id_author_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "message_id"],
            ["messages.tenant_id", "messages.id"],
            name=op.f("fk_message_letters_tenant_id_message_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id"],
            ["tenants.id"],
            name=op.f("fk_message_letters_tenant_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("tenant_id", "message_id", name=op.f("pk_message_letters")),
    )
    op.create_index(
        op.f("ix_message_letters_tenant_id_answers_id"),
        "message_letters",
        ["tenant_id", "answers_id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_message_letters_tenant_id_author_id"),
        "message_letters",
        ["tenant_id", "author_id"],
        unique=False,
    )
    op.create_table(
        "reply_files",
        sa.Column("tenant_id", sa.UUID(), nullable=False),
        sa.Column("reply_id", sa.UUID(), nullable=False),
        sa.Column("place", sa.SmallInteger(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("size_bytes", sa.Integer(), nullable=False),
        sa.Column("file_id", sa.UUID(), nullable=True),
        sa.Column("problem", sa.Text(), nullable=True),
        sa.Column("content", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(
            ["tenant_id", "file_id"],
            ["candidate_files.tenant_id", "candidate_files.id"],
            name=op.f("fk_reply_files_tenant_id_file_id"),
            ondelete="SET NULL (file_id)",
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "reply_id"],
            ["replies.tenant_id", "replies.id"],
            name=op.f("fk_reply_files_tenant_id_reply_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.id"], name=op.f("fk_reply_files_tenant_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("tenant_id", "reply_id", "place", name=op.f("pk_reply_files")),
    )
    op.create_index(
        op.f("ix_reply_files_tenant_id_file_id"),
        "reply_files",
        ["tenant_id", "file_id"],
        unique=False,
    )
    isolate_table("message_dismissals")
    isolate_table("replies")
    isolate_table("message_letters")
    isolate_table("reply_files")
