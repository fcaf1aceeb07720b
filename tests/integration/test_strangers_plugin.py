"""A plugin that nobody here has heard of, over its whole life: author, operator and admins.

Written by `intellimatch plugin new`, tested by its own tests, built, installed beside the
application in an environment of its own, where a real server and a real worker run it.
"""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import pytest
import pytest_asyncio

from tenants.settings import Settings
from tests.fixtures.databases import TestDatabase
from tests.fixtures.examined import Examined
from tests.fixtures.second_version import write_second_version
from tests.fixtures.strangers import (
    FreshEnvironment,
    RunningApplication,
    eventually,
    without_caches,
)
from tests.fixtures.worlds import World

PLUGIN = "/api/v1/plugins/greeter"
ARRIVALS = f"{PLUGIN}/x/arrivals"
SECRET = "key-that-nobody-may-see"


class Story:
    """The chapters of the life; each begins where the one before ended."""

    def __init__(
        self, environment: FreshEnvironment, application: RunningApplication, world: World
    ) -> None:
        self.environment = environment
        self.application = application
        self.world = world
        self.admin_url = ""
        self.requests = 0

    async def released(self, package: Path, passed: str) -> None:
        """The author runs the package's own tests and builds its wheel."""
        tests = ("-m", "pytest", "-q", "-p", "pytest_asyncio.plugin", "-p", "no:cacheprovider")
        assert passed in await self._do(self.environment.python, *tests, cwd=package)
        without_caches(package)
        build = ("-m", "build", "--wheel", "--no-isolation")
        await self._do(self.environment.python, *build, cwd=package)

    async def installed(self, package: Path, revision: int) -> None:
        """The operator installs the wheel and makes the plugin's table."""
        await self._do(self.environment.install, package / "dist")
        await self.migrated(revision)

    async def migrated(self, revision: int) -> None:
        said = await self._do(self.environment.intellimatch, "migrate")
        assert f"Tables of plugin greeter: {revision}" in said

    async def enabled_for_one(self) -> None:
        """An admin reads what it asks for, accepts that, and has it."""
        before = await self.shown("acme")
        assert (before["state"], before["plugin_version"]) == ("available", "1.0.0")
        assert before["package"] == "intellimatch-greeter 1.0.0"
        assert [each["action"] for each in before["permissions"]] == ["candidates:write"]
        assert before["hosts"] == ["api.example.com"]
        enable, settings = f"{PLUGIN}/enable", {"api_key": SECRET}
        unread = await self.ask("acme", "POST", enable, json={"settings": settings})
        assert (unread.status_code, unread.json()["code"]) == (409, "permissions_not_accepted")
        accepted = {"settings": settings, "accept_permissions": ["candidates:write"]}
        enabled = await self.ask("acme", "POST", enable, json=accepted)
        assert enabled.json()["state"] == "enabled", enabled.text
        assert (await self.shown("globex"))["state"] == "available"

    async def used(self) -> str:
        """Handler, table, note, route and page are there for that tenant, and not for the other."""
        ada, grace = await asyncio.gather(
            self.arrive("acme", "Ada"), self.arrive("globex", "Grace")
        )
        await self.noted(ada)
        await eventually(lambda: self.notes_on("acme", ada))
        assert await self.notes_on("acme", ada) == ["Noted by Greeter."]
        await eventually(lambda: self.dispatched(grace))
        assert await self.notes_on("globex", grace) == []
        page = await self.ask("acme", "GET", "/plugins/greeter")
        assert (page.status_code, page.text.count(f"<td>{ada}</td>")) == (200, 1), page.text
        for address in (ARRIVALS, "/plugins/greeter"):
            assert (await self.ask("globex", "GET", address)).status_code == 404
        assert await self.rows("SELECT tenant_id, candidate_id::text FROM x_greeter_arrivals") == [
            {"tenant_id": self.world.acme.id, "candidate_id": ada}
        ]
        return ada

    async def upgraded(self, early: str) -> None:
        """Version 2 waits for its column, then goes on with what version 1 left."""
        waiting = await self.shown("acme")
        assert (waiting["state"], waiting["waiting_for"]) == ("waiting", ["tables"])
        assert (await self.ask("acme", "GET", ARRIVALS)).status_code == 404
        await self.migrated(2)
        assert (await self.noted(early))["greeting"] == "Hello"
        now = await self.shown("acme")
        assert (now["state"], now["plugin_version"]) == ("enabled", "2.0.0")
        assert now["settings"] == {"api_key": {"set": True}, "keep_hours": 2160}
        assert (await self.noted(await self.arrive("acme", "Edsger")))["greeting"] == "Welcome"

    async def exported(self, candidate_id: str) -> None:
        """Who asks what is kept of a person is told what the plugin keeps, too."""
        path = f"/api/v1/candidates/{candidate_id}/export"
        (told,) = (await self.ask("acme", "GET", path)).json()["plugins"]
        assert (told["plugin"], told["status"]) == ("greeter", "answered"), told
        (arrival,) = told["data"]["arrivals"]
        assert arrival["candidate_id"] == candidate_id

    async def forgotten(self, candidate_id: str) -> None:
        """Who is deleted is gone from the plugin's table, and nobody else is."""
        arrived = "SELECT candidate_id::text FROM x_greeter_arrivals"
        before = {row["candidate_id"] for row in await self.rows(arrived)}
        answer = await self.ask("acme", "DELETE", f"/api/v1/candidates/{candidate_id}")
        assert answer.status_code == 204, answer.text

        async def gone() -> bool:
            return {row["candidate_id"] for row in await self.rows(arrived)} != before

        await eventually(gone, 30)
        after = {row["candidate_id"] for row in await self.rows(arrived)}
        assert before - after == {candidate_id}
        assert len(after) == 1

    async def disabled(self) -> None:
        """It is gone within seconds, and what happens then is none of its affair."""
        answer = await self.ask("acme", "POST", f"{PLUGIN}/disable")
        assert answer.json()["state"] == "disabled"

        async def gone() -> bool:
            return (await self.ask("acme", "GET", ARRIVALS)).status_code == 404

        await eventually(gone, 5)
        unseen = await self.arrive("acme", "Unseen")
        await eventually(lambda: self.dispatched(unseen))
        assert len(await self.rows("SELECT FROM x_greeter_arrivals")) == 1
        assert await self.notes_on("acme", unseen) == []

    async def uninstalled(self) -> None:
        """Nothing of the tenant's is left, and the package can go."""
        answer = await self.ask("acme", "DELETE", PLUGIN, params={"keep_data": "false"})
        assert answer.status_code == 204, answer.text
        assert await self.rows("SELECT FROM x_greeter_arrivals") == []
        assert await self.rows("SELECT FROM plugin_installations") == []
        await self.application.stop()
        assert SECRET not in self.application.log
        await self._do(self.environment.uninstall, "intellimatch-greeter")
        listed = await self._do(self.environment.intellimatch, "plugin", "list", "--tenant", "acme")
        assert "greeter" not in listed
        assert "smtp" in listed

    async def ask(self, slug: str, method: str, path: str, **more: Any) -> httpx.Response:
        tenant = self.world[slug]
        self.requests += 1
        async with self.application.client(tenant, tenant.members["admin"]) as client:
            answer = await client.request(method, path, **more)
        assert SECRET not in answer.text
        return answer

    async def shown(self, slug: str) -> Any:
        return (await self.ask(slug, "GET", PLUGIN)).json()

    async def arrive(self, slug: str, name: str) -> str:
        made = await self.ask(slug, "POST", "/api/v1/candidates", json={"full_name": name})
        assert made.status_code == 201, made.text
        return str(made.json()["id"])

    async def notes_on(self, slug: str, candidate_id: str) -> list[str]:
        notes = await self.ask(slug, "GET", f"/api/v1/candidates/{candidate_id}/notes")
        return [each["text"] for each in notes.json()["items"]]

    async def noted(self, candidate_id: str) -> Any:
        """The arrival as the plugin's route tells it, once the worker has handled the event."""

        async def look() -> Any:
            answer = await self.ask("acme", "GET", ARRIVALS)
            items = answer.json()["items"] if answer.status_code == 200 else []
            return next((each for each in items if each["candidate_id"] == candidate_id), None)

        return await eventually(look, 30)

    async def dispatched(self, candidate_id: str) -> bool:
        """Whether the candidate's events were handed to all who want them."""
        waiting = await self.rows(
            "SELECT FROM outbox JOIN event_logs USING (tenant_id) "
            f"WHERE aggregate_id = '{candidate_id}' AND "
            "(position IS NULL OR position > dispatched_position)"
        )
        return not waiting

    async def rows(self, query: str) -> list[Any]:
        connection = await asyncpg.connect(self.admin_url)
        try:
            return [dict(row) for row in await connection.fetch(query)]
        finally:
            await connection.close()

    async def _do(self, work: Any, *words: Any, **more: Any) -> Any:
        return await asyncio.to_thread(work, *words, **more)


@pytest_asyncio.fixture(loop_scope="session")
async def story(
    settings: Settings, database: TestDatabase, world: World, tmp_path: Path
) -> AsyncIterator[Story]:
    """The application installed in an environment of its own; its processes end with the test."""
    environment = FreshEnvironment(tmp_path, settings)
    await asyncio.to_thread(environment.make)
    application = RunningApplication(environment, tmp_path)
    made = Story(environment, application, world)
    made.admin_url = database.admin_url
    yield made
    await application.stop()


@pytest.mark.slow
@pytest.mark.timeout(600)
async def test_a_strangers_plugin_lives_its_whole_life(
    story: Story, tmp_path: Path, examined: Examined
) -> None:
    new = ("plugin", "new", "greeter", "--into", str(tmp_path / "work"))
    await asyncio.to_thread(story.environment.intellimatch, *new)
    package = tmp_path / "work" / "greeter"
    await story.released(package, "14 passed")
    await story.installed(package, 1)
    await story.application.start()
    await story.enabled_for_one()
    early = await story.used()
    await story.exported(early)

    write_second_version(package)
    await asyncio.gather(story.released(package, "15 passed"), story.application.stop())
    await asyncio.to_thread(story.environment.install, package / "dist")
    await story.application.start()
    await story.upgraded(early)
    await story.forgotten(early)

    await story.disabled()
    await story.uninstalled()
    examined("requests", story.requests)
