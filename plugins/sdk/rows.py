"""Checks what a plugin writes into its tables, or asks of them, against what it declared.

The host and `plugins.sdk.testing` both call it, so that a test refuses what the database would.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

import msgspec

from plugins.sdk.revisions import column_of
from plugins.sdk.tables import Change, Column, Delete, Insert, Table, Update

MAX_ROWS: Final = 1_000
MAX_CHANGES: Final = 1_000
_BITS: Final = {"integer": 31, "bigint": 63}


def table_of(tables: Mapping[str, Table], name: str) -> Table:
    """Return the plugin's table of that name. Raises ValueError when it has none."""
    if name not in tables:
        raise ValueError(f"the plugin has no table {name}")
    return tables[name]


def checked_key(table: Table, key: Mapping[str, Any]) -> dict[str, Any]:
    """Return `key` if it names the whole key. Raises ValueError."""
    if set(key) != set(table.key):
        raise ValueError(f"the key of {table.name} is {', '.join(table.key)}")
    return checked_values(table, key)


def checked_values(table: Table, values: Mapping[str, Any]) -> dict[str, Any]:
    """Return `values` if each fits its column. Raises ValueError with the first that doesn't."""
    return {name: _checked(table, column_of(table, name), value) for name, value in values.items()}


def checked_order(table: Table, order_by: Sequence[str]) -> list[tuple[str, bool]]:
    """Return each column to sort by and whether it descends, the key last. Raises ValueError."""
    order = [(name.removeprefix("-"), name.startswith("-")) for name in order_by]
    for name, _ in order:
        if column_of(table, name).type == "json":
            raise ValueError(f"{table.name}.{name} is json, which has no order")
    named = {name for name, _ in order}
    return [*order, *((name, False) for name in table.key if name not in named)]


def checked_limit(limit: int) -> int:
    """Return `limit`. Raises ValueError."""
    if not 1 <= limit <= MAX_ROWS:
        raise ValueError(f"limit must be from 1 to {MAX_ROWS}")
    return limit


def checked_change(tables: Mapping[str, Table], change: Change) -> tuple[Table, Change]:
    """Return the table and the change, its values checked. Raises ValueError and TypeError."""
    match change:
        case Insert():
            table = table_of(tables, change.table)
            _require_whole(table, change.values)
            return table, msgspec.structs.replace(
                change, values=checked_values(table, change.values)
            )
        case Update():
            table = table_of(tables, change.table)
            touched = set(table.key) & set(change.values)
            if touched:
                raise ValueError(f"{table.name}.{min(touched)} is part of the key: it stays")
            if not change.values:
                raise ValueError(f"an update of {table.name} changes nothing")
            expected = change.expected
            return table, msgspec.structs.replace(
                change,
                key=checked_key(table, change.key),
                values=checked_values(table, change.values),
                expected=None if expected is None else checked_values(table, expected),
            )
        case Delete():
            table = table_of(tables, change.table)
            return table, msgspec.structs.replace(change, key=checked_key(table, change.key))
        case _:
            raise TypeError("a change is an Insert, Update or Delete")


def _require_whole(table: Table, values: Mapping[str, Any]) -> None:
    for column in table.columns:
        if column.required and column.default is None and column.name not in values:
            raise ValueError(f"{table.name}.{column.name} is required")


def _checked(table: Table, column: Column, value: Any) -> Any:
    where = f"{table.name}.{column.name}"
    if value is None:
        if column.required:
            raise ValueError(f"{where} is required")
        return None
    problem = _PROBLEMS[column.type](value)
    if problem:
        raise ValueError(f"{where} must be {problem}")
    return value.astimezone(UTC) if column.type == "instant" else value


def _text(value: Any) -> str:
    return "" if type(value) is str and "\x00" not in value else "text without NUL characters"


def _whole(bits: int) -> Callable[[Any], str]:
    def problem(value: Any) -> str:
        fits = type(value) is int and -(2**bits) <= value < 2**bits
        return "" if fits else f"a whole number of at most {bits + 1} bits"

    return problem


def _instant(value: Any) -> str:
    fits = isinstance(value, datetime) and value.tzinfo is not None
    return "" if fits else "an aware datetime"


def _date(value: Any) -> str:
    return "" if isinstance(value, date) and not isinstance(value, datetime) else "a date"


def _json(value: Any) -> str:
    try:
        encoded = msgspec.json.encode(value)
    except (TypeError, ValueError, OverflowError, RecursionError):
        return "plain data"
    return "text without NUL characters" if b"\\u0000" in encoded else ""


def _numeric(value: Any) -> str:
    fits = isinstance(value, Decimal) and math.isfinite(value)
    return "" if fits or type(value) is int else "a finite Decimal"


def _of(kind: type, name: str) -> Callable[[Any], str]:
    return lambda value: "" if isinstance(value, kind) else name


_PROBLEMS: Final[Mapping[str, Callable[[Any], str]]] = {
    "text": _text,
    "integer": _whole(_BITS["integer"]),
    "bigint": _whole(_BITS["bigint"]),
    "boolean": _of(bool, "True or False"),
    "uuid": _of(UUID, "a UUID"),
    "instant": _instant,
    "date": _date,
    "json": _json,
    "numeric": _numeric,
}
