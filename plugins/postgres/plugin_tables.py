"""Makes the tables that plugins describe, with the isolation that every tenant's table has.

Run by `plugins.postgres.migrate` after the application's own revisions, as the owner. Each revision
of each plugin is one transaction together with its line in `plugin_revisions`, so that whatever
dies in between leaves whole revisions. What was applied once must stay as it was: a checksum tells.
"""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

import asyncpg
import msgspec
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB, TIMESTAMP, UUID
from sqlalchemy.schema import CreateColumn, CreateIndex
from sqlalchemy.schema import CreateTable as CreateTableDdl

from plugins.postgres.roles import RoleNames
from plugins.postgres.schema import NAMING, isolation_ddl, tenant_table
from plugins.sdk.revisions import column_of, table_name, tables_after
from plugins.sdk.tables import (
    AddColumn,
    AddIndex,
    Column,
    ColumnType,
    CreateTable,
    DropColumn,
    DropTable,
    Migration,
    Step,
    Table,
)

Migrations = Mapping[str, Sequence[Migration]]
"""Every plugin's revisions, by its id."""

_DIALECT: Final = sa.make_url("postgresql+asyncpg://").get_dialect()()
_TYPES: Final[Mapping[ColumnType, Any]] = {
    "text": sa.Text,
    "integer": sa.Integer,
    "bigint": sa.BigInteger,
    "boolean": sa.Boolean,
    "uuid": UUID(as_uuid=True),
    "instant": TIMESTAMP(timezone=True),
    "date": sa.Date,
    "json": JSONB(none_as_null=True),
    "numeric": sa.Numeric,
}
OWNED_BY: Final = "plugin "
"""Begins the comment on each plugin's table, before the plugin's id: so that its rows are found
when the package is gone."""

_APPLIED: Final = "SELECT revision, checksum FROM plugin_revisions WHERE plugin_id = $1"
_NOTE: Final = (
    "INSERT INTO plugin_revisions (plugin_id, revision, checksum, applied_at) "
    "VALUES ($1, $2, $3, $4)"
)


class PluginTablesRefused(Exception):
    """A plugin's revisions can't be applied; the text says why and what to do."""


def checksum(migration: Migration) -> str:
    """Return what tells a revision from the same one changed."""
    return hashlib.sha256(msgspec.json.encode(migration)).hexdigest()


def checksums(migrations: Sequence[Migration]) -> dict[int, str]:
    """Return the checksum of each revision by its number."""
    return {migration.revision: checksum(migration) for migration in migrations}


def sql_table(plugin_id: str, table: Table, into: sa.MetaData | None = None) -> sa.Table:
    """Return a plugin's table as SQLAlchemy knows it, named as in the database."""
    schema = plugin_schema() if into is None else into
    made = tenant_table(
        table_name(plugin_id, table.name),
        *(_column(column) for column in table.columns),
        key=table.key,
        unique=table.unique,
        indexes=table.indexes,
        into=schema,
    )
    made.info["plugin"] = plugin_id
    return made


def sql_tables(plugin_id: str, migrations: Sequence[Migration]) -> dict[str, sa.Table]:
    """Return the tables that stand after all of `migrations`, by the plugin's names for them."""
    schema = plugin_schema()
    return {
        name: sql_table(plugin_id, table, schema)
        for name, table in tables_after(migrations).items()
    }


def plugin_schema() -> sa.MetaData:
    """Return an empty schema in which tables can refer to `tenants`."""
    schema = sa.MetaData(naming_convention=NAMING)
    sa.Table("tenants", schema, sa.Column("id", UUID(as_uuid=True), primary_key=True))
    return schema


def statements(
    plugin_id: str, migrations: Sequence[Migration], revision: int, names: RoleNames
) -> Iterator[str]:
    """Yield the SQL of one revision. Raises ValueError when a step can't be taken."""
    earlier = [each for each in migrations if each.revision < revision]
    migration = next(each for each in migrations if each.revision == revision)
    for place, step in enumerate(migration.steps):
        after = Migration(revision, migration.steps[: place + 1])
        yield from _statements_of(step, plugin_id, tables_after([*earlier, after]), names)


async def apply_revisions(
    connection: asyncpg.Connection,
    plugin_id: str,
    migrations: Sequence[Migration],
    names: RoleNames,
) -> list[int]:
    """Apply what is missing, each revision in a transaction of its own; return their numbers.

    Raises PluginTablesRefused, and LockNotAvailableError when another transaction is in the way:
    what was applied before stays, so the call can be repeated.
    """
    missing = await lacking(connection, plugin_id, migrations)
    for migration in missing:
        try:
            async with connection.transaction():
                for statement in statements(plugin_id, migrations, migration.revision, names):
                    await connection.execute(statement)
                noted = (migration.revision, checksum(migration), datetime.now(UTC))
                await connection.execute(_NOTE, plugin_id, *noted)
        except asyncpg.LockNotAvailableError:
            raise
        except (asyncpg.PostgresError, ValueError) as error:
            raise PluginTablesRefused(
                f"The plugin {plugin_id}: revision {migration.revision} of its tables can't be "
                f"applied: {error}. Nothing of it was; earlier revisions are in place."
            ) from error
    return [migration.revision for migration in missing]


async def lacking(
    connection: asyncpg.Connection, plugin_id: str, migrations: Sequence[Migration]
) -> list[Migration]:
    """Return the revisions that the database lacks. Raises PluginTablesRefused."""
    rows = await connection.fetch(_APPLIED, plugin_id)
    applied = {row["revision"]: row["checksum"] for row in rows}
    return pending_revisions(plugin_id, migrations, applied)


def pending_revisions(
    plugin_id: str, migrations: Sequence[Migration], applied: Mapping[int, str]
) -> list[Migration]:
    """Return the revisions that the database lacks.

    Those that it has and the package doesn't know belong to a later version, beside which this
    one works. Raises PluginTablesRefused when one that was applied has changed.
    """
    for migration in migrations:
        known = applied.get(migration.revision)
        if known is not None and known != checksum(migration):
            raise PluginTablesRefused(
                f"The plugin {plugin_id}: revision {migration.revision} of its tables was changed "
                "after it was released, and the database has it as it was. Put it back as it was "
                f"and make the change in a new revision {len(migrations) + 1}."
            )
    return [migration for migration in migrations if migration.revision not in applied]


def _statements_of(
    step: Step, plugin_id: str, after: Mapping[str, Table], names: RoleNames
) -> Iterator[str]:
    if isinstance(step, CreateTable):
        yield from _creation(sql_table(plugin_id, after[step.table.name]), plugin_id, names)
        return
    name = table_name(plugin_id, step.table)
    match step:
        case DropTable():
            yield f"DROP TABLE {name}"
        case DropColumn():
            yield f"ALTER TABLE {name} DROP COLUMN {step.column}"
        case AddColumn():
            made = sql_table(plugin_id, after[step.table])
            column = made.c[column_of(after[step.table], step.column.name).name]
            yield f"ALTER TABLE {name} ADD COLUMN {_compiled(CreateColumn(column))}"
        case AddIndex():
            made = sql_table(plugin_id, after[step.table])
            wanted = ["tenant_id", *step.columns]
            index = next(
                each for each in made.indexes if [column.name for column in each.columns] == wanted
            )
            yield _compiled(CreateIndex(index))


def _creation(table: sa.Table, plugin_id: str, names: RoleNames) -> Iterator[str]:
    yield _compiled(CreateTableDdl(table))
    for index in sorted(table.indexes, key=lambda each: str(each.name)):
        yield _compiled(CreateIndex(index))
    yield from isolation_ddl(table.name, names.app)
    yield f"COMMENT ON TABLE {table.name} IS '{OWNED_BY}{plugin_id}'"


def _column(column: Column) -> sa.Column[Any]:
    default = column.default
    if isinstance(default, bool):
        default = "true" if default else "false"
    return sa.Column(
        column.name,
        _TYPES[column.type],
        nullable=not column.required,
        server_default=None if default is None else str(default),
    )


def _compiled(element: Any) -> str:
    return str(element.compile(dialect=_DIALECT)).strip()
