"""One transaction for one tenant: what every repository writes through.

The tenant is set as the first statement of the transaction and only for it, so a pooled connection
carries nothing over to the next user (facts: `set_config(..., true)` is the only safe way).
"""

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from core.shared.ids import TenantId

SET_TENANT = sa.text("SELECT set_config('app.tenant', :tenant, true)")


@cache
def call_text(function: str, arguments: int) -> str:
    """Return the statement that calls a function with the tenant and so many arguments."""
    places = ", ".join(f"${place}" for place in range(1, arguments + 2))
    # Both come from our own code: function names are constants, arguments are bound.
    return f"SELECT * FROM {function}({places})"  # noqa: S608


class Unit:
    """An open transaction in which the tenant is set. It can't be committed from inside."""

    def __init__(self, connection: AsyncConnection, tenant_id: TenantId) -> None:
        self._connection = connection
        self.tenant_id = tenant_id

    async def execute(
        self,
        statement: sa.Executable,
        parameters: Mapping[str, Any] | Sequence[Mapping[str, Any]] | None = None,
    ) -> sa.CursorResult[Any]:
        """Run one statement; a list of parameters inserts many rows."""
        return await self._connection.execute(statement, parameters)

    async def one_or_none(
        self, statement: sa.Executable, parameters: Mapping[str, Any] | None = None
    ) -> sa.Row[Any] | None:
        """Return the only row, or None."""
        result = await self._connection.execute(statement, parameters)
        return result.one_or_none()

    async def all(
        self, statement: sa.Executable, parameters: Mapping[str, Any] | None = None
    ) -> Sequence[sa.Row[Any]]:
        """Return every row."""
        return (await self._connection.execute(statement, parameters)).all()

    async def call(self, function: str, *arguments: Any) -> list[Any]:
        """Return the rows of an SQL function that takes the tenant first, straight from the driver.

        For what runs with every event: a statement through SQLAlchemy takes ten times the CPU. JSON
        goes in as text and comes out decoded; errors are the driver's.
        """
        raw = await self._connection.get_raw_connection()
        driver: Any = raw.driver_connection
        rows: list[Any] = await driver.fetch(
            call_text(function, len(arguments)), self.tenant_id, *arguments
        )
        return rows

    def savepoint(self) -> Any:
        """Return a context manager whose failure undoes only what was done inside it."""
        return self._connection.begin_nested()
