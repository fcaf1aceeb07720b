"""One tenant's events in this process: read from the log once, encoded once, handed to all."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

import structlog

from api.streams.client import Client
from api.streams.frames import Frame, GapView, encode_events, frames_of, gap
from api.streams.view import View, gap_at
from plugins.postgres.event_log import EventLog, LoggedEvent

BATCH: Final = 100
RETRY_SECONDS: Final = 1.0

log = structlog.get_logger("api.streams")


class Feed:
    """Follows the log from where it was when the first listener came."""

    def __init__(self, event_log: EventLog, heard: Callable[[], Awaitable[None]]) -> None:
        self._log = event_log
        self._heard = heard
        self._opening = asyncio.Lock()
        self._is_open = False
        self._following: asyncio.Task[None] | None = None
        self._again = False
        self.clients: set[Client] = set()
        self.position = 0

    async def open(self) -> None:
        """Begin at the log's end, once notices are heard. Raises Unavailable."""
        async with self._opening:
            if not self._is_open:
                await self._heard()
                self.position = (await self._log.bounds()).last
                self._is_open = True
        self.poke()

    def poke(self) -> None:
        """Look for new events soon: there may be some."""
        self._again = True
        if self._is_open and self._following is None:
            self._following = asyncio.create_task(self._follow())

    def close(self) -> None:
        """Follow no more."""
        if self._following is not None:
            self._following.cancel()

    async def replay(self, client: Client, after: int | None) -> None:
        """Tell a client what it missed since `after`, then let the feed go on. None: from now on.

        The client hears of new events before the log is read for it, and what the feed has told by
        then isn't told again: so nothing can fall in between.
        """
        if after is None:
            client.cursor = self.position
            await client.write(b"id: %d\nevent: ready\ndata: {}\n\n" % client.cursor)
        else:
            missing = gap_at(after, await self._log.bounds())
            client.cursor = after
            if missing is not None:
                await self._tell_gap(client, missing)
        while client.cursor < self.position and not client.is_ending:
            events = await self._log.after(client.cursor, BATCH)
            if not events or events[0].position != client.cursor + 1:
                last = max(self.position, client.cursor)
                await self._tell_gap(client, GapView("pruned", client.cursor, last))
                continue
            seen = await client.view.seen(self._log, events)
            frames = frames_of(client.cursor, events, seen, encode_events(events))
            client.cursor = events[-1].position
            await client.write(b"".join(frame.data for frame in frames))
        client.is_live = True

    async def _tell_gap(self, client: Client, missing: GapView) -> None:
        client.cursor = missing.position
        await client.write(gap(missing).data)

    async def _follow(self) -> None:
        try:
            while self._again:
                self._again = False
                try:
                    await self._catch_up()
                except Exception as error:  # noqa: BLE001 - the next try may succeed; its end would be silence
                    log.warning("stream_feed_waits", error=type(error).__name__)
                    self._again = True
                    await asyncio.sleep(RETRY_SECONDS)
        finally:
            self._following = None

    async def _catch_up(self) -> None:
        while events := await self._log.after(self.position, BATCH):
            if events[0].position != self.position + 1:
                self._tell_all_gap(events[0].position - 1)
            else:
                await self._tell_all(events)

    def _tell_all_gap(self, position: int) -> None:
        """Say that events were removed before this process could read them."""
        for client in self._live():
            frame = gap(GapView("pruned", client.cursor, position))
            client.feed(self.position, [frame], frame.data, position)
        self.position = position

    async def _tell_all(self, events: list[LoggedEvent]) -> None:
        encoded = encode_events(events)
        ready: dict[View, tuple[list[Frame], bytes]] = {}
        # Who comes while a view is being looked at may bring another one.
        while missing := {client.view for client in self._live()} - ready.keys():
            for view in missing:
                seen = await view.seen(self._log, events)
                frames = frames_of(self.position, events, seen, encoded)
                ready[view] = frames, b"".join(frame.data for frame in frames)
        before, self.position = self.position, events[-1].position
        for client in self._live():
            client.feed(before, *ready[client.view], self.position)

    def _live(self) -> list[Client]:
        return [client for client in self.clients if client.is_live and not client.is_ending]
