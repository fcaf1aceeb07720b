"""Reads all that the database keeps of one tenant, at one moment, row by row.

It reads as the application's role with the tenant set, so that row-level security lets through no
row of anybody else. Credentials and encrypted secrets stay behind; `LEFT_OUT` and `WITHHELD` say
which and why, and whatever isn't named there is read, a table that was added yesterday too.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import asyncpg
import msgspec
import sqlalchemy as sa

from core.shared.errors import Unavailable
from core.shared.ids import TenantId
from plugins.postgres.database import CONNECTION_LOST, UNAVAILABLE
from plugins.postgres.identity_check import assert_safe_app_role
from plugins.postgres.plugin_data import ALL_TABLES
from plugins.postgres.tables import metadata

LEFT_OUT: Final[Mapping[str, str]] = {
    "api_key_secrets": "They are credentials, kept as hashes.",
    "candidate_keys": "They are made from candidates, to find duplicates.",
    "candidate_search": "It is made from candidates and notes, to find them.",
    "candidate_terms": "They are made from candidates, to find them.",
    "idempotency_keys": "Answers kept for hours, for requests that are repeated.",
    "import_sources": "Files of imports that still run; they are deleted when those end.",
    "password_resets": "They are credentials, kept as hashes.",
    "plugin_consents": "Questions that vendors answer within minutes.",
    "plugin_secrets": "They are secrets, encrypted with a key that doesn't leave.",
    "sessions": "They are credentials, kept as hashes.",
    "sign_in_links": "They are credentials of ten minutes, kept as hashes.",
    "subject_keys": "They are keys that the audit trail is encrypted with.",
    "tenant_keys": "It is the key that secrets are encrypted with.",
}
"""Tables that aren't read, with the reason."""

WITHHELD: Final[Mapping[str, Mapping[str, str]]] = {
    "invitations": {"token_hash": "It is a credential, kept as a hash."},
    "messages": {"sealed": "It is encrypted with a key that doesn't leave."},
    "plugin_connections": {"sealed": "It is encrypted with a key that doesn't leave."},
    "plugin_store": {"sealed": "It is encrypted with a key that doesn't leave."},
    "plugin_webhooks": {"sealed": "It is encrypted with a key that doesn't leave."},
    "push_browsers": {
        "endpoint": "It is the digest of an address that the browser and the platform share.",
        "sealed": "It is encrypted with a key that doesn't leave.",
    },
    "status_sources": {
        "secret": "It is encrypted with a key that doesn't leave.",
        "previous_secret": "It is encrypted with a key that doesn't leave.",
    },
    "submissions": {"link_hash": "It is a credential, kept as a hash."},
    "tasks": {"payload": "It is about work, and may hold what is encrypted."},
}
"""Columns that aren't read, with the reason."""

ROWS_AT_ONCE: Final = 500

_SESSION: Final = {
    "application_name": "intellimatch-export",
    "statement_timeout": "0",
    "idle_in_transaction_session_timeout": "0",
    "timezone": "UTC",
    "jit": "off",
}


class ExportedTable(msgspec.Struct, frozen=True):
    """A table to be read."""

    name: str
    key: tuple[str, ...] = ()
    """The columns that its rows are sorted by; of plugins' tables all are."""
    plugin_id: str | None = None
    """Whose it is."""
    withheld: tuple[str, ...] = ()
    tenant_column: str = "tenant_id"


def own_tables(tables: sa.MetaData = metadata) -> list[ExportedTable]:
    """Return the platform's tables that hold rows of tenants, save those that are left out."""
    return [
        ExportedTable(
            str(table.name),
            key=tuple(str(column.name) for column in table.primary_key.columns),
            withheld=tuple(WITHHELD.get(table.name, ())),
            tenant_column=table.info.get("tenant_column") or "tenant_id",
        )
        for table in sorted(tables.tables.values(), key=lambda each: each.name)
        if (table.info["tenant"] or table.info["tenant_column"]) and table.name not in LEFT_OUT
    ]


class TenantSnapshot:
    """The tenant's rows as they were at one moment."""

    def __init__(self, connection: Any, tenant_id: TenantId, taken_at: datetime) -> None:
        self._connection = connection
        self._tenant_id = tenant_id
        self.taken_at = taken_at

    async def tables(self) -> list[ExportedTable]:
        """Return every table to be read, those of plugins too, also of packages that are gone."""
        rows = await self._connection.fetch(ALL_TABLES)
        owned = [ExportedTable(row["name"], plugin_id=row["plugin_id"]) for row in rows]
        return [*own_tables(), *owned]

    async def rows(self, table: ExportedTable) -> AsyncIterator[Sequence[str]]:
        """Yield the rows, some at a time, each as one line of JSON."""
        removed = ["tenant_id", *table.withheld]
        order = ", ".join(f't."{column}"' for column in table.key) or "t"
        # Names come from our own tables and from the catalogue.
        sql = (
            f'SELECT (to_jsonb(t) - $2::text[])::text FROM "{table.name}" t '  # noqa: S608
            f'WHERE t."{table.tenant_column}" = $1 ORDER BY {order}'
        )
        try:
            cursor = await self._connection.cursor(sql, self._tenant_id, removed)
            while found := await cursor.fetch(ROWS_AT_ONCE):
                yield [row[0] for row in found]
        except CONNECTION_LOST as error:
            raise Unavailable(UNAVAILABLE) from error

    async def file_ids(self) -> list[UUID]:
        """Return every file whose contents lie in the file store."""
        rows = await self._connection.fetch(
            "SELECT id FROM candidate_files WHERE tenant_id = $1 ORDER BY id", self._tenant_id
        )
        return [UUID(str(row["id"])) for row in rows]


@asynccontextmanager
async def tenant_snapshot(app_url: str, tenant_id: TenantId) -> AsyncIterator[TenantSnapshot]:
    """Open a snapshot on a connection of its own, without limits of time.

    Raises Unavailable, and UnsafeRole when the role could see other tenants.
    """
    try:
        connection = await asyncpg.connect(app_url, server_settings=_SESSION)
    except CONNECTION_LOST as error:
        raise Unavailable(UNAVAILABLE) from error
    try:
        await assert_safe_app_role(connection)
        async with connection.transaction(isolation="repeatable_read", readonly=True):
            await connection.execute("SELECT set_config('app.tenant', $1, true)", str(tenant_id))
            taken_at = await connection.fetchval("SELECT now()")
            yield TenantSnapshot(connection, tenant_id, taken_at)
    finally:
        connection.terminate()
