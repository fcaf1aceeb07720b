"""Plugins that do everything wrong in workers: handlers, times, webhooks, being told, erasing.

Two real, supervised workers and a real server have the corpus. What one tenant's plugin does there
costs the other tenant nothing: its plugin handles every event, once.
"""

import asyncio
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final
from uuid import uuid4

import asyncpg
import httpx
import pytest
import pytest_asyncio

from plugins.postgres.plugin_tables import apply_revisions
from plugins.postgres.roles import DEFAULT_ROLES
from tenants.settings import Settings
from tests.fixtures.databases import TestDatabase
from tests.fixtures.examined import Examined
from tests.fixtures.hostile_corpus import HostileServer, install, paths
from tests.fixtures.hostile_plugins import neighbour
from tests.fixtures.hostile_plugins.attacks import FOREIGN, HANGING, SECRET
from tests.fixtures.workers_run import Workers, running_workers, until
from tests.fixtures.worlds import World

pytestmark = pytest.mark.slow

API: Final = "/api/v1"
HOSTILE: Final = f"{API}/plugins/hostile"
LONGEST_SECONDS: Final = 150.0
"""Until a call is made again that failed or hung: a process that saw only failures, since another
had the attempts after them, leaves the plugin alone for a minute."""

TICK: Final = "name = 'plugin:hostile:tick'"
PLACES: Final = ("handler", "scheduled", "webhook", "enabled", "erase")
LONG: Final = ("enabled", "erase")
"""Places where the host's own deadline is long: only attacks that end by themselves are made."""

KINDS: Final = (
    "raises_valueerror",
    "raises_systemexit",
    "raises__root",
    "spins",
    "blocks_in_a_sleep",
    "swallows_its_cancellation",
    "closes_its_loop",
    "acts_without_permission",
)


class Scene:
    """Who attacks, who is beside it, and the clock's rows."""

    def __init__(
        self, server: HostileServer, world: World, admin: asyncpg.Connection, logs: list[Path]
    ) -> None:
        self.world = world
        self.admin = admin
        self.logs = logs
        self.clients = {
            slug: server.client(slug, world[slug].members["admin"].api_key)
            for slug in ("acme", "globex")
        }
        self.hour = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
        """That the clock strikes next; it may be another hour before the test ends."""
        self.vendor = server.client("acme", None)
        self.candidates: dict[str, set[str]] = {"acme": set(), "globex": set()}

    async def close(self) -> None:
        for each in (*self.clients.values(), self.vendor):
            await each.aclose()

    async def enable(self) -> None:
        for client in self.clients.values():
            _fine(await client.post(f"{API}/plugins/neighbour/enable", json={}))
        await self._enable_hostile()

    async def candidate(self, slug: str) -> str:
        given = {"full_name": f"Ada {uuid4()}"}
        created = await self.clients[slug].post(f"{API}/candidates", json=given)
        assert created.status_code == 201, created.text
        candidate_id: str = created.json()["id"]
        self.candidates[slug].add(candidate_id)
        return candidate_id

    async def attack(self, place: str, name: str) -> None:
        """Arm the plugin, cause the call, and return when the call after it has ended well."""
        order = {"place": place, "attack": name, "id": f"{place}-{name}"}
        acme = self.clients["acme"]
        _fine(await acme.put(f"{HOSTILE}/x/arm", json=order))
        await self._cause(place)
        ends = time.monotonic() + LONGEST_SECONDS
        while (await acme.get(f"{HOSTILE}/x/done/{place}")).json() != order["id"]:
            assert time.monotonic() < ends, f"{order['id']}: {await self._unfinished()}"
            # What failed waits longer each time; a test doesn't.
            await self.admin.execute(
                "UPDATE tasks SET run_at = now() WHERE finished_at IS NULL "
                "AND last_error IS NOT NULL AND run_at > now()"
            )
            await asyncio.sleep(0.5)

    async def _unfinished(self) -> list[dict[str, object]]:
        rows = await self.admin.fetch(
            "SELECT kind, subscriber, attempts, last_error, dead_at, run_at - now() AS due "
            "FROM tasks WHERE finished_at IS NULL"
        )
        return [dict(row) for row in rows]

    async def _cause(self, place: str) -> None:
        match place:
            case "handler":
                await self.candidate("acme")
            case "scheduled":
                await until(self.admin, f"SELECT EXISTS (SELECT FROM schedules WHERE {TICK})")
                # One full hour further back each time: the ones after it were fired before.
                await self.admin.execute(
                    f"UPDATE schedules SET next_at = $1 WHERE {TICK}", self.hour
                )
                self.hour -= timedelta(hours=1)
            case "webhook":
                answer = await self.vendor.post(
                    "/api/hooks/hostile/vendor", headers={"x-delivery": str(uuid4())}
                )
                assert answer.status_code == 202, answer.text
            case "erase":
                path = f"{API}/candidates/{await self.candidate('acme')}"
                assert (await self.clients["acme"].delete(path)).status_code == 204
            case _:
                _fine(await self.clients["acme"].post(f"{HOSTILE}/disable"))
                await self._enable_hostile()

    async def _enable_hostile(self) -> None:
        given = {"accept_permissions": ["candidates:read"], "settings": {"token": SECRET}}
        _fine(await self.clients["acme"].post(f"{HOSTILE}/enable", json=given))

    def show_logs(self) -> None:
        """Write how the processes' logs end: for whoever reads why the test failed."""
        for log in self.logs:
            sys.stderr.write(f"{log}:\n{log.read_text()[-4_000:]}\n")

    async def noted(self, slug: str) -> list[str]:
        """The candidates that the neighbour noted, each as often as it did."""
        rows = await self.admin.fetch(
            "SELECT id FROM x_neighbour_notes WHERE tenant_id = $1", self.world[slug].id
        )
        return [str(row["id"]) for row in rows]


def _fine(answer: httpx.Response) -> None:
    assert answer.status_code == 200, answer.text


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    folder = tmp_path_factory.mktemp("corpus")
    install(folder, at_import=False)
    return {**paths(folder), FOREIGN: str(uuid4())}


@pytest.fixture(scope="module")
def workers(
    settings: Settings, database: TestDatabase, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Workers]:
    with running_workers(settings, database, tmp_path_factory.mktemp("workers")) as started:
        yield started


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def scene(
    settings: Settings,
    database: TestDatabase,
    world: World,
    environment: dict[str, str],
    workers: Workers,
    tmp_path_factory: pytest.TempPathFactory,
) -> AsyncIterator[Scene]:
    connection = await asyncpg.connect(database.owner_url)
    await apply_revisions(connection, "neighbour", neighbour.tables(), DEFAULT_ROLES)
    await connection.close()
    log = tmp_path_factory.mktemp("server") / "log"
    async with AsyncExitStack() as stack:
        server = HostileServer(settings, log, **environment)
        stack.callback(server.kill)
        started = [workers.start(supervised=True, **environment) for _ in range(2)]
        await server.start()
        for each in started:
            await each.started()
        admin = await asyncpg.connect(database.admin_url)
        stack.push_async_callback(admin.close)
        made = Scene(server, world, admin, [log, *(each.log for each in started)])
        stack.push_async_callback(made.close)
        await made.enable()
        yield made


async def test_the_other_tenants_events_are_handled_once(scene: Scene, examined: Examined) -> None:
    ended = asyncio.Event()

    async def go_on() -> None:
        while not ended.is_set():
            await scene.candidate("globex")
            await asyncio.sleep(0.5)

    attacks = [
        (place, name)
        for name in KINDS
        for place in PLACES
        if place not in LONG or name not in HANGING
    ]
    beside = asyncio.create_task(go_on())
    try:
        for place, name in attacks:
            await scene.attack(place, name)
    except BaseException:
        scene.show_logs()
        raise
    finally:
        ended.set()
        await beside
    for slug, candidates in scene.candidates.items():
        for _ in range(300):
            if len(await scene.noted(slug)) >= len(candidates):
                break
            await asyncio.sleep(0.2)
        assert sorted(await scene.noted(slug)) == sorted(candidates)
    troubled = await scene.admin.fetch(
        "SELECT kind, subscriber, attempts, last_error, dead_reason, finished_at FROM tasks "
        "WHERE tenant_id = $1 AND (dead_at IS NOT NULL OR attempts > 1)",
        scene.world.globex.id,
    )
    assert [dict(row) for row in troubled] == []
    examined("attacks", len(attacks))
    examined("events of the other tenant", len(scene.candidates["globex"]))
    for log in scene.logs:
        assert SECRET not in log.read_text()


async def test_the_clock_struck_for_who_enabled_it_only(scene: Scene) -> None:
    tenants = await scene.admin.fetch(
        "SELECT DISTINCT tenant_id FROM tasks WHERE kind = 'plugin_schedule' "
        "AND payload->>'plugin_id' = 'hostile'"
    )
    assert [row["tenant_id"] for row in tenants] == [scene.world.acme.id]
