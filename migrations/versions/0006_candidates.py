"""Candidates."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from migrations.operations import isolate_table, limit_lock_waits

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Candidates."""
    limit_lock_waits()
    op.create_table(
        "candidates",
        sa.Column("tenant_id", sa.UUID(), nullable=False),
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("full_name", sa.Text(), nullable=False),
        sa.Column("preferred_name", sa.Text(), nullable=True),
        sa.Column("emails", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("phones", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column(
            "links", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=False
        ),
        sa.Column("headline", sa.Text(), nullable=True),
        sa.Column("location", sa.Text(), nullable=True),
        sa.Column("skills", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column(
            "experience", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=False
        ),
        sa.Column(
            "education", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=False
        ),
        sa.Column("source", sa.Text(), nullable=True),
        sa.Column("tags", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("resume_text", sa.Text(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("updated_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("created_by", sa.UUID(), nullable=True),
        sa.ForeignKeyConstraint(
            ["tenant_id", "created_by"],
            ["members.tenant_id", "members.id"],
            name=op.f("fk_candidates_tenant_id_created_by"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.id"], name=op.f("fk_candidates_tenant_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_candidates")),
    )
    op.create_index(
        op.f("ix_candidates_tenant_id_created_at_id"),
        "candidates",
        ["tenant_id", "created_at", "id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_candidates_tenant_id_created_by"),
        "candidates",
        ["tenant_id", "created_by"],
        unique=False,
    )
    op.create_table(
        "candidate_files",
        sa.Column("tenant_id", sa.UUID(), nullable=False),
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("candidate_id", sa.UUID(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("media_type", sa.Text(), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.LargeBinary(), nullable=False),
        sa.Column("uploaded_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("uploaded_by", sa.UUID(), nullable=True),
        sa.ForeignKeyConstraint(
            ["tenant_id", "candidate_id"],
            ["candidates.tenant_id", "candidates.id"],
            name=op.f("fk_candidate_files_tenant_id_candidate_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "uploaded_by"],
            ["members.tenant_id", "members.id"],
            name=op.f("fk_candidate_files_tenant_id_uploaded_by"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id"],
            ["tenants.id"],
            name=op.f("fk_candidate_files_tenant_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_candidate_files")),
    )
    op.create_index(
        op.f("ix_candidate_files_tenant_id_candidate_id_id"),
        "candidate_files",
        ["tenant_id", "candidate_id", "id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_candidate_files_tenant_id_uploaded_by"),
        "candidate_files",
        ["tenant_id", "uploaded_by"],
        unique=False,
    )
    op.create_table(
        "candidate_keys",
        sa.Column("tenant_id", sa.UUID(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("candidate_id", sa.UUID(), nullable=False),
        sa.CheckConstraint(
            "kind IN ('email', 'phone', 'link')", name=op.f("ck_candidate_keys_kind")
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "candidate_id"],
            ["candidates.tenant_id", "candidates.id"],
            name=op.f("fk_candidate_keys_tenant_id_candidate_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id"],
            ["tenants.id"],
            name=op.f("fk_candidate_keys_tenant_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint(
            "tenant_id", "kind", "value", "candidate_id", name=op.f("pk_candidate_keys")
        ),
    )
    op.create_index(
        op.f("ix_candidate_keys_tenant_id_candidate_id"),
        "candidate_keys",
        ["tenant_id", "candidate_id"],
        unique=False,
    )
    op.create_table(
        "candidate_merges",
        sa.Column("tenant_id", sa.UUID(), nullable=False),
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("survivor_id", sa.UUID(), nullable=False),
        sa.Column("merged_id", sa.UUID(), nullable=False),
        sa.Column("holder_id", sa.UUID(), nullable=False),
        sa.Column(
            "record", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=False
        ),
        sa.Column("merged_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("merged_by", sa.UUID(), nullable=True),
        sa.Column("undone_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["tenant_id", "holder_id"],
            ["candidates.tenant_id", "candidates.id"],
            name=op.f("fk_candidate_merges_tenant_id_holder_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "merged_by"],
            ["members.tenant_id", "members.id"],
            name=op.f("fk_candidate_merges_tenant_id_merged_by"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id"],
            ["tenants.id"],
            name=op.f("fk_candidate_merges_tenant_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_candidate_merges")),
    )
    op.create_index(
        op.f("ix_candidate_merges_tenant_id_holder_id_merged_at_id"),
        "candidate_merges",
        ["tenant_id", "holder_id", "merged_at", "id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_candidate_merges_tenant_id_merged_by"),
        "candidate_merges",
        ["tenant_id", "merged_by"],
        unique=False,
    )
    op.create_index(
        op.f("ix_candidate_merges_tenant_id_merged_id"),
        "candidate_merges",
        ["tenant_id", "merged_id"],
        unique=False,
    )
    op.create_table(
        "candidate_notes",
        sa.Column("tenant_id", sa.UUID(), nullable=False),
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("candidate_id", sa.UUID(), nullable=False),
        sa.Column("author_id", sa.UUID(), nullable=True),
        sa.Column("author_name", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("created_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("edited_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["tenant_id", "author_id"],
            ["members.tenant_id", "members.id"],
            name=op.f("fk_candidate_notes_tenant_id_author_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "candidate_id"],
            ["candidates.tenant_id", "candidates.id"],
            name=op.f("fk_candidate_notes_tenant_id_candidate_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id"],
            ["tenants.id"],
            name=op.f("fk_candidate_notes_tenant_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_candidate_notes")),
    )
    op.create_index(
        op.f("ix_candidate_notes_tenant_id_author_id"),
        "candidate_notes",
        ["tenant_id", "author_id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_candidate_notes_tenant_id_candidate_id_created_at_id"),
        "candidate_notes",
        ["tenant_id", "candidate_id", "created_at", "id"],
        unique=False,
    )
    op.create_table(
        "candidate_search",
        sa.Column("tenant_id", sa.UUID(), nullable=False),
        sa.Column("candidate_id", sa.UUID(), nullable=False),
        sa.Column("created_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("document", postgresql.TSVECTOR(), nullable=False),
        sa.Column("ranking", postgresql.TSVECTOR(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "candidate_id"],
            ["candidates.tenant_id", "candidates.id"],
            name=op.f("fk_candidate_search_tenant_id_candidate_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id"],
            ["tenants.id"],
            name=op.f("fk_candidate_search_tenant_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("tenant_id", "candidate_id", name=op.f("pk_candidate_search")),
    )
    op.create_index(
        "ix_candidate_search_document",
        "candidate_search",
        ["tenant_id", "document"],
        unique=False,
        postgresql_using="gin",
        postgresql_with={"gin_pending_list_limit": 512},
    )
    op.create_index(
        op.f("ix_candidate_search_tenant_id_created_at_candidate_id"),
        "candidate_search",
        ["tenant_id", "created_at", "candidate_id"],
        unique=False,
    )
    op.create_table(
        "candidate_terms",
        sa.Column("tenant_id", sa.UUID(), nullable=False),
        sa.Column("term", sa.Text(), nullable=False),
        sa.Column("candidate_id", sa.UUID(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "candidate_id"],
            ["candidates.tenant_id", "candidates.id"],
            name=op.f("fk_candidate_terms_tenant_id_candidate_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id"],
            ["tenants.id"],
            name=op.f("fk_candidate_terms_tenant_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint(
            "tenant_id", "term", "candidate_id", name=op.f("pk_candidate_terms")
        ),
    )
    op.create_index(
        "ix_candidate_terms_similar",
        "candidate_terms",
        ["tenant_id", "term"],
        unique=False,
        postgresql_using="gin",
        postgresql_ops={"term": "gin_trgm_ops"},
        postgresql_with={"gin_pending_list_limit": 512},
    )
    op.create_index(
        op.f("ix_candidate_terms_tenant_id_candidate_id"),
        "candidate_terms",
        ["tenant_id", "candidate_id"],
        unique=False,
    )
    isolate_table("candidates")
    isolate_table("candidate_files")
    isolate_table("candidate_keys")
    isolate_table("candidate_merges")
    isolate_table("candidate_notes")
    isolate_table("candidate_search")
    isolate_table("candidate_terms")
