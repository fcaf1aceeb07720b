"""A page of candidates costs the same whatever else the database holds, counted in buffers.

The benchmark measures the same with a hundred times the rows; this is the exact part of it.
"""

from typing import Any

import asyncpg
import pytest_asyncio

from core.shared.ids import TenantId
from plugins.postgres.schema import isolation_ddl
from tests.benchmarks.buffers import Buffers, list_buffers, page_buffers
from tests.benchmarks.candidate_rows import insert_candidates
from tests.benchmarks.tenants_made import BenchTenant, bench_tenant, insert_tenants
from tests.fixtures.databases import TestDatabase
from tests.fixtures.examined import Examined

FEW, MANY = 10, 2_000
SMALL_ROWS, LARGE_ROWS, OTHER_ROWS = 1_000, 100_000, 20
APART = 2
PAGE = 51

BENCH, LARGE = bench_tenant(1, "measured"), bench_tenant(2, "large")

# As `candidates` would be if a key forgot the tenant: what the planner then has to walk past.
_PLANTED = """
    CREATE TABLE planted (LIKE candidates INCLUDING DEFAULTS);
    ALTER TABLE planted ADD PRIMARY KEY (id);
    CREATE INDEX ON planted (created_at, id);
"""
_PLANTED_LIST = (
    "SELECT id, full_name FROM planted WHERE tenant_id = $1 "
    "ORDER BY created_at DESC, id DESC LIMIT 51"
)


class Counted(dict[str, Buffers]):
    """Buffers by situation."""


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def counted(database: TestDatabase) -> Counted:
    admin = await asyncpg.connect(database.admin_url, command_timeout=300)
    try:
        found = Counted()
        rest = [bench_tenant(number, f"other{number}") for number in range(3, MANY + 1)]
        await _fill(admin, [BENCH], SMALL_ROWS)
        await _fill(admin, rest[: FEW - 1], OTHER_ROWS)
        await _plant(admin)
        found["few"] = await _count(database, admin, BENCH)
        found["planted few"] = await _count(database, admin, BENCH, planted=True)
        await _fill(admin, rest[FEW - 1 :], OTHER_ROWS)
        await _fill(admin, [LARGE], LARGE_ROWS)
        await admin.execute("INSERT INTO planted SELECT * FROM candidates ON CONFLICT DO NOTHING")
        found["many"] = await _count(database, admin, BENCH)
        found["planted many"] = await _count(database, admin, BENCH, planted=True)
        found["large"] = await _count(database, admin, LARGE)
    finally:
        await admin.close()
    return found


def test_each_count_is_of_a_whole_page(counted: Counted, examined: Examined) -> None:
    assert {buffers.rows for buffers in counted.values()} == {PAGE}
    # Each row of a page lies on a block of its own, so less would be no real count.
    assert min(buffers.total for buffers in counted.values()) > PAGE
    examined("situations", len(counted))


def test_a_page_costs_the_same_with_ten_and_with_two_thousand_tenants(counted: Counted) -> None:
    assert abs(counted["many"].total - counted["few"].total) <= APART, counted


def test_a_page_costs_the_same_in_a_small_and_in_a_large_tenant(counted: Counted) -> None:
    assert abs(counted["large"].total - counted["many"].total) <= APART, counted


def test_a_key_without_the_tenant_is_told_by_its_buffers(counted: Counted) -> None:
    apart = counted["planted many"].total - counted["planted few"].total
    assert apart > 50 * APART, counted


async def _fill(admin: asyncpg.Connection, tenants: list[BenchTenant], rows: int) -> None:
    await insert_tenants(admin, tenants)
    await insert_candidates(admin, [tenant.id for tenant in tenants], rows)


async def _plant(admin: asyncpg.Connection) -> None:
    await admin.execute(_PLANTED)
    for statement in isolation_ddl("planted", "intellimatch_app"):
        await admin.execute(statement)
    await admin.execute("INSERT INTO planted SELECT * FROM candidates")


async def _count(
    database: TestDatabase, admin: asyncpg.Connection, tenant: BenchTenant, *, planted: bool = False
) -> Buffers:
    await admin.execute("VACUUM (ANALYZE) candidates")
    await admin.execute("VACUUM (ANALYZE) planted")
    application: Any = await asyncpg.connect(database.app_url)
    try:
        if not planted:
            return await page_buffers(application, tenant.id)
        await application.execute(
            "SELECT set_config('app.tenant', $1, false)", str(TenantId(tenant.id))
        )
        return await list_buffers(application, tenant.id, _PLANTED_LIST)
    finally:
        await application.close()
