"""The SQL functions that are shipped as files beside the code, and who may call them.

`plugins.postgres.migrate` applies every file of `sql/` at each migration; the catalogue audit reads
the same headers, so what is granted and what is listed can't differ. A file's header may say:

    -- grant execute to: app, relay
    -- definer reads: tenants, api_keys (tenant_id, id)
    -- definer writes: sessions

A file named `definer_*.sql` holds SECURITY DEFINER functions; any other is for the app unless it
says otherwise.
"""

import re
from collections.abc import Iterator
from functools import cache
from importlib import resources
from typing import Final

import msgspec

from plugins.postgres.roles import RoleNames, quote_name

DEFINER_PREFIX: Final = "definer_"
_FUNCTION = re.compile(
    r"^CREATE OR REPLACE FUNCTION\s+(?:public\.)?(\w+)\s*\(", re.IGNORECASE | re.MULTILINE
)
_HEADER = re.compile(
    r"^--\s*(grant execute to|definer reads|definer writes)\s*:(.*)$", re.MULTILINE
)
_TABLE = re.compile(r"(\w+)\s*(?:\(([^)]*)\))?")
_GRANTEES: Final = ("app", "relay", "owner")


class SqlFileError(Exception):
    """A file of `sql/` breaks the rules above; it says which file and what to change."""


class TableUse(msgspec.Struct, frozen=True):
    """A table that the definer reads or writes; no columns means all of them."""

    table: str
    columns: tuple[str, ...] = ()


class SqlFile(msgspec.Struct, frozen=True):
    """One file of functions."""

    name: str
    text: str
    functions: tuple[str, ...]
    callers: tuple[str, ...]
    definer_reads: tuple[TableUse, ...] = ()
    definer_writes: tuple[TableUse, ...] = ()

    @property
    def is_definer(self) -> bool:
        """Whether its functions run as the definer, past row-level security."""
        return self.name.startswith(DEFINER_PREFIX)


@cache
def sql_files() -> tuple[SqlFile, ...]:
    """Every file in the order of its name. Raises `SqlFileError`."""
    folder = resources.files("plugins.postgres").joinpath("sql")
    names = sorted(entry.name for entry in folder.iterdir() if entry.name.endswith(".sql"))
    return tuple(
        parse_sql_file(name, folder.joinpath(name).read_text(encoding="utf-8")) for name in names
    )


def parse_sql_file(name: str, text: str) -> SqlFile:
    """Read a file's functions and header. Raises `SqlFileError`."""
    headers = {key: value.strip() for key, value in _HEADER.findall(text)}
    is_definer = name.startswith(DEFINER_PREFIX)
    callers = headers.get("grant execute to")
    if is_definer and callers is None:
        raise SqlFileError(f"{name}: say who may call it with `-- grant execute to: app`")
    if not is_definer and headers.keys() & {"definer reads", "definer writes"}:
        raise SqlFileError(f"{name}: rename it to {DEFINER_PREFIX}{name}, or drop `definer ...`")
    named = tuple(part.strip() for part in (callers or "app").split(",") if part.strip())
    strangers = set(named) - {*_GRANTEES, "nobody"}
    if strangers:
        raise SqlFileError(f"{name}: functions can be granted to {_GRANTEES}, not to {strangers}")
    return SqlFile(
        name=name,
        text=text,
        functions=tuple(dict.fromkeys(_FUNCTION.findall(text))),
        callers=tuple(role for role in named if role != "nobody"),
        definer_reads=_table_uses(headers.get("definer reads", "")),
        definer_writes=_table_uses(headers.get("definer writes", "")),
    )


def definer_grants(names: RoleNames) -> Iterator[str]:
    """Statements that give the definer what the headers ask for, and nothing else."""
    definer = quote_name(names.definer)
    yield f"REVOKE ALL ON ALL TABLES IN SCHEMA public FROM {definer}"
    for file in sql_files():
        for use in file.definer_reads:
            columns = f" ({', '.join(use.columns)})" if use.columns else ""
            yield f"GRANT SELECT{columns} ON {use.table} TO {definer}"
        for use in file.definer_writes:
            if use.columns:
                yield f"GRANT UPDATE ({', '.join(use.columns)}) ON {use.table} TO {definer}"
            else:
                yield f"GRANT INSERT, UPDATE, DELETE ON {use.table} TO {definer}"


def _table_uses(listed: str) -> tuple[TableUse, ...]:
    return tuple(
        TableUse(table, tuple(column.strip() for column in columns.split(",") if column.strip()))
        for table, columns in _TABLE.findall(listed)
    )
