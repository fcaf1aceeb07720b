"""All that plugins keep of one tenant, whichever plugin: who keeps something, and removing it.

Finds plugins' tables by their comments, so that it works when the package is gone.
"""

from collections.abc import Sequence
from typing import Any, Final

import sqlalchemy as sa

from core.installations.events import PluginEnabled
from plugins.postgres.installation_tables import plugin_installations
from plugins.postgres.outbox import audit_entries
from plugins.postgres.plugin_tables import OWNED_BY
from plugins.postgres.schema import metadata
from plugins.postgres.unit import Unit

TABLES_OF: Final = """
    SELECT c.relname::text AS name FROM pg_class c
    WHERE c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace
      AND obj_description(c.oid, 'pg_class') = :comment
    ORDER BY 1
"""
ALL_TABLES: Final = f"""
    SELECT c.relname::text AS name,
        substr(obj_description(c.oid, 'pg_class'), {len(OWNED_BY) + 1}) AS plugin_id
    FROM pg_class c
    WHERE c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace
      AND starts_with(obj_description(c.oid, 'pg_class'), '{OWNED_BY}')
    ORDER BY 1
"""  # noqa: S608 - made of our own words
MANAGED: Final = frozenset(
    {"plugin_connections", "plugin_consents", "plugin_installations", "plugin_secrets"}
)
"""Tables of plugins' settings and accounts; they go with the installation."""


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

    async def may_know_people(self) -> dict[str, bool]:
        """Return each plugin that ever worked for the tenant or keeps rows of it, and whether it
        keeps rows here now. One that was uninstalled with its data isn't among them.
        """
        tables = await self._unit.all(sa.text(ALL_TABLES))
        holding = {row.plugin_id for row in await self._unit.all(sa.text(_holders(tables)))}
        known = await self._unit.all(_KNOWN)
        return {
            row.plugin_id: row.plugin_id in holding
            for row in known
            if row.was_enabled or row.plugin_id in holding
        }

    async def _tables(self, plugin_id: str) -> list[str]:
        rows = await self._unit.all(sa.text(TABLES_OF), {"comment": OWNED_BY + plugin_id})
        return [row.name for row in rows]


_KNOWN: Final = sa.select(
    plugin_installations.c.plugin_id,
    sa.or_(
        plugin_installations.c.decision == "enabled",
        sa.exists().where(
            audit_entries.c.subject == PluginEnabled.aggregate,
            audit_entries.c.subject_id == plugin_installations.c.id,
            audit_entries.c.action == PluginEnabled.type,
        ),
    ).label("was_enabled"),
).order_by(plugin_installations.c.plugin_id)
"""A plugin that was only ever configured knows nobody, and is not to be told of anybody."""

_STORED: Final = (
    "SELECT plugin_id FROM plugin_store",
    "SELECT plugin_id FROM plugin_webhooks WHERE sealed IS NOT NULL",
)


def _holders(tables: Sequence[Any]) -> str:
    """Return the query for the plugins that have rows of the tenant, in the store or in tables."""
    # Names and comments are the catalogue's; ids of plugins are checked when they are loaded.
    owned = [
        f"SELECT '{row.plugin_id}' WHERE EXISTS (SELECT FROM \"{row.name}\")"  # noqa: S608
        for row in tables
    ]
    return " UNION ".join((*_STORED, *owned))


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
