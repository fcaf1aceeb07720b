"""How a plugin describes tables of its own; the host makes them, with row-level security.

A description and no SQL: so every plugin's table has the tenant first in its keys, is covered by
the same policies as ours, and leaves with the tenant. Each name gets the prefix `x_<plugin id>_`.
"""

from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

Name = Annotated[str, Meta(pattern=r"^[a-z][a-z0-9_]{0,29}$")]

ColumnType = Literal[
    "text", "integer", "bigint", "boolean", "uuid", "instant", "date", "json", "numeric"
]
"""`instant` is a moment in UTC, `integer` has 4 bytes, `bigint` 8; money is a `bigint` of cents."""


class Column(msgspec.Struct, frozen=True):
    """A column; `required` means NOT NULL."""

    name: Name
    type: ColumnType
    required: bool = True
    default: str | int | bool | None = None
    """What rows get that are there already, and those inserted without it."""


class Table(msgspec.Struct, frozen=True, kw_only=True):
    """A tenant's table. `key`, `unique` and `indexes` name columns; the tenant is put in front."""

    name: Name
    columns: tuple[Column, ...]
    key: tuple[Name, ...] = ("id",)
    unique: tuple[tuple[Name, ...], ...] = ()
    indexes: tuple[tuple[Name, ...], ...] = ()


class CreateTable(msgspec.Struct, frozen=True, tag=True):
    """Make a table."""

    table: Table


class AddColumn(msgspec.Struct, frozen=True, tag=True):
    """Add a column; a required one needs a default, since rows may be there."""

    table: Name
    column: Column


class DropColumn(msgspec.Struct, frozen=True, tag=True):
    """Remove a column and what is in it. Do so a release after the code stopped reading it."""

    table: Name
    column: Name


class AddIndex(msgspec.Struct, frozen=True, tag=True):
    """Index columns of a table."""

    table: Name
    columns: tuple[Name, ...]


class DropTable(msgspec.Struct, frozen=True, tag=True):
    """Remove a table and what is in it."""

    table: Name


Step = CreateTable | AddColumn | DropColumn | AddIndex | DropTable


class Migration(msgspec.Struct, frozen=True):
    """One revision of the plugin's tables. What was released never changes; add another."""

    revision: int
    """1, 2, 3, ... without a gap."""
    steps: tuple[Step, ...]


class Insert(msgspec.Struct, frozen=True, tag=True):
    """Add a row."""

    table: str
    values: dict[str, Any]
    or_update: bool = False
    """With a row of the same key: change that one instead of raising `RecordConflict`."""


class Update(msgspec.Struct, frozen=True, tag=True):
    """Change the row with `key`; one that isn't there raises `RecordMissing`."""

    table: str
    key: dict[str, Any]
    values: dict[str, Any]
    expected: dict[str, Any] | None = None
    """Only while these columns hold these values; otherwise `RecordConflict`."""


class Delete(msgspec.Struct, frozen=True, tag=True):
    """Remove the row with `key`, if it is there."""

    table: str
    key: dict[str, Any]


Change = Insert | Update | Delete
