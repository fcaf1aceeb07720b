"""A deleted candidate is forgotten by every plugin that may know them, and by background work too.

Real plugins with tables of their own, a real worker's runner, and a database that is searched for
addresses past row-level security.
"""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, Final
from uuid import UUID

import asyncpg
import msgspec
import pytest
import pytest_asyncio

from core.candidates.contracts import CandidateId, CandidateView, CreateCandidate, DeleteCandidate
from core.candidates.duplicates import MergeCandidates
from core.installations.contracts import ConfigurePlugin, DisablePlugin, UninstallPlugin
from core.ports.tasks import TaskId
from core.shared.actor import Role
from core.tasks.contracts import DropTask, RetryTask
from plugins.postgres.departures import PostgresDepartures
from plugins.sdk import Delete, Refused, Subject, TryLater
from tenants.due_work import DueWork
from tenants.plugins import subjects
from tenants.plugins.calls import Repeated
from tenants.plugins.erasing import ERASE_TASK, FIND_TASK, ErasureDesk
from tenants.runtime import Runtime
from tenants.scope import TenantScope
from tenants.settings import Settings
from tenants.tasks import TaskRunner
from tests.fixtures.canaries import search_database
from tests.fixtures.databases import TestDatabase
from tests.fixtures.examined import Examined
from tests.fixtures.plugins import catalogue_of, enable, runtime_with
from tests.fixtures.remembering import Memory
from tests.fixtures.worlds import World, WorldTenant

ADDRESS: Final = "Ada.Canary-7301@Example.com"
OTHER_ADDRESS: Final = "countess-canary-7302@example.org"
ADDRESSES: Final = (OTHER_ADDRESS, ADDRESS.lower())


class Scene:
    """Two plugins that remember, one tenant with both, another with one, and a worker."""

    def __init__(
        self, runtime: Runtime, world: World, admin: asyncpg.Connection, relay_url: str
    ) -> None:
        self.runtime = runtime
        self.world = world
        self.admin = admin
        runner = TaskRunner(runtime, runtime.plugins.subscribers)
        self._work = DueWork(runner, relay_url)
        self.relay_url = relay_url

    async def run(self) -> None:
        """Do what is due, and what was put off."""
        await self._work.run_due()

    async def run_again(self) -> None:
        """Let what waits be due, and do it."""
        await self.admin.execute(
            "UPDATE tasks SET run_at = now() - interval '1 second', sent_until = NULL, "
            "lease_until = NULL WHERE finished_at IS NULL AND dead_at IS NULL"
        )
        await self.run()

    async def candidate(self, tenant: WorldTenant, *emails: str) -> CandidateView:
        made = await self._scope(tenant).execute(
            CreateCandidate(full_name="Ada Lovelace", emails=emails)
        )
        await self.run()
        return made

    async def delete(self, tenant: WorldTenant, candidate_id: UUID) -> None:
        await self._scope(tenant).execute(DeleteCandidate(candidate_id=CandidateId(candidate_id)))

    async def rows(self, memory: Memory, tenant: WorldTenant) -> set[UUID]:
        """Whom the plugin has rows about."""
        found = await self.admin.fetch(
            f"SELECT about FROM {memory.table} WHERE tenant_id = $1", tenant.id
        )
        return {row["about"] for row in found}

    async def erasures(self, plugin_id: str) -> list[dict[str, Any]]:
        """The tasks that were promised for a plugin, the oldest first."""
        found = await self.admin.fetch(
            "SELECT * FROM tasks WHERE kind = $1 AND payload->>'plugin_id' = $2 "
            "ORDER BY created_at",
            ERASE_TASK,
            plugin_id,
        )
        return [dict(row) for row in found]

    async def change(self, tenant: WorldTenant, command: Any) -> None:
        await self._scope(tenant, "admin").execute(command)
        self.runtime.plugins.enabled.forget(tenant.id)

    async def merge(self, tenant: WorldTenant, into: UUID, other: UUID) -> None:
        await self._scope(tenant).execute(
            MergeCandidates(candidate_id=CandidateId(into), other_id=CandidateId(other))
        )

    def _scope(self, tenant: WorldTenant, role: Role = "recruiter") -> TenantScope:
        return self.runtime.scope(tenant.context, tenant.actor(role), "test")


@pytest.fixture
def memory() -> Memory:
    return Memory("memory")


@pytest.fixture
def second() -> Memory:
    return Memory("second")


@pytest_asyncio.fixture(loop_scope="session")
async def scene(
    settings: Settings, database: TestDatabase, world: World, memory: Memory, second: Memory
) -> AsyncIterator[Scene]:
    async with scene_with(settings, database, world, memory.entry(), second.entry()) as made:
        for each in (world.acme, world.globex):
            await enable(made.runtime, each, "memory")
        await enable(made.runtime, world.acme, "second")
        await made.run()
        yield made
        for each in (world.acme, world.globex):
            await made.admin.execute("DELETE FROM tasks WHERE tenant_id = $1", each.id)
            for table in ("plugin_installations", "plugin_secrets", memory.table, second.table):
                await made.admin.execute(f"DELETE FROM {table} WHERE tenant_id = $1", each.id)


@asynccontextmanager
async def scene_with(
    settings: Settings, database: TestDatabase, world: World, *entries: Any
) -> AsyncIterator[Scene]:
    async with runtime_with(settings, database, catalogue_of(*entries)) as runtime:
        admin = await asyncpg.connect(database.admin_url)
        try:
            yield Scene(runtime, world, admin, database.relay_url)
        finally:
            await admin.close()


def failing(*errors: Exception) -> Callable[[Any, Subject], Awaitable[None]]:
    """Raise these, one a call, and nothing after them."""
    left = list(errors)

    async def step(_context: Any, _subject: Subject) -> None:
        if left:
            raise left.pop(0)

    return step


async def test_every_plugin_of_the_tenant_forgets_and_no_other(
    scene: Scene, world: World, memory: Memory, second: Memory
) -> None:
    theirs = await scene.candidate(world.globex, ADDRESS)
    ours = await scene.candidate(world.acme, ADDRESS)
    kept = await scene.candidate(world.acme, "somebody@example.com")
    await scene.delete(world.acme, ours.id)
    await scene.run()
    told = ("acme", Subject(candidate_id=ours.id, addresses=(ADDRESS.lower(),)))
    assert memory.erased == [told]
    assert second.erased == [told]
    for each in (memory, second):
        assert await scene.rows(each, world.acme) == {kept.id}
    assert await scene.rows(memory, world.globex) == {theirs.id}


async def test_who_was_merged_is_forgotten_under_each_id(
    scene: Scene, world: World, memory: Memory
) -> None:
    one = await scene.candidate(world.acme, ADDRESS)
    two = await scene.candidate(world.acme, OTHER_ADDRESS)
    three = await scene.candidate(world.acme)
    await scene.merge(world.acme, two.id, one.id)
    await scene.merge(world.acme, three.id, two.id)
    await scene.run()
    assert await scene.rows(memory, world.acme) == {one.id, two.id, three.id}
    await scene.delete(world.acme, three.id)
    await scene.run()
    assert await scene.rows(memory, world.acme) == set()
    asked = [subject for _, subject in memory.erased]
    assert {each.candidate_id for each in asked} == {one.id, two.id, three.id}
    assert {each.addresses for each in asked} == {tuple(sorted(ADDRESSES))}


async def test_a_plugin_that_fails_is_asked_again_and_holds_up_no_other(
    scene: Scene, world: World, memory: Memory, second: Memory
) -> None:
    memory.before_erase = failing(RuntimeError("no"), RuntimeError("no"))
    person = await scene.candidate(world.acme, ADDRESS)
    await scene.delete(world.acme, person.id)
    await scene.run()
    assert await scene.rows(second, world.acme) == set()
    assert await scene.rows(memory, world.acme) == {person.id}
    await scene.run_again()
    await scene.run_again()
    assert await scene.rows(memory, world.acme) == set()
    (task,) = await scene.erasures("memory")
    assert (task["attempts"], task["finished_at"] is None) == (3, False)
    assert len(set(memory.call_ids)) == 1, "a vendor must know the attempts for one"


async def test_a_plugin_that_goes_on_failing_is_set_aside_for_an_admin(
    scene: Scene, world: World, memory: Memory
) -> None:
    """What is said beside the task holds no address, whatever the plugin puts into its words."""
    memory.before_erase = failing(*(Refused(f"We know no {ADDRESS.lower()}.") for _ in range(3)))
    person = await scene.candidate(world.acme, ADDRESS)
    await scene.delete(world.acme, person.id)
    for _ in range(3):
        await scene.run_again()
    (task,) = await scene.erasures("memory")
    assert task["dead_at"] is not None
    assert "We know no <hidden>." in task["last_error"]
    await scene.change(world.acme, RetryTask(task_id=TaskId(task["id"])))
    await scene.run_again()
    assert await scene.rows(memory, world.acme) == set()


async def test_a_plugin_that_is_away_costs_no_attempt(
    scene: Scene, world: World, memory: Memory
) -> None:
    memory.before_erase = failing(*(TryLater("The vendor is away.") for _ in range(5)))
    person = await scene.candidate(world.acme)
    await scene.delete(world.acme, person.id)
    for _ in range(4):
        await scene.run_again()
        scene.runtime.plugins.guard.forget(world.acme.id, "memory")
    assert await scene.rows(memory, world.acme) == {person.id}
    for _ in range(2):
        await scene.run_again()
    assert await scene.rows(memory, world.acme) == set()
    (task,) = await scene.erasures("memory")
    assert (task["attempts"], task["dead_at"]) == (1, None)


async def test_each_attempt_does_all_that_is_left(
    scene: Scene, world: World, memory: Memory, monkeypatch: pytest.MonkeyPatch
) -> None:
    person = await scene.candidate(world.acme)
    await _note_twice(scene, world, memory, person.id)
    memory.before_erase = half_done()
    await scene.delete(world.acme, person.id)
    await scene.run()
    assert len(await scene.rows(memory, world.acme)) == 1
    await scene.run_again()
    assert await scene.rows(memory, world.acme) == set()
    # Planted: what an attempt changes is taken for what the one before it changed.
    monkeypatch.setattr(
        subjects, "Repeated", lambda call_id, request_id, **_: Repeated(call_id, request_id)
    )
    person = await scene.candidate(world.acme)
    await _note_twice(scene, world, memory, person.id)
    memory.before_erase = half_done()
    await scene.delete(world.acme, person.id)
    for _ in range(3):
        await scene.run_again()
    assert await scene.rows(memory, world.acme) == {person.id}


async def _note_twice(scene: Scene, world: World, memory: Memory, about: UUID) -> None:
    await scene.admin.execute(
        f"INSERT INTO {memory.table} (tenant_id, id, about, note) "
        "VALUES ($1, gen_random_uuid(), $2, 'Another.')",
        world.acme.id,
        about,
    )


def half_done() -> Callable[[Any, Subject], Awaitable[None]]:
    """Delete one row and fail, the first time."""
    failed: list[bool] = []

    async def step(context: Any, subject: Subject) -> None:
        if failed:
            return
        failed.append(True)
        rows = await context.records.find("people", where={"about": subject.candidate_id})
        await context.records.apply(Delete("people", {"id": rows[0]["id"]}))
        raise RuntimeError("half way")

    return step


@pytest.mark.parametrize("when", ["before", "meanwhile"])
async def test_a_disabled_plugin_forgets_too(
    scene: Scene, world: World, memory: Memory, when: str
) -> None:
    person = await scene.candidate(world.acme)
    if when == "before":
        await scene.change(world.acme, DisablePlugin(plugin_id="memory"))
    await scene.delete(world.acme, person.id)
    if when == "meanwhile":
        await scene.change(world.acme, DisablePlugin(plugin_id="memory"))
    await scene.run()
    assert await scene.rows(memory, world.acme) == set()


async def test_a_plugin_whose_data_was_kept_forgets_too(
    scene: Scene, world: World, memory: Memory
) -> None:
    person = await scene.candidate(world.acme)
    await scene.change(world.acme, DisablePlugin(plugin_id="memory"))
    await scene.change(world.acme, UninstallPlugin(plugin_id="memory", keep_data=True))
    await scene.delete(world.acme, person.id)
    await scene.run()
    assert await scene.rows(memory, world.acme) == set()
    assert [slug for slug, _ in memory.erased] == ["acme"]


async def test_a_plugin_that_was_removed_with_its_data_is_asked_no_more(
    scene: Scene, world: World, memory: Memory
) -> None:
    person = await scene.candidate(world.acme)
    memory.before_erase = failing(RuntimeError("no"))
    await scene.delete(world.acme, person.id)
    await scene.run()
    await scene.change(world.acme, DisablePlugin(plugin_id="memory"))
    await scene.change(world.acme, UninstallPlugin(plugin_id="memory", keep_data=False))
    await scene.run_again()
    assert len(memory.erased) == 1
    (task,) = await scene.erasures("memory")
    assert task["finished_at"] is not None


async def test_a_plugin_that_was_only_configured_hears_of_nobody(
    settings: Settings, database: TestDatabase, world: World
) -> None:
    quiet = Memory("quiet")
    async with scene_with(settings, database, world, quiet.entry(required=True)) as scene:
        given = ConfigurePlugin(plugin_id="quiet", settings={"account": "acme"})
        await scene.change(world.acme, given)
        person = await scene.candidate(world.acme, ADDRESS)
        await scene.delete(world.acme, person.id)
        await scene.run()
        assert (quiet.erased, await scene.erasures("quiet")) == ([], [])


async def test_without_its_package_an_admin_is_told_what_to_do(
    settings: Settings, database: TestDatabase, world: World
) -> None:
    gone = Memory("gone")
    async with scene_with(settings, database, world, gone.entry()) as scene:
        await enable(scene.runtime, world.acme, "gone")
        person = await scene.candidate(world.acme, ADDRESS)
    async with scene_with(settings, database, world) as scene:
        await scene.delete(world.acme, person.id)
        for _ in range(3):
            await scene.run_again()
        (task,) = await scene.erasures("gone")
        assert task["dead_at"] is not None
        assert "its package isn't installed" in task["last_error"]
    async with scene_with(settings, database, world, gone.entry()) as scene:
        await scene.change(world.acme, RetryTask(task_id=TaskId(task["id"])))
        await scene.run_again()
        assert await scene.rows(gone, world.acme) == set()


async def test_what_a_plugin_hears_late_does_not_bring_the_person_back(
    scene: Scene, world: World, memory: Memory
) -> None:
    def away() -> None:
        raise TryLater("The vendor is away.")

    memory.before_note = away
    person = await scene.candidate(world.acme)
    await scene.delete(world.acme, person.id)
    for _ in range(2):
        await scene.run_again()
        scene.runtime.plugins.guard.forget(world.acme.id, "memory")
    assert memory.erased == []
    *looked, waiting = await scene.erasures("memory")
    assert len(looked) > 0
    assert all(task["finished_at"] is not None for task in looked)
    assert (waiting["finished_at"], waiting["attempts"]) == (None, 0)
    memory.before_note = None
    for _ in range(2):
        await scene.run_again()
    assert await scene.rows(memory, world.acme) == set()
    assert len(memory.erased) == 1


async def test_what_a_plugin_gave_up_on_is_dropped_with_the_person(
    scene: Scene, world: World, memory: Memory
) -> None:
    def broken() -> None:
        raise RuntimeError("broken")

    memory.before_note = broken
    person = await scene.candidate(world.acme)
    other = await scene.candidate(world.acme)
    for _ in range(3):
        scene.runtime.plugins.guard.forget(world.acme.id, "memory")
        await scene.run_again()
    scene.runtime.plugins.guard.forget(world.acme.id, "memory")
    given_up = (
        "SELECT payload#>>'{event,aggregate_id}' AS about FROM tasks "
        "WHERE subscriber = 'plugin:memory:note' AND dead_at IS NOT NULL AND finished_at IS NULL"
    )
    before = {row["about"] for row in await scene.admin.fetch(given_up)}
    assert {str(person.id), str(other.id)} <= before
    await scene.delete(world.acme, person.id)
    await scene.run_again()
    after = {row["about"] for row in await scene.admin.fetch(given_up)}
    assert before - after == {str(person.id)}


async def test_who_may_know_is_asked_once_all_is_dispatched(
    scene: Scene, world: World, memory: Memory, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def nothing(*_: Any) -> None:
        return None

    person = await scene.candidate(world.acme)
    await scene.delete(world.acme, person.id)
    with monkeypatch.context() as patched:
        patched.setattr(DueWork, "_dispatch", nothing)
        for _ in range(2):
            await scene.run_again()
    looks = "SELECT finished_at IS NULL AS waits FROM tasks WHERE kind = $1 ORDER BY created_at"
    waiting = [row["waits"] for row in await scene.admin.fetch(looks, FIND_TASK)]
    assert waiting == [False, False, True]
    assert await scene.erasures("memory") == []
    await scene.run_again()
    assert await scene.rows(memory, world.acme) == set()
    assert await sealed_in_ended_tasks(scene.admin) == []


async def test_a_deletion_that_left_the_log_is_long_past(
    scene: Scene, world: World, memory: Memory
) -> None:
    person = await scene.candidate(world.acme)
    await scene.delete(world.acme, person.id)
    async with scene.runtime.database.unit(world.acme.id) as unit:
        assert not (await PostgresDepartures(unit).of(person.id)).is_dispatched
    await scene.run()
    await scene.admin.execute("DELETE FROM outbox WHERE aggregate_id = $1", person.id)
    async with scene.runtime.database.unit(world.acme.id) as unit:
        departures = PostgresDepartures(unit)
        departure = await departures.of(person.id)
        assert departure.is_dispatched
        assert not await departures.is_awaited_by("memory", departure)


async def sealed_in_ended_tasks(admin: asyncpg.Connection) -> list[str]:
    rows = await admin.fetch(
        "SELECT kind FROM tasks WHERE finished_at IS NOT NULL AND payload ? 'sealed'"
    )
    return [row["kind"] for row in rows]


async def test_no_task_keeps_an_address(
    scene: Scene, database: TestDatabase, world: World, memory: Memory, examined: Examined
) -> None:
    """Open ones have it encrypted; those that are done or dropped not at all."""
    address = "Grace.Canary-7303@Example.com"
    memory.before_erase = failing(*(RuntimeError(address) for _ in range(4)))
    words = (address, address.lower())
    person = await scene.candidate(world.acme, address)
    assert (await search_database(database.admin_url, words)).found != ()
    await scene.delete(world.acme, person.id)
    searched = await search_database(database.admin_url, words)
    assert searched.found == ()
    for _ in range(3):
        await scene.run_again()
        assert (await search_database(database.admin_url, words)).found == ()
    assert await sealed_in_ended_tasks(scene.admin) == []
    (task,) = await scene.erasures("memory")
    assert "sealed" in msgspec.json.decode(task["payload"])
    await scene.change(
        world.acme, DropTask(task_id=TaskId(task["id"]), reason="The vendor is gone.")
    )
    (task,) = await scene.erasures("memory")
    assert task["finished_at"] is not None
    assert "sealed" not in msgspec.json.decode(task["payload"])
    examined("values of the database", searched.values)


async def test_a_task_that_keeps_it_is_found(
    scene: Scene, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Planted: the work is done and what was sealed for it stays."""

    async def forget(*_: Any) -> None:
        return None

    monkeypatch.setattr(ErasureDesk, "forget", forget)
    person = await scene.candidate(world.acme, ADDRESS)
    await scene.delete(world.acme, person.id)
    await scene.run()
    assert ERASE_TASK in await sealed_in_ended_tasks(scene.admin)
