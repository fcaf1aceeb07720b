"""Plugins that do everything wrong for one tenant: the host answers, nobody else sees an error.

A real server and a real worker have the corpus installed. One tenant's plugin attacks from each of
its contributions, while the other tenant, and the first one's other plugin, are asked all the time.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any, Final

import asyncpg
import httpx
import msgspec
import pytest
import pytest_asyncio

from core.candidates.contracts import CreateCandidate
from plugins.postgres.plugin_tables import apply_revisions
from plugins.postgres.roles import DEFAULT_ROLES
from tenants.runtime import Runtime
from tenants.settings import Settings
from tests.fixtures import hostile_server
from tests.fixtures.databases import TestDatabase
from tests.fixtures.examined import Examined
from tests.fixtures.hostile_corpus import AT_IMPORT, HostileServer, install, paths
from tests.fixtures.hostile_plugins import neighbour
from tests.fixtures.hostile_plugins.attacks import ANSWERED, ATTACKS, FOREIGN, HANGING, SECRET
from tests.fixtures.hostile_watch import Watch, median, troubles
from tests.fixtures.worlds import World

pytestmark = pytest.mark.slow

LONGEST_SECONDS: Final = {
    "route": 7.0,
    "webhook": 7.0,
    "page": 7.0,
    "check": 25.0,
    "export": 25.0,
}
"""Of an attack: its deadline, two graces, and a busy machine; less than some block for."""

SLOWEST_MEDIAN: Final = 0.5
"""Seconds, for the others, while a plugin spins: Python hands over between threads by the clock."""

LONGEST_STOP_SECONDS: Final = 15.0
PLUGINS: Final = "/api/v1/plugins"


class Outcome(msgspec.Struct, frozen=True):
    """What came of one attack."""

    attack: str
    place: str
    status: int
    seconds: float
    text: str


class Scene:
    """The server under attack, and who looks at it."""

    def __init__(self, server: HostileServer, world: World) -> None:
        self.server = server
        self.attacked = server.client("acme", world.acme.members["admin"].api_key)
        self.vendor = server.client("acme", None)
        self.person = ""
        self._acme = server.client("acme", world.acme.members["viewer"].api_key)
        self._globex = server.client("globex", world.globex.members["viewer"].api_key)
        self.globex_admin = server.client("globex", world.globex.members["admin"].api_key)
        notes = f"{PLUGINS}/neighbour/x/notes"
        self.watch = Watch(
            {
                "the other tenant's jobs": (self._globex, "/api/v1/jobs"),
                "the other tenant's plugin": (self._globex, notes),
                "the attacked tenant's jobs": (self._acme, "/api/v1/jobs"),
                "the attacked tenant's other plugin": (self._acme, notes),
            }
        )

    async def close(self) -> None:
        for each in (self.attacked, self.vendor, self._acme, self._globex, self.globex_admin):
            await each.aclose()

    async def enable(self) -> None:
        for client in (self.attacked, self.globex_admin):
            await _fine(client.post(f"{PLUGINS}/neighbour/enable", json={}))
        given = {"accept_permissions": ["candidates:read"], "settings": {"token": SECRET}}
        await _fine(self.attacked.post(f"{PLUGINS}/hostile/enable", json=given))
        made = await self.attacked.post("/api/v1/candidates", json={"full_name": "Ada Lovelace"})
        self.person = made.json()["id"]

    async def attack(self, place: str, name: str) -> Outcome:
        """Attack from one place, after the plugin was given a fresh start."""
        await _fine(self.attacked.post(f"{PLUGINS}/hostile/test"))
        began = time.perf_counter()
        try:
            answer = await self._attack(place, name)
        except httpx.HTTPError as error:
            return Outcome(name, place, 0, time.perf_counter() - began, type(error).__name__)
        return Outcome(name, place, answer.status_code, time.perf_counter() - began, answer.text)

    async def _attack(self, place: str, name: str) -> httpx.Response:
        match place:
            case "route":
                return await self.attacked.get(f"{PLUGINS}/hostile/x/do/{name}", timeout=30)
            case "page":
                return await self.attacked.get(f"/plugins/hostile/do/{name}", timeout=30)
            case "webhook":
                headers = {"x-attack": name, "x-delivery": name}
                return await self.vendor.post(
                    "/api/hooks/hostile/vendor", headers=headers, timeout=30
                )
            case "export":
                await self.arm(place, name)
                path = f"/api/v1/candidates/{self.person}/export"
                return await self.attacked.get(path, timeout=30)
            case _:
                await self.arm(place, name)
                return await self.attacked.post(f"{PLUGINS}/hostile/test", timeout=30)

    async def arm(self, place: str, name: str) -> str:
        """Let the plugin strike at a place the next time it is called there."""
        order = {"place": place, "attack": name, "id": f"{place}-{name}-{time.monotonic()}"}
        await _fine(self.attacked.put(f"{PLUGINS}/hostile/x/arm", json=order))
        return order["id"]


async def _fine(request: Any) -> Any:
    answer = await request
    assert answer.status_code == 200, answer.text
    return answer.json()


def faults(outcomes: list[Outcome]) -> list[str]:
    """What the host did wrong, attack by attack."""
    found = []
    for each in outcomes:
        name = f"{each.attack} ({each.place})"
        allowed = ANSWERED[each.attack] if each.place == "route" else None
        if each.status in {0, 500} or (allowed is not None and each.status not in allowed):
            found.append(f"{name}: {each.status} {each.text[:200]}")
        if each.place == "export" and not (each.status == 200 and '"hostile"' in each.text):
            found.append(f"{name}: the export doesn't say what became of it: {each.text[:200]}")
        if each.seconds > LONGEST_SECONDS[each.place]:
            found.append(f"{name}: took {each.seconds:.1f} s")
        if SECRET in each.text:
            found.append(f"{name}: tells the secret")
    return found


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def installed(
    runtime: Runtime,
    database: TestDatabase,
    world: World,
    tmp_path_factory: pytest.TempPathFactory,
) -> dict[str, str]:
    """The environment of processes that have the corpus."""
    folder = tmp_path_factory.mktemp("corpus")
    install(folder)
    connection = await asyncpg.connect(database.owner_url)
    await apply_revisions(connection, "neighbour", neighbour.tables(), DEFAULT_ROLES)
    await connection.close()
    scope = runtime.scope(world.globex.context, world.globex.actor("recruiter"), "foreign")
    foreign = await scope.execute(CreateCandidate(full_name="Somebody Else's"))
    return {**paths(folder), FOREIGN: str(foreign.id)}


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def scene(
    settings: Settings,
    world: World,
    installed: dict[str, str],
    tmp_path_factory: pytest.TempPathFactory,
) -> AsyncIterator[Scene]:
    log = tmp_path_factory.mktemp("log") / "server.log"
    async with AsyncExitStack() as stack:
        server = HostileServer(settings, log, **installed)
        stack.callback(server.kill)
        await server.start()
        made = Scene(server, world)
        stack.push_async_callback(made.close)
        await made.enable()
        yield made


async def test_what_fails_at_its_import_is_refused_and_the_rest_is_there(
    scene: Scene, examined: Examined
) -> None:
    log = scene.server.log.read_text()
    refused = [line for line in log.splitlines() if "plugin_refused" in line]
    for name in (*AT_IMPORT, "missing"):
        assert any(f'"{name}"' in line for line in refused), f"{name} isn't refused"
    listed = await _fine(scene.attacked.get(PLUGINS))
    assert {"hostile", "neighbour", "aging"} <= {each["id"] for each in listed["items"]}
    examined("plugins that fail at their import", len(refused))


@pytest.mark.parametrize("place", ["route", "page", "webhook", "check", "export"])
async def test_attacks_stay_with_who_is_attacked(
    scene: Scene, place: str, examined: Examined
) -> None:
    """Where the host's own deadline is long, only attacks that end by themselves are made."""
    names = [name for name in ATTACKS if place == "route" or name not in HANGING]
    async with scene.watch.during() as asked:
        outcomes = [await scene.attack(place, name) for name in names]
    assert faults(outcomes) == []
    assert troubles(asked) == []
    examined("attacks", len(outcomes))
    examined("answers to others", len(asked))


async def test_others_are_served_while_a_plugin_spins(scene: Scene, examined: Examined) -> None:
    calm = await scene.watch.ask(2)
    async with scene.watch.during() as asked:
        outcomes = [await scene.attack("route", "spins") for _ in range(6)]
    assert faults(outcomes) == []
    assert troubles(asked) == []
    assert median(asked) < max(SLOWEST_MEDIAN, 4 * median(calm))
    examined("answers to others", len(asked))


async def test_many_calls_at_once_use_up_nothing(scene: Scene, examined: Examined) -> None:
    await _fine(scene.attacked.post(f"{PLUGINS}/hostile/test"))
    async with scene.watch.during() as asked:
        answers = await asyncio.gather(
            *(scene.attacked.get(f"{PLUGINS}/hostile/x/do/sleeps") for _ in range(150))
        )
    assert {each.status_code for each in answers} <= {502, 503}
    assert troubles(asked) == []
    examined("calls at once", len(answers))


async def test_settings_that_never_get_newer_hold_up_nobody(
    scene: Scene, database: TestDatabase, examined: Examined
) -> None:
    await _fine(scene.attacked.post(f"{PLUGINS}/aging/enable", json={}))
    connection = await asyncpg.connect(database.admin_url)
    await connection.execute(
        "UPDATE plugin_installations SET settings_version = 1 WHERE plugin_id = 'aging'"
    )
    await connection.close()
    async with scene.watch.during() as asked:
        await _until(lambda: "plugin_settings_not_upgraded" in scene.server.log.read_text())
        await asyncio.sleep(1)
    assert troubles(asked) == []
    shown = await _fine(scene.attacked.get(f"{PLUGINS}/aging"))
    assert "settings" in shown["waiting_for"]
    await _fine(scene.attacked.post(f"{PLUGINS}/aging/disable"))
    examined("answers to others", len(asked))


async def test_all_is_normal_once_it_is_disabled(scene: Scene) -> None:
    left = await scene.attack("route", "leaves_a_thread_that_never_ends")
    assert left.status == 200, left.text
    await _fine(scene.attacked.post(f"{PLUGINS}/hostile/disable"))
    answer = await scene.attacked.get(f"{PLUGINS}/hostile/x/do/spins")
    assert answer.status_code == 404
    after = await scene.watch.ask(2)
    assert troubles(after) == []
    assert SECRET not in scene.server.log.read_text()
    assert await scene.server.stop() < LONGEST_STOP_SECONDS
    assert scene.server.process is not None
    assert scene.server.process.returncode == 0


async def test_a_host_without_a_guard_is_found(
    settings: Settings,
    world: World,
    installed: dict[str, str],
    tmp_path: Path,
    examined: Examined,
) -> None:
    """Planted: plugins are called as if they were part of the product."""
    names = ("blocks_in_a_sleep", "raises_systemexit", "answers_nothing")
    found = await asyncio.gather(
        *(_noticed(settings, world, installed, tmp_path / name, name) for name in names)
    )
    assert [name for name, faulty in zip(names, found, strict=True) if not faulty] == []
    examined("hosts without a guard", len(found))


async def _noticed(
    settings: Settings, world: World, installed: dict[str, str], folder: Path, name: str
) -> list[str]:
    """Attack a server of its own that has no guard; return what was seen of it."""
    install(folder, at_import=False)
    environment = {**installed, **paths(folder), hostile_server.PLANTED: "yes"}
    server = HostileServer(settings, folder / "log", **environment)
    await server.start()
    scene = Scene(server, world)
    try:
        await scene.enable()
        async with scene.watch.during() as asked:
            attack = asyncio.create_task(scene.attack("route", name))
            # Whichever is seen first: what the attacked is answered, or what others are.
            await _until(lambda: attack.done() or bool(troubles(asked)), 30)
            if not attack.done():
                attack.cancel()
                return troubles(asked)
            try:
                return faults([await attack]) + troubles(asked)
            except httpx.TransportError:
                return ["no answer"]
    finally:
        server.kill()
        await scene.close()


async def _until(is_so: Callable[[], bool], seconds: float = 60) -> None:
    ends = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < ends, "it didn't come to that"
        await asyncio.sleep(0.05)
