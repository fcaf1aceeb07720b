"""How many shared buffers a page of candidates costs, counted by PostgreSQL itself.

Used by the benchmark and by `tests/integration/test_list_buffers.py`.
"""

import asyncpg
import msgspec

from core.shared.ids import TenantId

_LIST = "SELECT * FROM list_candidates_v1($1, 51, NULL, NULL, NULL)"
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
    explain = statement.replace("$1", f"'{tenant_id}'")
    answer = await connection.fetchval(f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {explain}")
    plan = msgspec.json.decode(answer)[0]["Plan"]
    return Buffers(plan["Shared Hit Blocks"], plan["Shared Read Blocks"], plan["Actual Rows"])
