"""A plugin's tables in memory: what `context.records` works on in an author's tests.

Values, keys, unique groups and defaults are held to what the plugin declared, as the database does.
"""

import copy
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from functools import cmp_to_key
from typing import Any, Final
from uuid import UUID

import msgspec

from plugins.sdk.errors import RecordConflict, RecordMissing
from plugins.sdk.revisions import tables_after
from plugins.sdk.rows import (
    MAX_CHANGES,
    checked_change,
    checked_key,
    checked_limit,
    checked_order,
    checked_values,
    table_of,
)
from plugins.sdk.tables import Change, Column, Delete, Insert, Migration, Table, Update

Row = dict[str, Any]
Order = Sequence[tuple[str, bool]]

_FROM_TEXT: Final[Mapping[str, Callable[[str], Any]]] = {
    "uuid": UUID,
    "instant": datetime.fromisoformat,
    "date": date.fromisoformat,
    "numeric": Decimal,
    "json": msgspec.json.decode,
}


class MemoryTables:
    """All tables of one plugin, one tenant's rows."""

    def __init__(self, migrations: Sequence[Migration]) -> None:
        self.tables: Mapping[str, Table] = tables_after(migrations)
        self._rows: dict[str, list[Row]] = {name: [] for name in self.tables}

    def rows(self, table: str) -> list[Row]:
        """Return copies of all rows, oldest first. Raises ValueError when there is no such table.

        For a test to look at; the plugin itself asks with `get` and `find`.
        """
        return copy.deepcopy(self._rows[table_of(self.tables, table).name])

    def get(self, name: str, key: Mapping[str, Any]) -> Row | None:
        """Return the row with `key`, or None."""
        table = table_of(self.tables, name)
        place = _place(self._rows[name], checked_key(table, key))
        return None if place is None else copy.deepcopy(self._rows[name][place])

    def find(
        self,
        name: str,
        *,
        where: Mapping[str, Any] | None,
        order_by: Sequence[str],
        after: Mapping[str, Any] | None,
        limit: int,
    ) -> list[Row]:
        """Return rows whose columns equal `where`, in order, nulls last."""
        table = table_of(self.tables, name)
        order = checked_order(table, order_by)
        equal = checked_values(table, where or {})
        found = [row for row in self._rows[name] if _holds(row, equal)]
        found.sort(key=cmp_to_key(lambda one, other: _compared(one, other, order)))
        if after is not None:
            last = checked_values(table, {column: after[column] for column, _ in order})
            found = [row for row in found if _compared(row, last, order) > 0]
        return copy.deepcopy(found[: checked_limit(limit)])

    def checked(self, changes: Sequence[Change]) -> list[tuple[Table, Change]]:
        """Return the changes with what they are made in. Raises ValueError and TypeError."""
        if len(changes) > MAX_CHANGES:
            raise ValueError(f"at most {MAX_CHANGES} changes at once")
        return [checked_change(self.tables, change) for change in changes]

    def apply(self, changes: Sequence[Change]) -> None:
        """Make all changes or none. Raises ValueError, RecordConflict and RecordMissing."""
        before = copy.deepcopy(self._rows)
        try:
            for table, change in self.checked(changes):
                self._make(table, copy.deepcopy(change))
        except (RecordConflict, RecordMissing):
            self._rows = before
            raise

    def _make(self, table: Table, change: Change) -> None:
        rows = self._rows[table.name]
        match change:
            case Insert():
                self._insert(table, rows, change)
            case Update():
                place = _place(rows, change.key)
                if place is None:
                    raise RecordMissing(f"There is no such record in {table.name}.")
                for name, value in (change.expected or {}).items():
                    if rows[place][name] != value:
                        raise RecordConflict(
                            f"The record in {table.name} isn't as expected: {name}."
                        )
                changed = {**rows[place], **_stored(table, change.values)}
                _require_unique(table, changed, [*rows[:place], *rows[place + 1 :]])
                rows[place] = changed
            case Delete():
                place = _place(rows, change.key)
                if place is not None:
                    del rows[place]

    def _insert(self, table: Table, rows: list[Row], change: Insert) -> None:
        given = _stored(table, change.values)
        row = {**{column.name: _default(column) for column in table.columns}, **given}
        place = _place(rows, {name: row[name] for name in table.key})
        if place is None or not change.or_update:
            _require_unique(table, row, rows)
            rows.append(row)
            return
        changed = {**rows[place], **given}
        _require_unique(table, changed, [*rows[:place], *rows[place + 1 :]])
        rows[place] = changed


def _stored(table: Table, values: Mapping[str, Any]) -> Row:
    """Return values as the database gives them back: a tuple in JSON becomes a list."""
    types = {column.name: column.type for column in table.columns}
    stored = {}
    for name, value in values.items():
        if types[name] == "json" and value is not None:
            stored[name] = msgspec.json.decode(msgspec.json.encode(value))
        elif types[name] == "numeric" and value is not None:
            stored[name] = Decimal(value)
        else:
            stored[name] = value
    return stored


def _default(column: Column) -> Any:
    if isinstance(column.default, str) and column.type in _FROM_TEXT:
        return _FROM_TEXT[column.type](column.default)
    return column.default


def _place(rows: Sequence[Row], key: Mapping[str, Any]) -> int | None:
    return next((place for place, row in enumerate(rows) if _holds(row, key)), None)


def _holds(row: Row, values: Mapping[str, Any]) -> bool:
    return all(row[name] == value for name, value in values.items())


def _require_unique(table: Table, row: Row, others: Iterable[Row]) -> None:
    """Nulls are never alike, as in SQL."""
    groups = [table.key, *table.unique]
    for other in others:
        for group in groups:
            if all(row[name] is not None and row[name] == other[name] for name in group):
                raise RecordConflict(f"A record like this is in {table.name} already.")


def _compared(one: Mapping[str, Any], other: Mapping[str, Any], order: Order) -> int:
    for name, descends in order:
        left, right = one[name], other[name]
        if left == right:
            continue
        if left is None or right is None:
            return 1 if left is None else -1
        return 1 if (left > right) != descends else -1
    return 0
