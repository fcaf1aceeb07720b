"""What a plugin's tables look like after its revisions; checks that each step can be taken.

Used by the host when it loads a plugin, by the storage that makes the tables, and by
`plugins.sdk.testing`, so that an author's test refuses what the platform would refuse.
"""

from collections.abc import Sequence
from typing import Final

import msgspec

from plugins.sdk.tables import (
    AddColumn,
    AddIndex,
    Column,
    CreateTable,
    DropColumn,
    DropTable,
    Migration,
    Step,
    Table,
)

RESERVED: Final = frozenset({"tenant_id"})
MAX_NAME: Final = 59
"""Of a table with its prefix: PostgreSQL's 63 less what a constraint's name begins with."""

_DEFAULTS: Final[dict[str, type]] = {
    "text": str,
    "integer": int,
    "bigint": int,
    "boolean": bool,
    "instant": str,
    "date": str,
    "json": str,
    "numeric": str,
    "uuid": str,
}


def table_name(plugin_id: str, table: str) -> str:
    """Return what a plugin's table is called in the database."""
    return f"x_{plugin_id}_{table}"


def tables_after(migrations: Sequence[Migration]) -> dict[str, Table]:
    """Return the tables that stand after the last revision, by name.

    Raises ValueError with the first step that can't be taken.
    """
    tables: dict[str, Table] = {}
    for number, migration in enumerate(migrations, start=1):
        if migration.revision != number:
            raise ValueError(
                f"revision {migration.revision} stands where {number} should: "
                "count 1, 2, 3, ... in order"
            )
        for step in migration.steps:
            try:
                _take(step, tables)
            except ValueError as error:
                raise ValueError(f"revision {number}: {error}") from None
    return tables


def _take(step: Step, tables: dict[str, Table]) -> None:
    if isinstance(step, CreateTable):
        if step.table.name in tables:
            raise ValueError(f"the table {step.table.name} exists already")
        _check_table(step.table)
        tables[step.table.name] = step.table
        return
    table = tables.get(step.table)
    if table is None:
        raise ValueError(f"there is no table {step.table}")
    match step:
        case DropTable():
            del tables[step.table]
        case AddColumn():
            tables[step.table] = _with_column(table, step.column)
        case DropColumn():
            tables[step.table] = _without_column(table, step.column)
        case AddIndex():
            _check_group(table, "index", step.columns)
            indexes = (*table.indexes, step.columns)
            tables[step.table] = msgspec.structs.replace(table, indexes=indexes)


def _check_table(table: Table) -> None:
    names = [column.name for column in table.columns]
    if len(set(names)) != len(names):
        raise ValueError(f"the table {table.name} has two columns of one name")
    for column in table.columns:
        _check_column(table.name, column)
    _check_group(table, "key", table.key)
    for group in table.unique:
        _check_group(table, "unique", group)
    for group in table.indexes:
        _check_group(table, "index", group)
    for column in table.columns:
        if column.name in table.key and not column.required:
            raise ValueError(f"{table.name}.{column.name} is part of the key: it must be required")


def _check_group(table: Table, what: str, group: Sequence[str]) -> None:
    columns = {column.name: column for column in table.columns}
    if not group or len(set(group)) != len(group):
        raise ValueError(f"{table.name}: {what} must name columns, each once")
    for name in group:
        if name not in columns:
            raise ValueError(f"{table.name}: {what} names {name}, which is no column")
        if columns[name].type == "json":
            raise ValueError(f"{table.name}: {what} names {name}, but json can't be compared")


def _check_column(table: str, column: Column) -> None:
    if column.name in RESERVED:
        raise ValueError(f"{table}.{column.name}: the platform puts that column there itself")
    if column.default is not None and type(column.default) is not _DEFAULTS[column.type]:
        raise ValueError(
            f"{table}.{column.name}: the default of a column of type {column.type} must be "
            f"a {_DEFAULTS[column.type].__name__}"
        )


def _with_column(table: Table, column: Column) -> Table:
    if any(each.name == column.name for each in table.columns):
        raise ValueError(f"{table.name}.{column.name} exists already")
    _check_column(table.name, column)
    if column.required and column.default is None:
        raise ValueError(
            f"{table.name}.{column.name} is required: give it a default, since rows may be there"
        )
    return msgspec.structs.replace(table, columns=(*table.columns, column))


def _without_column(table: Table, name: str) -> Table:
    if all(each.name != name for each in table.columns):
        raise ValueError(f"{table.name}.{name} is no column")
    if name in table.key or any(name in group for group in table.unique):
        raise ValueError(f"{table.name}.{name} is part of a key or of a unique group")
    return msgspec.structs.replace(
        table,
        columns=tuple(each for each in table.columns if each.name != name),
        indexes=tuple(group for group in table.indexes if name not in group),
    )


def column_of(table: Table, name: str) -> Column:
    """Return the column of that name. Raises ValueError when there is none."""
    for column in table.columns:
        if column.name == name:
            return column
    raise ValueError(f"the table {table.name} has no column {name}")
