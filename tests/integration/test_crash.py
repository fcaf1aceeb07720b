"""PostgreSQL is killed under writes: each answered write is there, and nothing is half done."""

import asyncio
import os
import signal
import tempfile
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import ClassVar
from uuid import UUID

import asyncpg
import psutil
import pytest
import pytest_asyncio
import sqlalchemy as sa

from core.shared.actor import Actor
from core.shared.clock import Clock
from core.shared.errors import Unavailable
from core.shared.events import Event, Recorder
from core.shared.tenant import TenantContext
from core.shared.usecase import Command, UseCase
from plugins.embedded.engines import inspect_engines, start_engines, stop_engines
from plugins.postgres.addresses import role_url
from plugins.postgres.migrate import migrate
from plugins.postgres.roles import DEFAULT_ROLES, prepare_database
from plugins.postgres.tenants import feature_flags
from plugins.postgres.unit import Unit
from tenants.injection import BUILT_IN, bind
from tenants.runtime import Runtime
from tenants.scope import TenantScope
from tests.fixtures.databases import TestDatabase
from tests.fixtures.engines import TestEngines
from tests.fixtures.examined import Examined
from tests.fixtures.runtimes import settings_for
from tests.fixtures.worlds import World, make_world

pytestmark = pytest.mark.embedded

WRITERS = 8
KILLS = 2
ANSWERS_BETWEEN = 60
LONGEST_SECONDS = 60.0
HALF_DONE = """
    SELECT coalesce(s.id, o.id, a.id) AS id, s.id IS NOT NULL AS state,
           o.id IS NOT NULL AS outbox, a.id IS NOT NULL AS audit
    FROM (SELECT feature::uuid AS id FROM feature_flags) s
    FULL JOIN (SELECT aggregate_id AS id FROM outbox WHERE type = 'flag.planted') o ON o.id = s.id
    FULL JOIN (SELECT subject_id AS id FROM audit_entries WHERE action = 'flag.planted') a
        ON a.id = coalesce(s.id, o.id)
    WHERE s.id IS NULL OR o.id IS NULL OR a.id IS NULL
"""


class FlagPlanted(Event, frozen=True, kw_only=True):
    type: ClassVar[str] = "flag.planted"
    aggregate: ClassVar[str] = "flag"


class PlantFlag(Command[UUID], frozen=True, kw_only=True):
    """The smallest command: one row of state, with its event and audit entry."""

    id: UUID


async def plant_flag(command: PlantFlag, *, unit: Unit, clock: Clock, recorder: Recorder) -> UUID:
    await unit.execute(
        sa.insert(feature_flags).values(
            tenant_id=unit.tenant_id,
            feature=str(command.id),
            enabled=True,
            reason="",
            set_at=clock.now(),
        )
    )
    recorder.record(FlagPlanted(aggregate_id=command.id))
    return command.id


class Server:
    """A durable PostgreSQL that can be killed and started again, with a runtime that stays."""

    def __init__(self, folder: Path, database: TestDatabase, runtime: Runtime) -> None:
        self.folder = folder
        self.database = database
        self.runtime = runtime
        self._world: World | None = None

    async def somebody(self) -> tuple[TenantContext, Actor, str]:
        """Who writes: a tenant, its administrator and a request."""
        if self._world is None:
            self._world = await make_world(self.database)
        return self._world.acme.context, self._world.acme.actor(), "request"

    def kill(self) -> int:
        """Kill every process of it at once; returns how many there were."""
        pid = inspect_engines(self.folder).postgres.pid
        assert pid is not None
        postmaster = psutil.Process(pid)
        processes = [postmaster, *postmaster.children(recursive=True)]
        for process in processes:
            os.kill(process.pid, signal.SIGKILL)
        return len(processes)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def server(
    engines: TestEngines, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Server]:
    async with AsyncExitStack() as stack:
        # Not pytest's folder: the engines' own user has to be able to enter.
        outer = stack.enter_context(
            tempfile.TemporaryDirectory(prefix="intellimatch-crash-", ignore_cleanup_errors=True)
        )
        folder = Path(outer) / "data"
        started = start_engines(folder, postgres=True, valkey=False, durable=True)
        stack.callback(stop_engines, folder)
        stack.callback(started.release)
        admin_url = started.postgres_admin_url
        assert admin_url is not None
        await prepare_database(admin_url, "crashing")
        database = TestDatabase(
            name="crashing",
            admin_url=role_url(admin_url, "postgres", database="crashing"),
            owner_url=role_url(admin_url, DEFAULT_ROLES.owner, database="crashing"),
            app_url=role_url(admin_url, DEFAULT_ROLES.app, database="crashing"),
            relay_url=role_url(admin_url, DEFAULT_ROLES.relay, database="crashing"),
        )
        await migrate(database.owner_url)
        settings = settings_for(engines, database, tmp_path_factory.mktemp("crash"))
        runtime = await Runtime.open(settings)
        stack.push_async_callback(runtime.close)
        use_case = UseCase(PlantFlag, plant_flag, None, None)
        ports = bind(use_case, {**BUILT_IN, Unit: lambda session: session.writer})
        runtime._machinery.use_cases[PlantFlag] = (use_case, ports)
        yield Server(folder, database, runtime)


class Writers:
    """Write as fast as they can, and remember what was answered."""

    def __init__(self, runtime: Runtime, scope: TenantScope) -> None:
        self._runtime = runtime
        self._scope = scope
        self.answered: set[UUID] = set()
        self.refused = 0
        self.ended = False
        self._more = asyncio.Event()

    async def write(self) -> None:
        while not self.ended:
            flag = self._runtime.ids.new()
            try:
                self.answered.add(await self._scope.execute(PlantFlag(id=flag)))
                self._more.set()
            except Unavailable:
                self.refused += 1
                await asyncio.sleep(0.02)

    async def until(self, answers: int) -> None:
        while len(self.answered) < answers:
            self._more.clear()
            await self._more.wait()


async def test_what_was_answered_survives_and_nothing_is_half_done(
    server: Server, examined: Examined
) -> None:
    scope = server.runtime.scope(*await server.somebody())
    writers = Writers(server.runtime, scope)
    async with asyncio.timeout(LONGEST_SECONDS), asyncio.TaskGroup() as group:
        for _ in range(WRITERS):
            group.create_task(writers.write())
        for _ in range(KILLS):
            await writers.until(len(writers.answered) + ANSWERS_BETWEEN)
            assert server.kill() > WRITERS
            restart = await asyncio.to_thread(
                start_engines, server.folder, postgres=True, valkey=False, durable=True
            )
            restart.release()
        # The same runtime answers again, without a restart of the application.
        await writers.until(len(writers.answered) + ANSWERS_BETWEEN)
        writers.ended = True

    connection = await asyncpg.connect(server.database.admin_url)
    rows = await connection.fetch("SELECT feature::uuid AS id FROM feature_flags")
    present = {row["id"] for row in rows}
    assert writers.answered - present == set()
    assert await connection.fetch(HALF_DONE) == []
    assert writers.refused > 0, "nobody was writing when it was killed"
    examined("answered writes", len(writers.answered))
    examined("refused writes", writers.refused)
    await connection.close()


@pytest.mark.parametrize(
    "defect",
    [
        "DELETE FROM outbox WHERE aggregate_id = $1",
        "DELETE FROM audit_entries WHERE subject_id = $1",
        "DELETE FROM feature_flags WHERE feature::uuid = $1",
        (
            "WITH gone AS (DELETE FROM outbox WHERE aggregate_id = $1) "
            "DELETE FROM feature_flags WHERE feature::uuid = $1"
        ),
    ],
)
async def test_a_half_done_write_is_found(server: Server, defect: str) -> None:
    written = await server.runtime.scope(*await server.somebody()).execute(
        PlantFlag(id=server.runtime.ids.new())
    )
    connection = await asyncpg.connect(server.database.admin_url)
    undo = connection.transaction()
    await undo.start()
    assert await connection.fetch(HALF_DONE) == []
    await connection.execute(defect, written)
    assert [row["id"] for row in await connection.fetch(HALF_DONE)] == [written]
    await undo.rollback()
    await connection.close()
