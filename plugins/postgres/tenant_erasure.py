"""Removes a whole tenant, for the demo when one was left half made or is to be made anew.

The application can't do this, its role may not delete what is kept for the record; a superuser
can.
"""

from collections.abc import Sequence

import asyncpg
import sqlalchemy as sa

from core.shared.ids import TenantId
from plugins.postgres.plugin_data import ALL_TABLES
from plugins.postgres.tables import metadata


async def erase_tenant(admin_url: str, tenant_id: TenantId, emails: Sequence[str]) -> None:
    """Delete every row of the tenant, and the accounts of `emails` that no other tenant has.

    Rows in plugins' tables go too, also of those that are no longer installed.

    `admin_url` is a superuser's address of the application's database.
    """
    connection = await asyncpg.connect(admin_url)
    try:
        async with connection.transaction():
            # Every table that refers to the tenant is emptied of it below, in whatever order.
            await connection.execute("SET LOCAL session_replication_role = replica")
            plugins = [row["name"] for row in await connection.fetch(ALL_TABLES)]
            # Names come from the catalogue.
            of_plugins = [f'DELETE FROM "{name}" WHERE tenant_id = $1' for name in plugins]  # noqa: S608
            for statement in [*of_plugins, *_deletions()]:
                await connection.execute(statement, tenant_id)
            await connection.execute(
                "DELETE FROM accounts WHERE email = ANY($1::text[]) "
                "AND id NOT IN (SELECT account_id FROM account_tenants)",
                list(emails),
            )
    finally:
        await connection.close()


def _deletions() -> list[str]:
    statements = []
    for table in reversed(metadata.sorted_tables):
        column = _tenant_column(table)
        if column is not None:
            # Names come from our own tables.
            statements.append(f"DELETE FROM {table.name} WHERE {column} = $1")  # noqa: S608
    return statements


def _tenant_column(table: sa.Table) -> str | None:
    if table.name == "tenants":
        return "id"
    if "tenant_id" in table.c:
        return "tenant_id"
    for column in table.c:
        if any(key.target_fullname == "tenants.id" for key in column.foreign_keys):
            return column.name
    return None
