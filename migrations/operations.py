"""What our revisions do besides Alembic's own operations.

Each function renders the statements of `plugins.postgres.schema`, so that a table made by a
revision is isolated by the same lines as one made in a test.
"""

from collections.abc import Sequence
from typing import Final, cast

from alembic import context, op

from plugins.postgres.roles import RoleNames, quote_name
from plugins.postgres.schema import READ_WRITE, Privilege, isolation_ddl

LOCK_TIMEOUT: Final = "1s"
"""A revision that waits longer for a table gives up, so that it never queues everybody behind it;
`plugins.postgres.migrate` tries again."""


def limit_lock_waits() -> None:
    """Give up after LOCK_TIMEOUT when another transaction holds a lock: first in each revision."""
    op.execute(f"SET LOCAL lock_timeout = '{LOCK_TIMEOUT}'")


def isolate_table(
    table: str, *, privileges: Sequence[Privilege] = READ_WRITE, column: str = "tenant_id"
) -> None:
    """Let the application see and write only the rows whose `column` is the tenant that is set."""
    app = quote_name(_role_names().app)
    for statement in isolation_ddl(table, app, privileges=privileges, column=column):
        op.execute(statement)


def grant_app(table: str, privileges: Sequence[Privilege]) -> None:
    """Let the application do `privileges` on all rows of a table that is not a tenant's."""
    op.execute(f"GRANT {', '.join(privileges)} ON {table} TO {quote_name(_role_names().app)}")


def let_relay_read(table: str, columns: Sequence[str]) -> None:
    """Let the relay see `columns` of every tenant's rows."""
    relay = quote_name(_role_names().relay)
    op.execute(f"GRANT SELECT ({', '.join(columns)}) ON {table} TO {relay}")
    op.execute(f"CREATE POLICY relay_reads ON {table} FOR SELECT TO {relay} USING (true)")


def _role_names() -> RoleNames:
    return cast("RoleNames", context.config.attributes["roles"])
