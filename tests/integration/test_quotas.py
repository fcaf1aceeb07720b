"""Quotas under parallel use: exactly the limit gets through, whatever runs at once."""

import asyncio
from collections.abc import AsyncIterator

import asyncpg
import pytest
import pytest_asyncio
import sqlalchemy as sa

from core.shared.errors import QuotaExceeded
from core.shared.tenant import TenantContext
from plugins.postgres.database import Database, DatabaseSettings
from plugins.postgres.quotas import PostgresQuotas, quota_usage
from tenants.runtime import Runtime
from tests.fixtures.databases import TestDatabase
from tests.fixtures.examined import Examined
from tests.fixtures.worlds import World

PARALLEL = 50
LIMIT = 20


class NaiveQuotas(PostgresQuotas):
    """The planted defect: reads, decides, writes."""

    async def reserve(self, quota: str, amount: int = 1) -> int:
        used = (await self.used()).get(quota, 0)
        await asyncio.sleep(0.01)
        if used + amount > LIMIT:
            raise QuotaExceeded("full")
        await self._unit.execute(
            sa.update(quota_usage)
            .where(quota_usage.c.quota == quota)
            .values(used=quota_usage.c.used + amount)
        )
        return used + amount


async def _admitted(
    wide: Database, tenant: TenantContext, quota: str, kind: type[PostgresQuotas]
) -> int:
    """How many of `PARALLEL` reservations, each on a connection of its own, get through."""
    everybody_is_in = asyncio.Barrier(PARALLEL)

    async def one() -> bool:
        async with wide.unit(tenant.id) as unit:
            await everybody_is_in.wait()
            try:
                await kind(unit, tenant).reserve(quota)
            except QuotaExceeded:
                return False
            return True

    return sum(await asyncio.gather(*(one() for _ in range(PARALLEL))))


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def wide(database: TestDatabase) -> AsyncIterator[Database]:
    opened = await Database.open(
        DatabaseSettings(url=database.app_url, write_connections=PARALLEL, read_connections=1)
    )
    yield opened
    await opened.close()


@pytest.fixture
def tenant(world: World, monkeypatch: pytest.MonkeyPatch) -> TenantContext:
    monkeypatch.setattr("plugins.postgres.quotas.quota_limit", lambda *_: LIMIT)
    monkeypatch.setattr("core.tenancy.entitlements.quota_limit", lambda *_: LIMIT)
    return world.acme.context


async def test_parallel_reservations_take_exactly_the_limit(
    wide: Database, tenant: TenantContext, examined: Examined
) -> None:
    # No row yet: the first use of a quota is part of the race.
    assert await _admitted(wide, tenant, "candidates", PostgresQuotas) == LIMIT
    async with wide.unit(tenant.id) as unit:
        quotas = PostgresQuotas(unit, tenant)
        assert (await quotas.used())["candidates"] == LIMIT
        await quotas.release("candidates", LIMIT + 5)
        assert (await quotas.used())["candidates"] == 0
    examined("parallel reservations", PARALLEL)


async def test_a_naive_quota_overshoots(wide: Database, tenant: TenantContext) -> None:
    async with wide.unit(tenant.id) as unit:
        await PostgresQuotas(unit, tenant).reserve("open_jobs")
        await PostgresQuotas(unit, tenant).release("open_jobs")
    assert await _admitted(wide, tenant, "open_jobs", NaiveQuotas) > LIMIT


async def test_a_reservation_ends_with_its_transaction(
    runtime: Runtime, world: World, database: TestDatabase
) -> None:
    async def fail() -> None:
        async with runtime.database.unit(world.globex.id) as unit:
            await PostgresQuotas(unit, world.globex.context).reserve("open_jobs", 7)
            raise RuntimeError("what was to be done failed")

    with pytest.raises(RuntimeError, match="what was to be done"):
        await fail()
    connection = await asyncpg.connect(database.admin_url)
    try:
        used = await connection.fetchval(
            "SELECT coalesce(sum(used), 0) FROM quota_usage "
            "WHERE tenant_id = $1 AND quota = 'open_jobs'",
            world.globex.id,
        )
    finally:
        await connection.close()
    assert used == 0
