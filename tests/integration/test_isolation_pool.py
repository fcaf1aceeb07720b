"""Two tenants take turns on a single connection, with rollbacks, savepoints and cancellations.

Whatever way a turn ends, the next one on the same backend sees its own rows, or none at all.
"""

import asyncio
import contextlib
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import asyncpg
import pytest
import pytest_asyncio
import sqlalchemy as sa

from core.shared.ids import TenantId
from plugins.postgres import database as doors
from plugins.postgres.database import Database, DatabaseSettings
from plugins.postgres.tenants import feature_flags
from plugins.postgres.unit import Unit
from tests.fixtures.databases import TestDatabase
from tests.fixtures.examined import Examined
from tests.fixtures.worlds import World

TURNS = 400
AT_ONCE = 6
LEAST_SWITCHES = 60
LEAST_COMMITS = 60
PROBE = """
    CREATE FUNCTION {name}(p_tenant uuid) RETURNS TABLE (tenant_id uuid, pid integer)
    LANGUAGE plpgsql VOLATILE SECURITY INVOKER SET search_path = pg_catalog, public AS $$
    BEGIN
        PERFORM set_config('app.tenant', p_tenant::text, {local});
        RETURN QUERY SELECT f.tenant_id, pg_backend_pid() FROM feature_flags f;
    END $$;
    GRANT EXECUTE ON FUNCTION {name} TO intellimatch_app
"""
BARE = "SELECT f.tenant_id, pg_backend_pid() AS pid FROM feature_flags f"
FLAGS = sa.select(feature_flags.c.tenant_id, sa.func.pg_backend_pid().label("pid"))


class Undone(Exception):
    """Ends a turn on purpose."""


class Turns:
    """Plays random turns and notes what each one saw that it should not have."""

    def __init__(self, database: Database, tenants: list[TenantId], probe: str, seed: int) -> None:
        self._database = database
        self._tenants = tenants
        self._probe = probe
        self._random = random.Random(seed)
        self._game = uuid4()
        self._served: dict[int, TenantId] = {}
        self.leaks: list[str] = []
        self.rows_seen = 0
        self.switches = 0
        self.cancelled = 0
        self.committed = 0

    async def play(self, turns: int) -> None:
        waiting = asyncio.Semaphore(AT_ONCE)

        async def one(number: int) -> None:
            async with waiting:
                await self._turn(number)

        await asyncio.gather(*(one(number) for number in range(turns)))

    async def _turn(self, number: int) -> None:
        tenant = self._tenants[number % 2]
        kinds: list[Callable[[TenantId, int], Awaitable[None]]] = [
            self._write,
            self._write,
            self._roll_back,
            self._fail,
            self._savepoint,
            self._call,
            self._call,
            self._nobody,
        ]
        turn = asyncio.ensure_future(self._random.choice(kinds)(tenant, number))
        if self._random.random() < 0.3:
            await asyncio.sleep(self._random.random() * 0.004)
            turn.cancel()
        try:
            await turn
        except asyncio.CancelledError:
            self.cancelled += 1
        except Undone:
            pass

    async def _write(self, tenant: TenantId, number: int) -> None:
        async with self._database.unit(tenant) as unit:
            await self._add(unit, f"kept {number}")
            await self._look(unit)
        self.committed += 1

    async def _roll_back(self, tenant: TenantId, number: int) -> None:
        async with self._database.unit(tenant) as unit:
            await self._add(unit, f"undone {number}")
            await self._look(unit)
            raise Undone

    async def _fail(self, tenant: TenantId, _number: int) -> None:
        with contextlib.suppress(sa.exc.DBAPIError):
            async with self._database.unit(tenant) as unit:
                await self._look(unit)
                await unit.execute(sa.text("SELECT 1 / 0"))

    async def _savepoint(self, tenant: TenantId, number: int) -> None:
        async with self._database.unit(tenant) as unit:
            try:
                async with unit.savepoint():
                    await self._add(unit, f"undone {number}")
                    raise Undone
            except Undone:
                await self._look(unit)
            await self._add(unit, f"kept {number}")
        self.committed += 1

    async def _call(self, tenant: TenantId, _number: int) -> None:
        self._note(tenant, await self._database.reader(tenant).call(self._probe))

    async def _nobody(self, _tenant: TenantId, _number: int) -> None:
        """No tenant is set: on neither pool is there a row."""
        for row in await self._database.fetch(BARE):
            self.leaks.append(f"the read pool showed {row['tenant_id']} to nobody")
        async with self._database._engine.connect() as connection:
            for row in await connection.execute(FLAGS):
                self.leaks.append(f"the write pool showed {row.tenant_id} to nobody")

    async def _add(self, unit: Unit, feature: str) -> None:
        await unit.execute(
            sa.insert(feature_flags).values(
                tenant_id=unit.tenant_id,
                feature=f"{feature} {self._game}",
                enabled=True,
                reason="a canary",
                set_at=datetime.now(UTC),
            )
        )

    async def _look(self, unit: Unit) -> None:
        self._note(unit.tenant_id, [row._mapping for row in await unit.all(FLAGS)])

    def _note(self, tenant: TenantId, rows: list[Any]) -> None:
        for row in rows:
            self.rows_seen += 1
            if row["tenant_id"] != tenant:
                self.leaks.append(f"{tenant} saw a row of {row['tenant_id']}")
        for pid in {row["pid"] for row in rows}:
            self.switches += self._served.get(pid, tenant) != tenant
            self._served[pid] = tenant


@asynccontextmanager
async def one_connection(database: TestDatabase) -> AsyncIterator[Database]:
    opened = await Database.open(
        DatabaseSettings(
            url=database.app_url, write_connections=1, read_connections=1, pool_timeout_ms=30_000
        )
    )
    try:
        yield opened
    finally:
        await opened.close()


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def tenants(database: TestDatabase, world: World) -> list[TenantId]:
    """Both tenants have a row from the start, and functions to read with."""
    owner = await asyncpg.connect(database.owner_url)
    await owner.execute(PROBE.format(name="probe", local="true"))
    await owner.execute(PROBE.format(name="leaking_probe", local="false"))
    await owner.close()
    superuser = await asyncpg.connect(database.admin_url)
    ids = [world.acme.id, world.globex.id]
    for tenant in ids:
        await superuser.execute(
            "INSERT INTO feature_flags VALUES ($1, 'first', true, 'a canary', now())", tenant
        )
    await superuser.close()
    return ids


@pytest.mark.parametrize("seed", [1, 2, 3])
async def test_one_connection_never_shows_a_foreign_row(
    database: TestDatabase, tenants: list[TenantId], examined: Examined, seed: int
) -> None:
    async with one_connection(database) as opened:
        turns = Turns(opened, tenants, "probe", seed)
        await turns.play(TURNS)
    assert turns.leaks == []
    assert turns.switches >= LEAST_SWITCHES, "the same backend must have served both tenants"
    assert turns.cancelled > 0
    assert turns.committed >= LEAST_COMMITS
    examined("rows", turns.rows_seen)
    examined("turns on a backend that served the other tenant before", turns.switches)
    examined("committed turns", turns.committed)
    examined("cancelled turns", turns.cancelled)


async def test_a_tenant_set_for_the_session_is_found(
    database: TestDatabase, tenants: list[TenantId], monkeypatch: pytest.MonkeyPatch
) -> None:
    leaking = sa.text("SELECT set_config('app.tenant', :tenant, false)")
    monkeypatch.setattr(doors, "SET_TENANT", leaking)
    async with one_connection(database) as opened:
        turns = Turns(opened, tenants, "probe", seed=1)
        await turns.play(TURNS)
    assert any("write pool" in leak for leak in turns.leaks)


async def test_a_function_that_sets_the_tenant_for_the_session_is_found(
    database: TestDatabase, tenants: list[TenantId]
) -> None:
    async with one_connection(database) as opened:
        turns = Turns(opened, tenants, "leaking_probe", seed=1)
        await turns.play(TURNS)
    assert any("read pool" in leak for leak in turns.leaks)


async def test_a_policy_that_is_gone_is_found(
    database: TestDatabase, tenants: list[TenantId]
) -> None:
    owner = await asyncpg.connect(database.owner_url)
    try:
        await owner.execute("ALTER TABLE feature_flags DISABLE ROW LEVEL SECURITY")
        async with one_connection(database) as opened:
            turns = Turns(opened, tenants, "probe", seed=1)
            await turns.play(40)
    finally:
        await owner.execute("ALTER TABLE feature_flags ENABLE ROW LEVEL SECURITY")
        await owner.close()
    assert any("saw a row of" in leak for leak in turns.leaks)


async def test_after_a_commit_no_tenant_is_set(
    database: TestDatabase, tenants: list[TenantId]
) -> None:
    async with one_connection(database) as opened, opened.unit(tenants[0]) as unit:
        assert await unit.all(FLAGS)
        await unit._connection.commit()
        assert await unit.all(FLAGS) == []


async def test_another_tenants_row_can_be_neither_written_nor_taken_over(
    database: TestDatabase, tenants: list[TenantId]
) -> None:
    mine, theirs = tenants
    async with one_connection(database) as opened:
        for statement in (
            "INSERT INTO feature_flags VALUES (:theirs, 'planted', true, '', now())",
            "UPDATE feature_flags SET tenant_id = :theirs",
        ):
            with pytest.raises(sa.exc.DBAPIError, match="row-level security"):
                async with opened.unit(mine) as unit:
                    await unit.execute(sa.text(statement), {"theirs": theirs})
        async with opened.unit(mine) as unit:
            deleted = await unit.execute(
                sa.text("DELETE FROM feature_flags WHERE tenant_id = :theirs"), {"theirs": theirs}
            )
            assert deleted.rowcount == 0
