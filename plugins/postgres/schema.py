"""The one way to define a tenant's table, so that no table can forget its isolation.

`tenant_table` puts `tenant_id` first in the primary key, in every unique constraint, foreign key
and index; `isolation_ddl` gives the statements that switch row-level security on and grant the
application what it may do. Migrations run them, and `tests/integration/test_catalogue.py` walks
pg_catalog and fails on any table that lacks one. `global_table` is for the few others.
"""

from collections.abc import Iterator, Sequence
from typing import Any, Final, Literal

import msgspec
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB, TIMESTAMP, UUID

Privilege = Literal["SELECT", "INSERT", "UPDATE", "DELETE"]

READ_WRITE: Final[tuple[Privilege, ...]] = ("SELECT", "INSERT", "UPDATE", "DELETE")
APPEND_ONLY: Final[tuple[Privilege, ...]] = ("SELECT", "INSERT")

CURRENT_TENANT: Final = "NULLIF(current_setting('app.tenant', true), '')::uuid"
"""The tenant of the transaction. After a commit the setting is '' and not NULL, hence NULLIF."""

NAMING: Final = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}

metadata = sa.MetaData(naming_convention=NAMING)


GLOBAL_TABLES: Final[dict[str, str]] = {}
"""Every table that is not a tenant's, with the reason; filled by `global_table`."""


class Ref(msgspec.Struct, frozen=True):
    """A reference to a row of another tenant table, always together with the tenant."""

    column: str
    table: str
    on_delete: Literal["RESTRICT", "CASCADE", "SET NULL"] = "RESTRICT"


def uuid_column(name: str, *, nullable: bool = False) -> sa.Column[Any]:
    """Return a UUID column."""
    return sa.Column(name, UUID(as_uuid=True), nullable=nullable)


def text_column(name: str, *, nullable: bool = False, default: str | None = None) -> sa.Column[Any]:
    """Return a text column; lengths are checked where input is parsed."""
    return sa.Column(name, sa.Text, nullable=nullable, server_default=default)


def time_column(name: str, *, nullable: bool = False) -> sa.Column[Any]:
    """Return an instant, stored in UTC."""
    return sa.Column(name, TIMESTAMP(timezone=True), nullable=nullable)


def json_column(name: str, *, nullable: bool = False) -> sa.Column[Any]:
    """Return a jsonb column."""
    return sa.Column(name, JSONB(none_as_null=True), nullable=nullable)


def tenant_table(
    name: str,
    *columns: sa.Column[Any] | sa.CheckConstraint,
    key: Sequence[str] = ("id",),
    unique: Sequence[Sequence[str]] = (),
    refs: Sequence[Ref] = (),
    indexes: Sequence[Sequence[str]] = (),
    privileges: Sequence[Privilege] = READ_WRITE,
    into: sa.MetaData = metadata,
) -> sa.Table:
    """Define a table whose rows belong to tenants.

    `key`, `unique` and `indexes` name columns without `tenant_id`, which is put in front of each.
    `into` is the application's own schema unless it is a plugin's.
    """
    constraints: list[sa.Constraint] = [sa.PrimaryKeyConstraint("tenant_id", *key)]
    constraints += [sa.UniqueConstraint("tenant_id", *group) for group in unique]
    constraints += [_foreign_key(ref) for ref in refs]
    table = sa.Table(
        name,
        into,
        sa.Column(
            "tenant_id",
            UUID(as_uuid=True),
            sa.ForeignKey("tenants.id", ondelete="CASCADE"),
            nullable=False,
        ),
        *columns,
        *constraints,
        info={"tenant": True, "privileges": tuple(privileges)},
    )
    for group in indexes:
        sa.Index(None, table.c.tenant_id, *(table.c[column] for column in group))
    return table


def global_table(
    name: str,
    *items: sa.Column[Any] | sa.Constraint,
    reason: str,
    privileges: Sequence[Privilege] = (),
    tenant_column: str | None = None,
) -> sa.Table:
    """Define one of the few tables that are not a tenant's; `reason` says why it isn't.

    With `tenant_column` (the `id` of `tenants`) row-level security lets the application see only
    the rows of the tenant that is set; without it, grant nothing and go through a function in
    `sql/definer_*.sql`.
    """
    table = sa.Table(
        name,
        metadata,
        *items,
        info={"tenant": False, "privileges": tuple(privileges), "tenant_column": tenant_column},
    )
    GLOBAL_TABLES[name] = reason
    return table


def _foreign_key(ref: Ref) -> sa.ForeignKeyConstraint:
    # SET NULL must not null tenant_id, which is part of the key (PostgreSQL 15 takes a list).
    action = f"SET NULL ({ref.column})" if ref.on_delete == "SET NULL" else ref.on_delete
    return sa.ForeignKeyConstraint(
        ["tenant_id", ref.column],
        [f"{ref.table}.tenant_id", f"{ref.table}.id"],
        ondelete=action,
        initially=None,
    )


def isolation_ddl(
    table: str,
    app_role: str,
    *,
    privileges: Sequence[Privilege] = READ_WRITE,
    column: str = "tenant_id",
) -> Iterator[str]:
    """Yield the statements that isolate `table` by tenant and let `app_role` use it."""
    is_tenants = f"({column} = {CURRENT_TENANT})"
    yield f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY"
    yield f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY"
    yield (
        f"CREATE POLICY tenant_isolation ON {table} TO {app_role} "
        f"USING {is_tenants} WITH CHECK {is_tenants}"
    )
    if privileges:
        yield f"GRANT {', '.join(privileges)} ON {table} TO {app_role}"
