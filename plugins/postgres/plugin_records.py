"""The rows of a plugin's own tables: SQL for what `plugins.sdk.context.Records` offers.

Every statement names one of the plugin's tables and is run in a unit of the tenant, whose row-level
security holds for these tables as for ours. Called by `tenants.plugins.doors`.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from plugins.postgres.unit import Unit
from plugins.sdk.errors import RecordConflict, RecordMissing
from plugins.sdk.revisions import table_name
from plugins.sdk.rows import (
    checked_change,
    checked_key,
    checked_limit,
    checked_order,
    checked_values,
    table_of,
)
from plugins.sdk.tables import Change, Delete, Insert, Table, Update

TYPES: Final[Mapping[str, Any]] = {
    "text": sa.Text(),
    "integer": sa.Integer(),
    "bigint": sa.BigInteger(),
    "boolean": sa.Boolean(),
    "uuid": postgresql.UUID(as_uuid=True),
    "instant": postgresql.TIMESTAMP(timezone=True),
    "date": sa.Date(),
    "json": postgresql.JSONB(none_as_null=True),
    "numeric": sa.Numeric(),
}
UNIQUE_VIOLATION: Final = "23505"


class PluginRecords:
    """One plugin's tables within one unit."""

    def __init__(self, unit: Unit, plugin_id: str, tables: Mapping[str, Table]) -> None:
        self._unit = unit
        self._plugin_id = plugin_id
        self._tables = tables

    async def get(self, name: str, key: Mapping[str, Any]) -> dict[str, Any] | None:
        """Return the row, or None."""
        table = table_of(self._tables, name)
        sql = self._sql(table)
        wanted = _equal(sql, checked_key(table, key))
        row = await self._unit.one_or_none(_shown(sql, table).where(*wanted))
        return None if row is None else dict(row._mapping)  # noqa: SLF001 - its public name

    async def find(
        self,
        name: str,
        *,
        where: Mapping[str, Any] | None,
        order_by: Sequence[str],
        after: Mapping[str, Any] | None,
        limit: int,
    ) -> list[dict[str, Any]]:
        """Return rows in order."""
        table = table_of(self._tables, name)
        sql = self._sql(table)
        order = checked_order(table, order_by)
        statement = _shown(sql, table).where(*_equal(sql, checked_values(table, where or {})))
        if after is not None:
            last = checked_values(table, {column: after[column] for column, _ in order})
            statement = statement.where(_behind(sql, order, last))
        for column, descends in order:
            ordered = sql.c[column].desc() if descends else sql.c[column].asc()
            statement = statement.order_by(ordered.nulls_last())
        rows = await self._unit.all(statement.limit(checked_limit(limit)))
        return [dict(row._mapping) for row in rows]  # noqa: SLF001 - its public name

    async def apply(self, changes: Sequence[Change]) -> None:
        """Make the changes in the unit. Raises RecordConflict and RecordMissing."""
        for change in changes:
            table, checked = checked_change(self._tables, change)
            try:
                await self._make(table, checked)
            except sa.exc.IntegrityError as error:
                if getattr(error.orig, "sqlstate", None) != UNIQUE_VIOLATION:
                    raise
                raise RecordConflict(f"A record like this is in {table.name} already.") from None

    async def _make(self, table: Table, change: Change) -> None:
        sql = self._sql(table)
        match change:
            case Insert():
                await self._unit.execute(self._insert(sql, table, change))
            case Update():
                await self._update(sql, table, change)
            case Delete():
                await self._unit.execute(sa.delete(sql).where(*_equal(sql, change.key)))

    def _insert(self, sql: Any, table: Table, change: Insert) -> sa.Executable:
        values = {**change.values, "tenant_id": self._unit.tenant_id}
        statement = postgresql.insert(sql).values(values)
        if not change.or_update:
            return statement
        rest = {name: value for name, value in change.values.items() if name not in table.key}
        key = ["tenant_id", *table.key]
        if not rest:
            return statement.on_conflict_do_nothing(index_elements=key)
        return statement.on_conflict_do_update(index_elements=key, set_=rest)

    async def _update(self, sql: Any, table: Table, change: Update) -> None:
        wanted = _equal(sql, change.key)
        found = await self._unit.one_or_none(_shown(sql, table).where(*wanted).with_for_update())
        if found is None:
            raise RecordMissing(f"There is no such record in {table.name}.")
        for name, value in (change.expected or {}).items():
            if found._mapping[name] != value:  # noqa: SLF001 - its public name
                raise RecordConflict(f"The record in {table.name} isn't as expected: {name}.")
        await self._unit.execute(sa.update(sql).where(*wanted).values(change.values))

    def _sql(self, table: Table) -> Any:
        return sa.table(
            table_name(self._plugin_id, table.name),
            sa.column("tenant_id", TYPES["uuid"]),
            *(sa.column(column.name, TYPES[column.type]) for column in table.columns),
        )


def _shown(sql: Any, table: Table) -> sa.Select[Any]:
    return sa.select(*(sql.c[column.name] for column in table.columns))


def _equal(sql: Any, values: Mapping[str, Any]) -> list[sa.ColumnElement[bool]]:
    return [
        sql.c[name].is_(None) if value is None else sql.c[name] == value
        for name, value in values.items()
    ]


def _behind(
    sql: Any, order: Sequence[tuple[str, bool]], last: Mapping[str, Any]
) -> sa.ColumnElement[bool]:
    """Rows that come after `last`: those equal in the first columns and further in the next."""
    alternatives = []
    for place, (name, descends) in enumerate(order):
        same = _equal(sql, {column: last[column] for column, _ in order[:place]})
        column, value = sql.c[name], last[name]
        if value is None:
            continue  # nothing comes after null, which is last
        further = column < value if descends else column > value
        alternatives.append(sa.and_(*same, sa.or_(further, column.is_(None))))
    return sa.or_(sa.false(), *alternatives)
