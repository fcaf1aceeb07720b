"""What an admin changes about a plugin holds in every running process within seconds.

Two runtimes stand for two processes: a change through one, looked at through the other, with the
line on which the database tells of changes, and with that line cut.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from typing import Any

import asyncpg
import pytest
import pytest_asyncio

from core.installations.contracts import (
    ConfigurePlugin,
    DisablePlugin,
    EnablePlugin,
    UninstallPlugin,
)
from core.shared.errors import NotFound
from core.shared.usecase import Command
from plugins.sdk import (
    EventHandler,
    Page,
    PageContent,
    Permission,
    PluginContext,
    Request,
    Response,
    Route,
    ScheduledTask,
    Settings,
    SettingsSpec,
)
from plugins.sdk.events import CandidateCreated
from tenants.plugins.enabled import REMEMBERED_SECONDS
from tenants.runtime import Runtime
from tenants.settings import Settings as AppSettings
from tests.fixtures.databases import TestDatabase
from tests.fixtures.examined import Examined
from tests.fixtures.plugins import catalogue_of, made_plugin, manifest_of, runtime_with
from tests.fixtures.worlds import World

TOLD_SECONDS = REMEMBERED_SECONDS - 0.5
"""Far more than a notice takes, for machines that have more to do, and less than is remembered."""

UNTOLD_SECONDS = REMEMBERED_SECONDS + 30
Context = PluginContext[Any]


class Colours(Settings, frozen=True):
    """What is changed."""

    colour: str = "red"


async def respond(context: Context, _request: Request) -> Response:
    return Response(body=context.settings.colour)


async def render(context: Context, _request: Request) -> PageContent:
    return PageContent(title="Colour", html=context.settings.colour)


async def nothing(_context: Context, *_: Any) -> None:
    """Only to be subscribed."""


def entry() -> Any:
    action = "jobs:read"
    return made_plugin(
        manifest_of("spread", permissions=(Permission(action=action, why="To test."),)),
        settings=SettingsSpec(type=Colours),
        routes=[Route(method="GET", path="/", handle=respond, action=action, summary="Colour")],
        pages=[Page(path="/", render=render, action=action, navigation="Colour")],
        event_handlers=[EventHandler(name="note", event=CandidateCreated, handle=nothing)],
        scheduled_tasks=[ScheduledTask(name="nightly", cron="0 3 * * *", run=nothing)],
    )


class Processes:
    """One in which changes are made, one that must notice."""

    def __init__(self, first: Runtime, second: Runtime, world: World) -> None:
        self.first = first
        self.second = second
        self.world = world

    async def change(self, command: Command[Any]) -> None:
        tenant = self.world.acme
        await self.first.scope(tenant.context, tenant.actor("admin"), "change").execute(command)

    async def seen(self, slug: str = "acme") -> list[Any]:
        """What the other process answers: route, navigation, subscriptions."""
        plugins, tenant = self.second.plugins, self.world[slug]
        request = Request(method="GET", path="/")
        try:
            answer = await plugins.requests.route(
                tenant.context, tenant.actor("admin"), "spread", request
            )
            body = answer.body
        except NotFound:
            body = None
        pages = [each.plugin_id for each in await plugins.pages(tenant.context)]
        wanted = [each.subscriber for each in await plugins.subscribers.subscriptions(tenant.id)]
        return [body, pages, wanted]

    async def within(self, seconds: float, expected: list[Any]) -> float:
        """Return after how many seconds the other process answers so."""
        began = time.monotonic()
        while True:
            found = await self.seen()
            took = time.monotonic() - began
            if found == expected:
                return took
            assert took < seconds, f"{found} after {took:.1f} s instead of {expected}"
            await asyncio.sleep(0.02)


def on(colour: str) -> list[Any]:
    return [colour, ["spread"], ["plugin:spread:note"]]


OFF: list[Any] = [None, [], []]
CHANGES: tuple[tuple[Callable[[], Command[Any]], list[Any]], ...] = (
    (lambda: EnablePlugin(plugin_id="spread", accept_permissions=("jobs:read",)), on("red")),
    (lambda: ConfigurePlugin(plugin_id="spread", settings={"colour": "blue"}), on("blue")),
    (lambda: DisablePlugin(plugin_id="spread"), OFF),
    (lambda: EnablePlugin(plugin_id="spread", accept_permissions=("jobs:read",)), on("blue")),
    (lambda: DisablePlugin(plugin_id="spread"), OFF),
    (lambda: UninstallPlugin(plugin_id="spread", keep_data=False), OFF),
)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def processes(
    settings: AppSettings, database: TestDatabase, world: World
) -> AsyncIterator[Processes]:
    async with (
        runtime_with(settings, database, catalogue_of(entry())) as first,
        runtime_with(settings, database, catalogue_of(entry())) as second,
    ):
        yield Processes(first, second, world)


async def test_each_change_holds_in_other_processes_within_seconds(
    processes: Processes, examined: Examined
) -> None:
    assert await processes.seen() == OFF
    for change, expected in CHANGES:
        await processes.change(change())
        await processes.within(TOLD_SECONDS, expected)
        assert await processes.seen("globex") == OFF
    examined("changes", len(CHANGES))


async def test_without_a_line_it_takes_a_few_seconds_more(
    processes: Processes, database: TestDatabase, examined: Examined
) -> None:
    assert await processes.seen() == OFF
    async with cut_again_and_again(database.admin_url) as cuts:
        for change, expected in CHANGES[:3]:
            await processes.change(change())
            await processes.within(UNTOLD_SECONDS, expected)
        assert cuts[0] > 0
        examined("lines cut", cuts[0])


class cut_again_and_again:  # noqa: N801 - read as a function in the with statement
    """End every connection that listens for changes of plugins, as soon as it is there."""

    def __init__(self, admin_url: str) -> None:
        self._admin_url = admin_url
        self._task: asyncio.Task[None] | None = None
        self._cuts = [0]

    async def __aenter__(self) -> list[int]:
        self._task = asyncio.create_task(self._cut())
        return self._cuts

    async def __aexit__(self, *_: object) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait((self._task,))

    async def _cut(self) -> None:
        connection = await asyncpg.connect(self._admin_url)
        try:
            while True:
                self._cuts[0] += await connection.fetchval(
                    "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity "
                    "WHERE datname = current_database() AND query ILIKE '%listen%plugin%' "
                    "AND pid <> pg_backend_pid()"
                )
                await asyncio.sleep(0.05)
        finally:
            await connection.close()


async def test_a_process_that_never_forgets_is_found(
    processes: Processes, monkeypatch: pytest.MonkeyPatch
) -> None:
    enabled = processes.second.plugins.enabled
    monkeypatch.setattr(enabled, "forget", lambda _tenant_id: None)
    monkeypatch.setattr(enabled, "_forget_all", lambda: None)
    monkeypatch.setattr("tenants.plugins.enabled.REMEMBERED_SECONDS", 3_600.0)
    enabled._known.clear()
    assert await processes.seen() == OFF
    await processes.change(CHANGES[0][0]())
    with pytest.raises(AssertionError, match="instead of"):
        await processes.within(0.5, CHANGES[0][1])
