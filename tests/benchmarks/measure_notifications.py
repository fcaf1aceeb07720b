"""From the commit of an event to the number on the bell of a page, at 100 events a second.

One process each of the API and of a worker, and two windows of a real browser. The time runs from
just before COMMIT is sent until the second window, which hears of it from the first one, has put
the number on its bell. In between lie the sequencer, the relay, the broker, the worker's own
commit, the sequencer again and the stream. All of them and the browser share the machine's cores.
"""

import asyncio
import statistics
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any, Final
from uuid import UUID, uuid4

import asyncpg
import click
import httpx
import msgspec
from playwright.async_api import Page, async_playwright

from tests.benchmarks.databases import BENCH
from tests.benchmarks.results import Row, percentile
from tests.benchmarks.setting import Setting, spread
from tests.benchmarks.stream_servers import (
    StreamDatabase,
    StreamServer,
    connected,
    our_streams,
    stream_database,
)
from tests.fixtures.chromium import find_chromium

RATE: Final = 100
"""Events a second, each in a transaction of its own, at fixed times; each tells one member."""
WRITERS: Final = 4
_WARM: Final = 100
_LIMIT_MS: Final = 150.0
_ENOUGH: Final = 0.95
_HEARD_SECONDS: Final = 30.0
_EVENT: Final = """
    INSERT INTO outbox (tenant_id, id, type, version, aggregate, aggregate_id, payload,
                        occurred_at, request_id)
    VALUES ($1, $2, 'interview.scheduled', 1, 'interview', $3::uuid,
            jsonb_build_object('aggregate_id', $3::uuid::text, 'application_id', $4::text,
                               'starts_at', now() + interval '1 day',
                               'ends_at', now() + interval '25 hours',
                               'interviewers', jsonb_build_array($5::text)), now(), 'bench')
"""
_LISTENS: Final = """(name) => {
  window.heard = [];
  new BroadcastChannel(name).addEventListener("message", (event) => {
    if (event.data.kind !== "created") return;
    // The page's own listener came first: its bell shows the number by now.
    window.heard.push([event.data.id, performance.timeOrigin + performance.now()]);
  });
}"""


class Round(msgspec.Struct, frozen=True):
    """Milliseconds from just before COMMIT."""

    p50: float
    p99: float
    rate: float
    """Events a second that the writers came to."""


async def measure(setting: Setting) -> list[Row]:
    """Measure the rounds one after the other; there is no peer."""
    if find_chromium() is None:
        click.echo("  skipped: there is no browser: python -m tests.fixtures.chromium")
        return []
    rounds: list[Round] = []
    with spread(setting):
        async with (
            stream_database(setting.admin_url) as database,
            our_streams(setting, database, is_alone=False) as server,
        ):
            application = await _application(server)
            async with _bell(server) as page:
                await _warm_up(setting, database, page, application)
                for _ in range(setting.rounds):
                    rounds.append(await _round(setting, database, page, application))
                    click.echo(f"  p50 {rounds[-1].p50:.1f}, p99 {rounds[-1].p99:.1f} ms")
    return [_row(setting, rounds)]


async def _warm_up(
    setting: Setting, database: StreamDatabase, page: Page, application: str
) -> None:
    """Bring the database to where autovacuum brings a new one within a minute.

    Plans that were made while tables were empty read all of a tenant's rows for a few.
    """
    await _round(setting, database, page, application)
    async with connected(database) as connection:
        await connection.execute("ANALYZE")


async def _round(setting: Setting, database: StreamDatabase, page: Page, application: str) -> Round:
    amount = _WARM + round(RATE * setting.seconds)
    before = await page.evaluate("window.heard.length")
    committed, rate = await _write(database, application, amount)
    await page.wait_for_function(
        "(wanted) => window.heard.length >= wanted",
        arg=before + amount,
        timeout=_HEARD_SECONDS * 1_000,
    )
    heard: list[tuple[str, float]] = (await page.evaluate("window.heard"))[before:]
    events = await _events(database)
    times = [
        shown - committed[event] * 1_000
        for notification, shown in heard
        if (event := events.get(UUID(notification))) in committed
    ]
    # The first ones find connections closed and caches cold.
    counted = times[_WARM:]
    return Round(p50=percentile(counted, 0.5), p99=percentile(counted, 0.99), rate=rate)


async def _write(
    database: StreamDatabase, application: str, amount: int
) -> tuple[dict[UUID, float], float]:
    """Write events at their times; return when each was about to be committed, in seconds."""
    committed: dict[UUID, float] = {}
    numbers = iter(range(amount))

    async def write(connection: asyncpg.Connection) -> None:
        for number in numbers:
            await asyncio.sleep(began + number / RATE - time.monotonic())
            event = uuid4()
            transaction = connection.transaction()
            await transaction.start()
            await connection.execute(
                _EVENT, BENCH.id, event, uuid4(), application, str(BENCH.actor.member_id)
            )
            await connection.execute("SELECT pg_notify('outbox_written', '')")
            committed[event] = time.time()
            await transaction.commit()

    async with AsyncExitStack() as opened:
        writers = [await opened.enter_async_context(connected(database)) for _ in range(WRITERS)]
        began = time.monotonic()
        await asyncio.gather(*(write(each) for each in writers))
    return committed, amount / (time.monotonic() - began)


async def _events(database: StreamDatabase) -> dict[UUID, UUID]:
    """Return which event each notification tells of."""
    async with connected(database) as connection:
        rows = await connection.fetch("SELECT id, split_part(group_key, ':', 2) FROM notifications")
    return {row[0]: UUID(row[1]) for row in rows}


async def _application(server: StreamServer) -> str:
    """Make an application, about which the events are."""
    async with httpx.AsyncClient(
        base_url=f"http://127.0.0.1:{server.port}/api/v1",
        headers={"Host": _host(server), "Authorization": f"Bearer {BENCH.api_key}"},
    ) as client:

        async def post(path: str, body: dict[str, Any]) -> dict[str, Any]:
            answer = await client.post(path, json=body)
            answer.raise_for_status()
            made: dict[str, Any] = answer.json()
            return made

        job = await post("/jobs", {"title": "Engineer"})
        await post(f"/jobs/{job['id']}/status", {"status": "open"})
        candidate = await post("/candidates", {"full_name": "Ada Example"})
        body = {"job_id": job["id"], "candidate_id": candidate["id"]}
        return str((await post("/applications", body))["id"])


@asynccontextmanager
async def _bell(server: StreamServer) -> AsyncIterator[Page]:
    """Open two windows; yield the one that hears by way of the other."""
    program = await asyncio.to_thread(find_chromium)
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=program)
        context = await browser.new_context(
            extra_http_headers={"Authorization": f"Bearer {BENCH.api_key}"}
        )
        pages = [await context.new_page() for _ in range(2)]
        for page in pages:
            await page.goto(f"http://{_host(server)}/account/notifications")
            await page.locator("#bell").wait_for(state="attached")
        await pages[1].evaluate(_LISTENS, f"notifications:{BENCH.actor.member_id}")
        await asyncio.sleep(1)
        yield pages[1]
        await browser.close()


def _host(server: StreamServer) -> str:
    return f"{BENCH.context.slug}.localhost:{server.port}"


def _row(setting: Setting, rounds: list[Round]) -> Row:
    p99 = [each.p99 for each in rounds]
    rate = statistics.median(each.rate for each in rounds)
    middle = statistics.median(each.p50 for each in rounds)
    return Row(
        name=f"commit of an event to the number on a page's bell, {RATE} events/s, p99",
        unit="ms",
        peer="",
        ours_rounds=p99,
        peer_rounds=[],
        aim=f"below {_LIMIT_MS:.0f} ms",
        is_met=statistics.median(p99) < _LIMIT_MS and rate > RATE * _ENOUGH,
        ratio=None,
        machine=setting.machine_line,
        note=f"The median is {middle:.1f} ms, at {rate:.0f} events/s. The time runs from just "
        "before COMMIT is sent until a second window of the browser shows it.",
    )
