"""A real browser on the measured workspace: what it paints when, what it transfers, how boards do.

Times are the page's own clock, which begins with the navigation. Those of two windows are compared
by `performance.timeOrigin`: both run on one machine.
"""

import asyncio
import os
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any, Final

import msgspec
from playwright.async_api import Browser, BrowserContext, Page, async_playwright

from tests.benchmarks.machine import Cores
from tests.fixtures.browsers import DESK, PHONE
from tests.fixtures.chromium import find_chromium

VIEWS: Final[Mapping[str, Mapping[str, Any]]] = {
    "desktop": {"viewport": {"width": DESK[0], "height": DESK[1]}},
    "phone": {
        "viewport": {"width": PHONE[0], "height": PHONE[1]},
        "is_mobile": True,
        "has_touch": True,
        "device_scale_factor": 2,
    },
}
_PATIENCE_MS: Final = 20_000
_UNCOUNTED: Final = 20
"""Moves before those that count."""
_PAINTED: Final = """() => new Promise((resolve) => {
  new PerformanceObserver((list) => resolve(list.getEntries().at(-1).startTime))
    .observe({ type: "largest-contentful-paint", buffered: true });
  setTimeout(() => resolve(-1), 3000);
})"""
_ANSWERED: Final = """window.answered = new Promise((resolve) => {
  addEventListener("DOMContentLoaded", () => {
    new MutationObserver(() => {
      if (document.querySelector(".board-card.selected")) resolve(performance.now());
    }).observe(document.body, { subtree: true, attributes: true, attributeFilter: ["class"] });
  });
});"""
_MOVER: Final = """const ask = window.fetch;
window.fetch = (address, options) => {
  if (String(address).endsWith("/move")) window.sentAt = performance.timeOrigin + performance.now();
  return ask(address, options);
};"""
_MOVE: Final = """async ([script, card, stage]) => {
  const { board } = await import(script);
  await board.move([card], board.laneOf(stage));
  return window.sentAt;
}"""
_WATCHER: Final = """let expected = null;
window.expectCard = (card, stage, comes) => {
  window.seen = new Promise((resolve) => { expected = { card, stage, comes, resolve }; });
};
addEventListener("DOMContentLoaded", () => {
  const root = document.getElementById("board");
  const now = () => performance.timeOrigin + performance.now();
  new MutationObserver(() => {
    if (!expected) return;
    const { card, stage, comes, resolve } = expected;
    const lane = root.querySelector(`.lane[data-stage="${stage}"]`);
    if (Boolean(lane.querySelector(`[data-card="${card}"]`)) !== comes) return;
    expected = null;
    const inPage = now();
    requestAnimationFrame(() => resolve([inPage, now()]));
  }).observe(root, { subtree: true, childList: true, attributes: true });
});"""


class Opened(msgspec.Struct, frozen=True):
    """One opening of a page."""

    painted_ms: float
    """Of the largest thing, after the navigation began."""
    transferred: int
    """Bytes over the wire, heads and all, compressed as they came."""


class Seen(msgspec.Struct, frozen=True):
    """A colleague's move, in milliseconds from the start of its request."""

    in_page: float
    on_screen: float
    """When the frame that shows it is being drawn."""


class PageBrowser:
    """Opens pages with an empty cache each."""

    def __init__(self, browser: Browser, origin: str, cookies: Mapping[str, str]) -> None:
        self._browser = browser
        self._origin = origin
        self._cookies = cookies

    async def open(
        self, path: str, role: str | None, view: str, *, again: bool
    ) -> tuple[Opened, Opened | None]:
        """Open a page for the first time, and again with what the browser kept of it."""
        async with self._context(role, view) as context:
            page = await context.new_page()
            traffic = await _traffic_of(context, page)
            first = await self._open(page, traffic, path)
            if not again:
                return first, None
            await page.goto("about:blank")
            return first, await self._open(page, traffic, path)

    async def first_click(self, path: str, role: str) -> float:
        """Return after how many milliseconds a board had answered a click on its first card."""
        async with self._context(role, "desktop") as context:
            await context.add_init_script(_ANSWERED)
            page = await context.new_page()
            await page.goto(self._origin + path, wait_until="commit")
            card = page.locator("#board[data-loaded] .board-card").first
            await card.wait_for()
            box = await card.bounding_box()
            assert box is not None
            await page.mouse.click(box["x"] + 40, box["y"] + 48)
            return float(await page.evaluate("() => window.answered"))

    async def moves(self, path: str, roles: tuple[str, str], amount: int) -> list[Seen]:
        """Move a card to and fro; return when the other window had it the last `amount` times.

        Before them it goes to and fro some times uncounted, as everything measured is asked first.
        """
        async with (
            self._context(roles[0], "desktop") as mine,
            self._context(roles[1], "desktop") as theirs,
        ):
            await mine.add_init_script(_MOVER)
            await theirs.add_init_script(_WATCHER)
            mover, watcher = await mine.new_page(), await theirs.new_page()
            for page in (mover, watcher):
                await page.goto(self._origin + path)
                await page.locator("#board[data-loaded]").wait_for()
                await page.get_by_text("Live", exact=True).wait_for()
            lanes = await mover.locator(".lane").evaluate_all(
                "all => all.map((each) => each.dataset.stage)"
            )
            source, target = lanes[1], lanes[-2]
            card = await mover.locator(
                f'.lane[data-stage="{source}"] [data-card]'
            ).first.get_attribute("data-card")
            script = await mover.locator('script[src*="/board.js"]').get_attribute("src")
            found = []
            for number in range(_UNCOUNTED + amount):
                comes = number % 2 == 0
                expected = [card, target, comes]
                await watcher.evaluate("(given) => window.expectCard(...given)", expected)
                to = target if comes else source
                sent = await mover.evaluate(_MOVE, [self._origin + str(script), card, to])
                async with asyncio.timeout(_PATIENCE_MS / 1_000):
                    in_page, on_screen = await watcher.evaluate("() => window.seen")
                found.append(Seen(in_page - sent, on_screen - sent))
                await asyncio.sleep(0.02)
            return found[_UNCOUNTED:]

    async def _open(self, page: Page, traffic: "_Traffic", path: str) -> Opened:
        traffic.begin()
        await page.goto(self._origin + path)
        if await page.locator("#board").count():
            await page.locator("#board[data-loaded]").wait_for()
        painted = float(await page.evaluate(_PAINTED))
        if painted < 0:
            raise RuntimeError(f"{path} painted nothing")
        # What a page asks for by itself once it is there belongs to it.
        await page.wait_for_timeout(150)
        return Opened(painted, traffic.total())

    @asynccontextmanager
    async def _context(self, role: str | None, view: str) -> AsyncIterator[BrowserContext]:
        context = await self._browser.new_context(
            locale="en-GB", timezone_id="Europe/Berlin", **VIEWS[view]
        )
        try:
            context.set_default_timeout(_PATIENCE_MS)
            if role is not None:
                await context.add_cookies(
                    [
                        {
                            "name": "intellimatch_session",
                            "value": self._cookies[role],
                            "url": self._origin,
                        }
                    ]
                )
            yield context
        finally:
            await context.close()


class _Traffic:
    """Bytes that came over the wire since `begin`, by request."""

    def __init__(self) -> None:
        self._ended: dict[str, int] = {}
        self._running: dict[str, int] = {}
        self._led_on = 0

    def begin(self) -> None:
        self._ended.clear()
        self._running.clear()
        self._led_on = 0

    def total(self) -> int:
        unfinished = sum(
            size for request, size in self._running.items() if request not in self._ended
        )
        return sum(self._ended.values()) + unfinished + self._led_on

    def sent(self, event: dict[str, Any]) -> None:
        """Note a redirect, whose request goes on under the same id."""
        if "redirectResponse" in event:
            self._led_on += int(event["redirectResponse"]["encodedDataLength"])

    def answered(self, event: dict[str, Any]) -> None:
        head = int(event["response"]["encodedDataLength"])
        self._running[event["requestId"]] = self._running.get(event["requestId"], 0) + head

    def received(self, event: dict[str, Any]) -> None:
        size = int(event["encodedDataLength"])
        self._running[event["requestId"]] = self._running.get(event["requestId"], 0) + size

    def finished(self, event: dict[str, Any]) -> None:
        self._ended[event["requestId"]] = int(event["encodedDataLength"])


async def _traffic_of(context: BrowserContext, page: Page) -> _Traffic:
    traffic = _Traffic()
    session = await context.new_cdp_session(page)
    session.on("Network.requestWillBeSent", traffic.sent)
    session.on("Network.responseReceived", traffic.answered)
    session.on("Network.dataReceived", traffic.received)
    session.on("Network.loadingFinished", traffic.finished)
    await session.send("Network.enable")
    return traffic


@asynccontextmanager
async def page_browser(
    origin: str, cookies: Mapping[str, str], cores: Cores
) -> AsyncIterator[PageBrowser]:
    """Start the browser, on any core: a reader has a machine of their own."""
    # In a thread, because playwright's blocking interface refuses to run beside an event loop.
    program = await asyncio.to_thread(find_chromium)
    if program is None:
        raise RuntimeError("there is no browser: python -m tests.fixtures.chromium")
    pinned = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {cores.server, cores.others})
    try:
        async with async_playwright() as playwright:
            browser = await playwright.chromium.launch(executable_path=program)
            try:
                yield PageBrowser(browser, origin, cookies)
            finally:
                await browser.close()
    finally:
        os.sched_setaffinity(0, pinned)
