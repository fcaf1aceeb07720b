"""How many shared buffers a page of candidates costs, counted by PostgreSQL itself.

Used by the benchmark and by `tests/integration/test_list_buffers.py`.
"""

import asyncpg
import msgspec

from core.shared.ids import TenantId

_LIST = "SELECT * FROM list_candidates_v1($1, 51, NULL, NULL, NULL)"
_PAGE = "SELECT * FROM list_candidates_v1($1, 51, $2, $3, NULL)"
_PAGES = 5
_EXECUTIONS = 8
"""More than the five after which PostgreSQL decides on a plan for all parameters."""


class Buffers(msgspec.Struct, frozen=True):
    """Blocks of eight kilobytes."""

    hit: int
    read: int
    rows: int

    @property
    def total(self) -> int:
        """Hit or read: whether the cache had them is another matter than how many there were."""
        return self.hit + self.read


async def list_buffers(
    connection: asyncpg.Connection, tenant_id: TenantId, statement: str = _LIST
) -> Buffers:
    """Buffers of one read, as the role of `connection`, once plans and catalogue are cached.

    EXPLAIN counts for the function's node everything that ran inside it.
    """
    for _ in range(_EXECUTIONS):
        await connection.fetch(statement, tenant_id)
    return await _explained(connection, statement.replace("$1", f"'{tenant_id}'"))


async def page_buffers(connection: asyncpg.Connection, tenant_id: TenantId) -> Buffers:
    """Buffers of the cheapest of the first pages.

    A page whose entries happen to straddle two leaves of the index costs two or three more,
    wherever the boundary fell when they were split; the cheapest page is the one without that.
    """
    counted = []
    after_at, after_id = None, None
    for _ in range(_PAGES):
        for _ in range(_EXECUTIONS):
            rows = await connection.fetch(_PAGE, tenant_id, after_at, after_id)
        places = [f"'{tenant_id}'", _literal(after_at), _literal(after_id)]
        statement = _PAGE
        for number, place in enumerate(places, start=1):
            statement = statement.replace(f"${number}", place)
        counted.append(await _explained(connection, statement))
        after_at, after_id = rows[-1]["created_at"], rows[-1]["id"]
    return min(counted, key=lambda buffers: buffers.total)


def _literal(value: object) -> str:
    return "NULL" if value is None else f"'{value}'"


async def _explained(connection: asyncpg.Connection, statement: str) -> Buffers:
    answer = await connection.fetchval(f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {statement}")
    plan = msgspec.json.decode(answer)[0]["Plan"]
    return Buffers(plan["Shared Hit Blocks"], plan["Shared Read Blocks"], plan["Actual Rows"])
