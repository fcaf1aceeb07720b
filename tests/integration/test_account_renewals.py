"""A plugin's account gives tokens that hold, renewed by one process at a time, or says why not."""

import asyncio
import sys
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qsl, urlsplit
from uuid import uuid4

import asyncpg
import msgspec
import pytest
import pytest_asyncio
from aiohttp import web

from core.installations.contracts import (
    BeginConnection,
    ConnectionView,
    DisablePlugin,
    DisconnectPlugin,
    ShowConnection,
    ShowPlugin,
    UninstallPlugin,
)
from core.notifications.contracts import ListNotifications
from core.shared.actor import Actor
from core.shared.clock import UtcDatetime
from core.shared.errors import Unavailable
from plugins.postgres.plugin_connections import Renewals
from plugins.sdk.errors import NotConnected, TryLater
from plugins.system.clock import SystemClock
from tenants.due_work import DueWork
from tenants.key_rotation import rotate
from tenants.master_keys import keep_first_master_key
from tenants.plugins import renewing
from tenants.plugins.enabled import EnabledPlugin
from tenants.runtime import Runtime
from tenants.scope import TenantScope
from tenants.settings import Settings
from tenants.tasks import TaskRunner
from tests.fixtures.databases import TestDatabase
from tests.fixtures.examined import Examined
from tests.fixtures.oauth_vendor import (
    CLIENT_SECRET,
    OAuthVendor,
    connecting_catalogue,
    fingerprint,
    lead_to,
    oauth_vendor,
    refusal,
)
from tests.fixtures.plugins import enable, runtime_with
from tests.fixtures.repository import ROOT
from tests.fixtures.served import ServedProduct
from tests.fixtures.worlds import World

PLUGIN = "calendar"
PARALLEL = 20


class MovedClock(SystemClock):
    """The machine's clock, ahead by as much as a test says."""

    def __init__(self) -> None:
        self.ahead = timedelta()

    def now(self) -> UtcDatetime:
        return UtcDatetime(super().now() + self.ahead)


class Connected:
    """Acme's plugin, connected, in two processes' worth of runtimes."""

    def __init__(
        self, first: Runtime, second: Runtime, vendor: OAuthVendor, clock: MovedClock, world: World
    ) -> None:
        self.first = first
        self.second = second
        self.vendor = vendor
        self.clock = clock
        self.tenant = world.acme
        admin = world.acme.actor("admin")
        self.actor: Actor = msgspec.structs.replace(admin, kind="member", id=uuid4(), scopes=None)

    def scope(self) -> TenantScope:
        return self.first.scope(self.tenant.context, self.actor, "test")

    async def connect(self, plugin_id: str = PLUGIN) -> None:
        """Agree at the vendor, and bring its answer back."""
        asked = await self.scope().execute(BeginConnection(plugin_id=plugin_id))
        back = await self.vendor.agree(asked.authorize_url)
        query = dict(parse_qsl(urlsplit(back).query))
        answered = await self.first.plugins.accounts.answer(self.scope(), query)
        assert (answered.plugin_id, answered.outcome) == (plugin_id, "connected")

    async def enabled(self, runtime: Runtime) -> EnabledPlugin:
        found = await runtime.plugins.enabled.find(self.tenant.id, PLUGIN)
        assert found is not None
        return found

    async def token(self, runtime: Runtime | None = None, refused: str | None = None) -> str:
        """What the plugin would be given in this process."""
        asked = runtime or self.first
        enabled = await self.enabled(asked)
        return await asked.plugins.tokens.current(self.tenant.context, enabled, refused)

    async def view(self) -> ConnectionView:
        return await self.scope().ask(ShowConnection(plugin_id=PLUGIN))

    def end_tokens(self) -> None:
        """Let time pass until the present token has ended."""
        self.clock.ahead += timedelta(seconds=self.vendor.lives)


@pytest_asyncio.fixture(loop_scope="session")
async def connected(
    settings: Settings,
    database: TestDatabase,
    world: World,
    tmp_path_factory: pytest.TempPathFactory,
) -> AsyncIterator[Connected]:
    async with oauth_vendor(tmp_path_factory.mktemp("vendor")) as vendor:
        clock = MovedClock()
        catalogue = connecting_catalogue(vendor)
        async with runtime_with(settings, database, catalogue, clock=clock) as first:
            second = await Runtime.open(settings, catalogue=catalogue, clock=clock)
            try:
                lead_to(first, vendor)
                lead_to(second, vendor)
                await enable(first, world.acme, PLUGIN, client_secret=CLIENT_SECRET)
                made = Connected(first, second, vendor, clock, world)
                await made.connect()
                yield made
                scope = made.scope()
                await scope.execute(DisablePlugin(plugin_id=PLUGIN))
                await scope.execute(UninstallPlugin(plugin_id=PLUGIN, keep_data=False))
            finally:
                await second.close()


async def test_a_token_is_given_until_it_is_about_to_end(connected: Connected) -> None:
    vendor = connected.vendor
    first = await connected.token()
    connected.clock.ahead += timedelta(seconds=vendor.lives - 70)
    assert await connected.token() == first
    assert vendor.renewals == 0
    connected.clock.ahead += timedelta(seconds=15)
    second = await connected.token()
    assert second != first
    assert await connected.token(connected.second) == second
    assert vendor.renewals == 1
    assert (await connected.view()).state == "connected"


async def renewed_at_once(connected: Connected) -> set[str]:
    """Ask 20 times in each of two processes at the moment when the token has ended."""
    connected.vendor.seconds = 0.3
    connected.end_tokens()
    calls = [
        connected.token(runtime)
        for _ in range(PARALLEL)
        for runtime in (connected.first, connected.second)
    ]
    given = await asyncio.gather(*calls, return_exceptions=True)
    return {each if isinstance(each, str) else type(each).__name__ for each in given}


async def test_a_token_is_renewed_once_however_many_ask(
    connected: Connected, examined: Examined
) -> None:
    for rounds in range(1, 4):
        given = await renewed_at_once(connected)
        assert len(given) == 1, given
        assert given < connected.vendor.grants[-1].access_tokens
        assert (connected.vendor.renewals, connected.vendor.reused) == (rounds, 0)
    examined("calls", 3 * 2 * PARALLEL)


async def asking_process(connected: Connected, settings: Settings) -> asyncio.subprocess.Process:
    """A process that will ask as soon as it is sent a line."""
    started = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.fixtures.account_process", str(connected.tenant.id)),
        *(str(connected.vendor.port), str(connected.vendor.certificate), str(PARALLEL)),
        cwd=ROOT,
        env=ServedProduct(settings).environment,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    assert started.stdout is not None
    async for line in started.stdout:
        if line == b"ready\n":
            return started
    raise AssertionError("the process ended by itself")


async def test_two_processes_renew_a_token_once(
    connected: Connected, settings: Settings, database: TestDatabase, examined: Examined
) -> None:
    asking = await asyncio.gather(*(asking_process(connected, settings) for _ in range(2)))
    connected.vendor.seconds = 0.5
    owner = await asyncpg.connect(database.admin_url)
    await owner.execute("UPDATE plugin_connections SET expires_at = now()")
    await owner.close()
    told = await asyncio.gather(*(each.communicate(b"now\n") for each in asking))
    given = [msgspec.json.decode(said.splitlines()[-1], type=list[str]) for said, _ in told]
    assert [len(each) for each in given] == [PARALLEL, PARALLEL]
    assert {token for each in given for token in each} < connected.vendor.grants[-1].access_tokens
    assert len({token for each in given for token in each}) == 1
    assert (connected.vendor.renewals, connected.vendor.reused) == (1, 0)
    examined("calls from two processes", 2 * PARALLEL)


async def test_two_who_renew_at_once_are_found(
    connected: Connected, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Planted: nobody looks whether somebody else is at it."""
    monkeypatch.setattr(renewing, "is_leased", lambda *_: False)
    given = await renewed_at_once(connected)
    assert connected.vendor.renewals > 1
    assert connected.vendor.reused == 1
    assert "NotConnected" in given or len(given) > 1


async def test_who_gives_up_does_not_end_the_renewal(connected: Connected) -> None:
    connected.vendor.seconds = 0.4
    connected.end_tokens()
    asking = asyncio.create_task(connected.token())
    await connected.vendor.is_asked_to_renew.wait()
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    token = await connected.token(connected.second)
    assert connected.vendor.renewals == 1
    assert token in connected.vendor.grants[-1].access_tokens


async def test_a_process_that_stops_keeps_what_it_asked_for(connected: Connected) -> None:
    connected.vendor.seconds = 0.4
    connected.end_tokens()
    asking = asyncio.create_task(connected.token(connected.second))
    await connected.vendor.is_asked_to_renew.wait()
    await connected.second.plugins.tokens.stop()
    assert await connected.token() == await asking
    assert (connected.vendor.renewals, connected.vendor.reused) == (1, 0)


async def test_who_died_gives_way_when_the_lease_is_over(connected: Connected) -> None:
    connected.end_tokens()
    async with connected.first.database.unit(connected.tenant.id) as unit:
        await Renewals(unit, PLUGIN).claim(uuid4(), connected.clock.now())
    waiting = asyncio.create_task(connected.token())
    await asyncio.sleep(0.5)
    assert not waiting.done()
    assert connected.vendor.renewals == 0
    connected.clock.ahead += timedelta(seconds=61)
    assert await waiting in connected.vendor.grants[-1].access_tokens


async def test_a_token_that_was_refused_is_renewed_once(connected: Connected) -> None:
    first = await connected.token()
    given = await asyncio.gather(
        *(connected.token(refused=first) for _ in range(5)),
        *(connected.token(connected.second, refused=first) for _ in range(5)),
    )
    assert len(set(given)) == 1
    assert given[0] != first
    assert connected.vendor.renewals == 1


async def test_a_vendor_that_takes_it_no_longer_breaks_the_connection(
    connected: Connected, database: TestDatabase
) -> None:
    worker = DueWork(TaskRunner(connected.first), database.relay_url)
    await worker.run_due()  # what other tests left
    vendor = connected.vendor
    vendor.grants[-1].is_ended = True
    connected.end_tokens()
    with pytest.raises(NotConnected, match=r"invalid_grant.*connects the account again"):
        await connected.token()
    with pytest.raises(NotConnected):
        await connected.token(connected.second)
    assert vendor.renewals == 1, "a broken connection is left alone"
    view = await connected.view()
    assert (view.state, view.problem) == (
        "broken",
        "Vendor calendar's vendor refused: invalid_grant (400).",
    )
    shown = await connected.scope().ask(ShowPlugin(plugin_id=PLUGIN))
    assert (shown.state, shown.waiting_for) == ("waiting", ("account",))
    health = await connected.first.plugins.check(connected.tenant.context, PLUGIN)
    assert not health.ok
    assert "connects the account again" in health.message
    await worker.run_due()
    told = (await connected.scope().ask(ListNotifications())).items
    assert told[0].title == "The connection of calendar doesn't work"
    assert told[0].link == "/settings/plugins/calendar"
    await connected.connect()
    assert await connected.token() in vendor.grants[-1].access_tokens
    assert (await connected.view()).problem == ""


async def test_a_vendor_that_is_away_is_asked_again_later(connected: Connected) -> None:
    vendor = connected.vendor
    vendor.answers = [
        web.Response(status=503, headers={"Retry-After": "40"}),
        web.Response(status=200, text="no JSON"),
        refusal("invalid_client", 401),
    ]
    first = await connected.token()
    connected.clock.ahead += timedelta(seconds=vendor.lives - 30)
    assert await connected.token() == first, "it holds for half a minute yet"
    assert vendor.renewals == 1
    connected.clock.ahead += timedelta(seconds=35)
    with pytest.raises(TryLater, match="answered 503") as caught:
        await connected.token(connected.second)
    assert vendor.renewals == 1, "nobody asks before the vendor said"
    assert 0 < (caught.value.after_seconds or 0) <= 40
    for problem in ("no token|without a token", "invalid_client.*Look at the plugin's settings"):
        connected.clock.ahead += timedelta(seconds=45)
        with pytest.raises(TryLater, match=problem):
            await connected.token()
    assert "invalid_client" in (await connected.view()).problem
    connected.clock.ahead += timedelta(seconds=45)
    assert await connected.token() != first
    assert vendor.renewals == 4
    assert (await connected.view()).problem == ""


async def test_a_token_without_an_end_is_given_as_it_is(connected: Connected) -> None:
    connected.vendor.without = {"expires_in", "refresh_token", "scope", "id_token"}
    await connected.connect()
    token = await connected.token()
    connected.clock.ahead += timedelta(days=400)
    assert await connected.token() == token
    view = await connected.view()
    assert (view.expires_at, view.is_renewable, view.account) == (None, False, "")
    assert view.missing_scopes == ()
    with pytest.raises(NotConnected, match="ended"):
        await connected.token(refused=token)
    assert (await connected.view()).state == "broken"


async def test_a_refresh_token_that_is_not_rotated_stays(connected: Connected) -> None:
    connected.vendor.without = {"refresh_token"}
    connected.end_tokens()
    await connected.token()
    connected.vendor.without = set()
    connected.vendor.grants[-1].refresh_tokens.pop()
    connected.end_tokens()
    assert await connected.token() in connected.vendor.grants[-1].access_tokens
    assert connected.vendor.reused == 0


async def test_what_was_connected_anew_meanwhile_wins(connected: Connected) -> None:
    connected.vendor.seconds = 0.5
    connected.end_tokens()
    asking = asyncio.create_task(connected.token(connected.second))
    await connected.vendor.is_asked_to_renew.wait()
    connected.vendor.seconds = 0
    await connected.connect()
    assert await asking in connected.vendor.grants[-1].access_tokens
    assert await connected.token() == await asking


async def test_what_was_disconnected_meanwhile_stays_so(connected: Connected) -> None:
    connected.vendor.seconds = 0.5
    connected.end_tokens()
    asking = asyncio.create_task(connected.token())
    await connected.vendor.is_asked_to_renew.wait()
    await connected.scope().execute(DisconnectPlugin(plugin_id=PLUGIN))
    with pytest.raises(NotConnected, match="No account is connected yet"):
        await asking
    assert (await connected.view()).state == "none"


async def test_tokens_are_given_back_to_the_vendor(
    connected: Connected, database: TestDatabase
) -> None:
    worker = DueWork(TaskRunner(connected.first), database.relay_url)
    await worker.run_due()  # what other tests left
    connected.vendor.revoked.clear()
    kept = connected.vendor.grants[-1].refresh_tokens[-1]
    await connected.scope().execute(DisconnectPlugin(plugin_id=PLUGIN))
    owner = await asyncpg.connect(database.admin_url)
    payload = await owner.fetchval(
        "SELECT payload::text FROM tasks WHERE kind = 'plugin_revocation' AND finished_at IS NULL"
    )
    assert "sealed:1:" in payload
    assert kept not in payload
    await owner.close()
    await worker.run_due()
    assert connected.vendor.revoked == [kept]


async def test_a_rotated_master_key_opens_the_tokens(
    connected: Connected, settings: Settings
) -> None:
    before = await connected.token()
    keep_first_master_key(settings)
    await rotate(settings)
    for runtime in (connected.first, connected.second):
        runtime.tenant_keys._known.clear()
        assert await connected.token(runtime) == before
    connected.end_tokens()
    assert await connected.token() != before


async def test_tokens_open_for_their_own_plugin_alone(
    connected: Connected, database: TestDatabase, world: World
) -> None:
    owner = await asyncpg.connect(database.admin_url)
    await enable(connected.first, world.acme, "second", client_secret=CLIENT_SECRET)
    await owner.execute("UPDATE plugin_connections SET plugin_id = 'second'")
    second = await connected.first.plugins.enabled.find(connected.tenant.id, "second")
    assert second is not None
    with pytest.raises(Exception, match="can't be read"):
        await connected.first.plugins.tokens.current(connected.tenant.context, second)
    await owner.execute("UPDATE plugin_connections SET plugin_id = $1", PLUGIN)
    await owner.close()
    assert await connected.token()
    scope = connected.scope()
    await scope.execute(DisablePlugin(plugin_id="second"))
    await scope.execute(UninstallPlugin(plugin_id="second", keep_data=False))


async def test_a_plugin_asks_through_its_context(connected: Connected) -> None:
    enabled = await connected.enabled(connected.first)

    async def ask(context: Any) -> str:
        return fingerprint(await context.account.access_token())

    async def told(context: Any) -> None:
        raise TryLater(f"It said {await context.account.access_token()}.")

    calls = connected.first.plugins.calls
    tenant = connected.tenant.context
    assert await calls.call(tenant, enabled, "ask", ask, expect=str) == fingerprint(
        await connected.token()
    )
    with pytest.raises(TryLater) as caught:
        await calls.call(tenant, enabled, "tell", told)
    assert await connected.token() not in caught.value.message
    await connected.scope().execute(DisconnectPlugin(plugin_id=PLUGIN))
    with pytest.raises(NotConnected, match="No account is connected yet"):
        await calls.call(tenant, enabled, "ask", ask, expect=str)


async def test_a_database_that_is_away_for_a_moment_loses_no_token(
    connected: Connected, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, failures = Renewals.renewed, [2]

    async def away(self: Renewals, *arguments: Any) -> bool:
        failures[0] -= 1
        if failures[0] >= 0:
            raise Unavailable("The database can't be reached.")
        return await real(self, *arguments)

    monkeypatch.setattr(Renewals, "renewed", away)
    monkeypatch.setattr(renewing, "KEEPING", (0.01, 0.01, 0.01))
    connected.end_tokens()
    token = await connected.token()
    assert await connected.token(connected.second) == token
    assert connected.vendor.renewals == 1
