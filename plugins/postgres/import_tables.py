"""Tables of CSV imports: the file, its progress and the report per row."""

import sqlalchemy as sa

from plugins.postgres.schema import (
    Ref,
    json_column,
    tenant_table,
    text_column,
    time_column,
    uuid_column,
)


def _count(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.Integer, nullable=False, server_default="0")


imports = tenant_table(
    "imports",
    uuid_column("id"),
    text_column("kind"),
    text_column("state"),
    text_column("file_name"),
    sa.Column("size_bytes", sa.BigInteger, nullable=False),
    json_column("options"),
    json_column("columns"),
    _count("total_rows"),
    _count("created"),
    _count("updated"),
    _count("skipped"),
    _count("failed"),
    text_column("failure", nullable=True),
    uuid_column("created_by", nullable=True),
    time_column("created_at"),
    time_column("finished_at", nullable=True),
    sa.CheckConstraint("kind IN ('candidates', 'applications')", name="kind"),
    sa.CheckConstraint(
        "state IN ('queued', 'checked', 'done', 'failed', 'cancelled')", name="state"
    ),
    refs=[Ref("created_by", "members")],
    indexes=[("created_at", "id"), ("created_by",)],
)

import_sources = tenant_table(
    "import_sources",
    uuid_column("import_id"),
    sa.Column("content", sa.LargeBinary, nullable=False),
    key=("import_id",),
    refs=[Ref("import_id", "imports", "CASCADE")],
)
"""The uploaded file, until the import has ended."""

import_progress = tenant_table(
    "import_progress",
    uuid_column("import_id"),
    _count("attempts"),
    _count("done_rows"),
    time_column("at"),
    key=("import_id",),
    refs=[Ref("import_id", "imports", "CASCADE")],
)
"""Written in transactions of its own while the import's one transaction is still open."""

import_rows = tenant_table(
    "import_rows",
    uuid_column("import_id"),
    sa.Column("line", sa.Integer, nullable=False),
    text_column("outcome"),
    uuid_column("subject_id", nullable=True),
    json_column("errors"),
    sa.CheckConstraint("outcome IN ('created', 'updated', 'skipped', 'error')", name="outcome"),
    key=("import_id", "line"),
    refs=[Ref("import_id", "imports", "CASCADE")],
    indexes=[("import_id", "outcome", "line")],
)
"""What became of each row; `line` is where it starts in the file. No value of the row is kept."""
