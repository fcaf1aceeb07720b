"""Whether the database is one that this release can serve from. Asked by `/health/ready`."""

from functools import cache

from core.shared.errors import Unavailable
from plugins.postgres.database import Database
from plugins.postgres.migrate import head


async def assert_answering(database: Database) -> None:
    """Return when the database answers. Raises Unavailable."""
    await database.fetch("SELECT 1")


async def assert_migrated(database: Database) -> None:
    """Return when this release's newest migration has run.

    A newer one is fine too: during an upgrade the old release serves on a schema that was expanded.
    Raises Unavailable when it has not run.
    """
    rows = await database.fetch("SELECT version_num FROM alembic_version")
    found = str(rows[0]["version_num"]) if rows else ""
    if found < _expected():
        raise Unavailable(f"The schema is at {found or 'nothing'}, not at {_expected()}.")


@cache
def _expected() -> str:
    return head()
