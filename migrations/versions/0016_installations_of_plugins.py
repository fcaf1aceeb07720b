"""Installations of plugins."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from migrations.operations import grant_app, isolate_table, limit_lock_waits

revision = "0016"
down_revision = "0015"


def upgrade() -> None:
    """Installations of plugins."""
    limit_lock_waits()
    op.create_table(
        "plugin_revisions",
        sa.Column("plugin_id", sa.Text(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("checksum", sa.Text(), nullable=False),
        sa.Column("applied_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("plugin_id", "revision", name=op.f("pk_plugin_revisions")),
    )
    op.create_table(
        "plugin_installations",
        sa.Column("tenant_id", sa.UUID(), nullable=False),
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("plugin_id", sa.Text(), nullable=False),
        sa.Column("decision", sa.Text(), nullable=False),
        sa.Column("accepted", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column(
            "settings", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=False
        ),
        sa.Column("settings_version", sa.Integer(), nullable=False),
        sa.Column("enabled_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column(
            "check", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=True
        ),
        sa.Column("created_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("updated_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "decision IN ('disabled', 'enabled', 'uninstalled')",
            name=op.f("ck_plugin_installations_decision"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id"],
            ["tenants.id"],
            name=op.f("fk_plugin_installations_tenant_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_plugin_installations")),
        sa.UniqueConstraint(
            "tenant_id", "plugin_id", name=op.f("uq_plugin_installations_tenant_id_plugin_id")
        ),
    )
    op.create_table(
        "plugin_secrets",
        sa.Column("tenant_id", sa.UUID(), nullable=False),
        sa.Column("plugin_id", sa.Text(), nullable=False),
        sa.Column("field", sa.Text(), nullable=False),
        sa.Column("sealed", sa.Text(), nullable=False),
        sa.Column("updated_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id"],
            ["tenants.id"],
            name=op.f("fk_plugin_secrets_tenant_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("tenant_id", "plugin_id", "field", name=op.f("pk_plugin_secrets")),
    )
    grant_app("plugin_revisions", ("SELECT",))
    isolate_table("plugin_installations")
    isolate_table("plugin_secrets")
