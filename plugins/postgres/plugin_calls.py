"""Stores which calls plugins made over HTTP: many at once, by the plugin host."""

from collections.abc import Sequence
from uuid import UUID

import sqlalchemy as sa

from core.installations.contracts import PluginCallView
from core.shared.cursor import decode_cursor, encode_cursor
from core.shared.ids import TenantId
from core.shared.paging import Page, PageRequest
from plugins.postgres.database import Database, TenantReader
from plugins.postgres.schema import tenant_table, text_column, time_column, uuid_column

plugin_calls = tenant_table(
    "plugin_calls",
    text_column("plugin_id"),
    uuid_column("id"),
    time_column("at"),
    text_column("method"),
    text_column("host"),
    sa.Column("status", sa.Integer),
    text_column("problem", nullable=True),
    sa.Column("duration_ms", sa.Integer, nullable=False),
    sa.Column("sent_bytes", sa.Integer, nullable=False),
    sa.Column("received_bytes", sa.Integer, nullable=False),
    key=("plugin_id", "id"),
    privileges=("SELECT", "INSERT", "DELETE"),
)
"""Ids grow with time."""


async def insert_calls(
    database: Database, tenant_id: TenantId, calls: Sequence[tuple[str, PluginCallView]]
) -> None:
    """Add calls, each with its plugin's id, in one statement."""
    columns = [
        [plugin_id for plugin_id, _ in calls],
        *([getattr(call, name) for _, call in calls] for name in PluginCallView.__struct_fields__),
    ]
    async with database.unit(tenant_id) as unit:
        await unit.call("note_plugin_calls_v1", *columns)


class PostgresPluginCalls:
    """Implements `core.installations.ports.PluginCallQueries`."""

    def __init__(self, reader: TenantReader) -> None:
        self._reader = reader

    async def page(self, plugin_id: str, page: PageRequest) -> Page[PluginCallView]:
        """Return a page, newest first."""
        statement = (
            sa.select(*(plugin_calls.c[name] for name in PluginCallView.__struct_fields__))
            .where(plugin_calls.c.plugin_id == plugin_id)
            .order_by(plugin_calls.c.id.desc())
            .limit(page.limit + 1)
        )
        if page.cursor is not None:
            (last,) = decode_cursor(page.cursor, tuple[UUID])
            statement = statement.where(plugin_calls.c.id < last)
        rows = await self._reader.select(statement)
        items = [PluginCallView(*tuple(row)) for row in rows[: page.limit]]
        if len(rows) <= page.limit:
            return Page(items)
        return Page(items, encode_cursor((items[-1].id,)))
