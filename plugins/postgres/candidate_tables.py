"""Tables of candidates, what hangs on them, and what search and duplicates are found by."""

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, TSVECTOR

from plugins.postgres.schema import (
    Ref,
    json_column,
    tenant_table,
    text_column,
    time_column,
    uuid_column,
)


def _texts(name: str) -> sa.Column[list[str]]:
    return sa.Column(name, ARRAY(sa.Text), nullable=False)


candidates = tenant_table(
    "candidates",
    uuid_column("id"),
    text_column("full_name"),
    text_column("preferred_name", nullable=True),
    _texts("emails"),
    _texts("phones"),
    json_column("links"),
    text_column("headline", nullable=True),
    text_column("location", nullable=True),
    _texts("skills"),
    json_column("experience"),
    json_column("education"),
    text_column("source", nullable=True),
    _texts("tags"),
    text_column("resume_text", nullable=True),
    sa.Column("version", sa.Integer, nullable=False),
    time_column("created_at"),
    time_column("updated_at"),
    uuid_column("created_by", nullable=True),
    refs=[Ref("created_by", "members")],
    indexes=[("created_at", "id"), ("created_by",)],
)

candidate_keys = tenant_table(
    "candidate_keys",
    text_column("kind"),
    text_column("value"),
    uuid_column("candidate_id"),
    sa.CheckConstraint("kind IN ('email', 'phone', 'link')", name="kind"),
    key=("kind", "value", "candidate_id"),
    refs=[Ref("candidate_id", "candidates", "CASCADE")],
    indexes=[("candidate_id",)],
)
"""Normalised contacts; two candidates with the same key may be one person."""

candidate_search = tenant_table(
    "candidate_search",
    uuid_column("candidate_id"),
    time_column("created_at"),
    sa.Column("document", TSVECTOR, nullable=False),
    sa.Column("ranking", TSVECTOR, nullable=False),
    key=("candidate_id",),
    refs=[Ref("candidate_id", "candidates", "CASCADE")],
    indexes=[("created_at", "candidate_id")],
)
"""`document` is what is matched; `ranking`, small enough to stay in the row, is what is ranked.

Kept by `refresh_candidate_search_v1` in the transaction of each change.
"""

# The tenant leads the index (btree_gin), so that its size is the tenant's. A short pending list
# keeps searches after an import from reading megabytes of unsorted entries.
sa.Index(
    "ix_candidate_search_document",
    candidate_search.c.tenant_id,
    candidate_search.c.document,
    postgresql_using="gin",
    postgresql_with={"gin_pending_list_limit": 512},
)

candidate_terms = tenant_table(
    "candidate_terms",
    text_column("term"),
    uuid_column("candidate_id"),
    key=("term", "candidate_id"),
    refs=[Ref("candidate_id", "candidates", "CASCADE")],
    indexes=[("candidate_id",)],
)
"""Each word once, in the name of a candidate who has it: what typing errors are compared with.

A word goes with its candidate, so erasure leaves none behind; `pass_on_candidate_terms_v1` hands
those that others have too to one of them.
"""

sa.Index(
    "ix_candidate_terms_similar",
    candidate_terms.c.tenant_id,
    candidate_terms.c.term,
    postgresql_using="gin",
    postgresql_ops={"term": "gin_trgm_ops"},
    postgresql_with={"gin_pending_list_limit": 512},
)

candidate_notes = tenant_table(
    "candidate_notes",
    uuid_column("id"),
    uuid_column("candidate_id"),
    uuid_column("author_id", nullable=True),
    text_column("author_name"),
    text_column("text"),
    time_column("created_at"),
    time_column("edited_at", nullable=True),
    refs=[Ref("candidate_id", "candidates", "CASCADE"), Ref("author_id", "members")],
    indexes=[("candidate_id", "created_at", "id"), ("author_id",)],
)

candidate_files = tenant_table(
    "candidate_files",
    uuid_column("id"),
    uuid_column("candidate_id"),
    text_column("name"),
    text_column("media_type"),
    sa.Column("size_bytes", sa.BigInteger, nullable=False),
    sa.Column("sha256", sa.LargeBinary, nullable=False),
    time_column("uploaded_at"),
    uuid_column("uploaded_by", nullable=True),
    refs=[Ref("candidate_id", "candidates", "CASCADE"), Ref("uploaded_by", "members")],
    indexes=[("candidate_id", "id"), ("uploaded_by",)],
)
"""What is known of a stored file; its content lies in the file store under the file's id."""

candidate_merges = tenant_table(
    "candidate_merges",
    uuid_column("id"),
    uuid_column("survivor_id"),
    uuid_column("merged_id"),
    uuid_column("holder_id"),
    json_column("record"),
    time_column("merged_at"),
    uuid_column("merged_by", nullable=True),
    time_column("undone_at", nullable=True),
    refs=[Ref("holder_id", "candidates", "CASCADE"), Ref("merged_by", "members")],
    indexes=[("merged_id",), ("holder_id", "merged_at", "id"), ("merged_by",)],
)
"""Everything that undoing a merge needs.

`survivor_id` is whom it was merged into; `holder_id` is who holds it now, another when the survivor
was merged too. The record holds personal data and goes with its holder.
"""
