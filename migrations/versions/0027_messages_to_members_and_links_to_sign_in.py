"""Messages to members and links to sign in."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from migrations.operations import isolate_table, limit_lock_waits

revision = "0027"
down_revision = "0026"


def upgrade() -> None:
    """Messages to members and links to sign in."""
    limit_lock_waits()
    op.create_table(
        "sign_in_links",
        sa.Column("tenant_id", sa.UUID(), nullable=False),
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("member_id", sa.UUID(), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("browser_hash", sa.LargeBinary(), nullable=False),
        sa.Column("code_hash", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("expires_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "member_id"],
            ["members.tenant_id", "members.id"],
            name=op.f("fk_sign_in_links_tenant_id_member_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id"],
            ["tenants.id"],
            name=op.f("fk_sign_in_links_tenant_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_sign_in_links")),
        sa.UniqueConstraint(
            "tenant_id", "token_hash", name=op.f("uq_sign_in_links_tenant_id_token_hash")
        ),
    )
    op.create_index(
        op.f("ix_sign_in_links_tenant_id_expires_at"),
        "sign_in_links",
        ["tenant_id", "expires_at"],
        unique=False,
    )
    op.create_index(
        op.f("ix_sign_in_links_tenant_id_member_id"),
        "sign_in_links",
        ["tenant_id", "member_id"],
        unique=False,
    )
    op.add_column("messages", sa.Column("member_id", sa.UUID(), nullable=True))
    op.add_column("messages", sa.Column("language", sa.Text(), nullable=True))
    op.add_column("messages", sa.Column("sealed", sa.Text(), nullable=True))
    op.add_column(
        "messages", sa.Column("use_by", postgresql.TIMESTAMP(timezone=True), nullable=True)
    )
    op.alter_column("messages", "application_id", existing_type=sa.UUID(), nullable=True)
    op.create_index(
        "ix_messages_to_members",
        "messages",
        ["tenant_id", "member_id", "created_at", "id"],
        unique=False,
        postgresql_where=sa.text("application_id IS NULL"),
    )
    op.create_foreign_key(
        op.f("fk_messages_tenant_id_member_id"),
        "messages",
        "members",
        ["tenant_id", "member_id"],
        ["tenant_id", "id"],
        ondelete="CASCADE",
    )
    op.create_check_constraint(
        op.f("ck_messages_receiver"), "messages", "application_id IS NULL OR member_id IS NULL"
    )
    isolate_table("sign_in_links")
    # The links that open an application stood in the text; now they're put in at sending. The
    # owner sees no tenant's rows unless it is let.
    op.execute("ALTER TABLE messages NO FORCE ROW LEVEL SECURITY")
    op.execute(
        "UPDATE messages SET text = regexp_replace(text, "
        "'/careers/applications/[A-Za-z0-9_-]{43}', '/careers/applications/only-in-the-mail', "
        "'g'), html = regexp_replace(html, '/careers/applications/[A-Za-z0-9_-]{43}', "
        "'/careers/applications/only-in-the-mail', 'g') "
        "WHERE text LIKE '%/careers/applications/%'"
    )
    op.execute("ALTER TABLE messages FORCE ROW LEVEL SECURITY")
