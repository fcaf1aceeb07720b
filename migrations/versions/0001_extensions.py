"""The extensions that search and constraints need; all are trusted, so the owner may add them."""

from alembic import op

from migrations.operations import limit_lock_waits

revision = "0001"
down_revision = None

EXTENSIONS = ("pg_trgm", "btree_gin", "btree_gist", "fuzzystrmatch", "unaccent", "citext")


def upgrade() -> None:
    """Add what isn't there."""
    limit_lock_waits()
    for extension in EXTENSIONS:
        op.execute(f"CREATE EXTENSION IF NOT EXISTS {extension}")
