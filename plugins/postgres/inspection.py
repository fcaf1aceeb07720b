"""What can be seen of a PostgreSQL by asking it; changes nothing. Called by `doctor`."""

import asyncpg
import msgspec

from plugins.postgres.identity_check import examine_role

_TIMEOUT_SECONDS = 3.0
_FACTS = """
SELECT current_setting('server_version') AS version,
    current_setting('server_version_num')::int / 10000 AS major_version,
    pg_database_size(current_database()) AS database_bytes,
    (SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend') AS connections,
    current_setting('max_connections')::int AS max_connections,
    current_setting('fsync')::bool AND current_setting('full_page_writes')::bool AS durable,
    to_regclass('alembic_version') IS NOT NULL AS migrated
"""


class PostgresFacts(msgspec.Struct, frozen=True):
    """One database as it is now, seen by one role."""

    version: str
    major_version: int
    database_bytes: int
    connections: int
    max_connections: int
    durable: bool
    """Whether committed data survives a crash of the server."""
    migrated: bool
    """Whether any migration ever ran here."""
    revision: str | None
    """The migration it is at; None also when this role may not read it."""
    role: str
    role_findings: tuple[str, ...]
    """Reasons why the application must not run as this role."""


async def inspect_postgres(url: str) -> PostgresFacts:
    """Ask the database at `url`. Raises `OSError` or asyncpg's errors when it can't be asked."""
    connection = await asyncpg.connect(
        url, timeout=_TIMEOUT_SECONDS, command_timeout=_TIMEOUT_SECONDS
    )
    try:
        facts = dict(await connection.fetchrow(_FACTS))
        report = await examine_role(connection)
        revision = None
        if facts["migrated"] and await connection.fetchval(
            "SELECT has_table_privilege('alembic_version', 'SELECT')"
        ):
            revision = await connection.fetchval("SELECT version_num FROM alembic_version")
    finally:
        await connection.close(timeout=_TIMEOUT_SECONDS)
    return PostgresFacts(
        **facts, revision=revision, role=report.role, role_findings=report.findings
    )
