"""The whole schema, from the tables as they are defined."""

from alembic import op

from migrations.operations import grant_app, isolate_table, let_relay_read, limit_lock_waits
from plugins.postgres.tables import metadata

revision = "0001"
down_revision = None

EXTENSIONS = ("pg_trgm", "btree_gin", "btree_gist", "fuzzystrmatch", "unaccent", "citext")
RELAY_READS = ("tenant_id", "id", "type", "version", "aggregate", "aggregate_id", "occurred_at")


def upgrade() -> None:
    """Make every table."""
    limit_lock_waits()
    for extension in EXTENSIONS:
        op.execute(f"CREATE EXTENSION IF NOT EXISTS {extension}")
    metadata.create_all(op.get_bind())
    for table in metadata.sorted_tables:
        privileges = table.info["privileges"]
        column = "tenant_id" if table.info["tenant"] else table.info["tenant_column"]
        if column is not None:
            isolate_table(table.name, privileges=privileges, column=column)
        elif privileges:
            grant_app(table.name, privileges)
    let_relay_read("outbox", RELAY_READS)
