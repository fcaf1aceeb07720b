"""All that plugins keep of one tenant, whichever plugin: to remove it, or to hand it out.

Finds plugins' tables by their comments, so that it works when the package is gone.
"""

from collections.abc import Sequence
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB

from plugins.postgres.plugin_tables import OWNED_BY
from plugins.postgres.schema import metadata
from plugins.postgres.unit import Unit

TABLES_OF: Final = """
    SELECT c.relname::text AS name FROM pg_class c
    WHERE c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace
      AND obj_description(c.oid, 'pg_class') = :comment
    ORDER BY 1
"""
ALL_TABLES: Final = """
    SELECT c.relname::text AS name FROM pg_class c
    WHERE c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace
      AND starts_with(obj_description(c.oid, 'pg_class'), $1)
    ORDER BY 1
"""
MANAGED: Final = frozenset({"plugin_installations", "plugin_secrets"})
"""Tables of plugins' settings; they go with the installation."""


class PostgresPluginData:
    """Implements `core.installations.ports.PluginData`."""

    def __init__(self, unit: Unit) -> None:
        self._unit = unit

    async def remove(self, plugin_id: str) -> int:
        """Delete the tenant's rows of the plugin's tables, and what the platform keeps for it."""
        removed = 0
        for name in await self._tables(plugin_id):
            # The name is the catalogue's; row-level security leaves only this tenant's rows.
            done = await self._unit.execute(sa.text(f'DELETE FROM "{name}"'))  # noqa: S608
            removed += done.rowcount
        for table in kept_for_plugins():
            done = await self._unit.execute(sa.delete(table).where(table.c.plugin_id == plugin_id))
            removed += done.rowcount
        return removed

    async def export(self, plugin_id: str) -> dict[str, Sequence[dict[str, Any]]]:
        """Return every row of the plugin's tables, by the table's name in the database."""
        exported: dict[str, Sequence[dict[str, Any]]] = {}
        for name in await self._tables(plugin_id):
            # As above.
            sql = f"SELECT to_jsonb(t) - 'tenant_id' AS row FROM \"{name}\" t ORDER BY t"  # noqa: S608
            rows = await self._unit.execute(sa.text(sql).columns(row=JSONB))
            exported[name] = [row.row for row in rows]
        return exported

    async def _tables(self, plugin_id: str) -> list[str]:
        rows = await self._unit.all(sa.text(TABLES_OF), {"comment": OWNED_BY + plugin_id})
        return [row.name for row in rows]


def kept_for_plugins() -> list[sa.Table]:
    """Return the platform's own tables of what plugins keep: stored values, counts and the like."""
    return [
        table
        for table in metadata.sorted_tables
        if "plugin_id" in table.c
        and table.info["tenant"]
        and table.name not in MANAGED
        and "DELETE" in table.info["privileges"]
    ]
