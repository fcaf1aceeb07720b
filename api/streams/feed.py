"""One tenant's events in this process: read from the log once, encoded once, handed to all."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Final

import msgspec
import structlog

from api.streams.client import Client, Group
from api.streams.forms import Form
from api.streams.frames import Frame, GapView, encode_events, frame, frames_of, gap
from api.streams.view import View, gap_at
from core.shared.ids import MemberId
from plugins.postgres.event_log import EventLog, LoggedEvent

BATCH: Final = 100
RETRY_SECONDS: Final = 1.0
AT_ONCE: Final = 250
"""Clients that are fed before others' requests get a turn: about two milliseconds."""

log = structlog.get_logger("api.streams")


class Shown(msgspec.Struct, frozen=True):
    """What those with one view are told of a batch."""

    shared: list[Frame]
    own: dict[MemberId, list[Frame]]
    """Instead of `shared`, for members who are told something that is theirs alone."""


class Feed:
    """Follows the log from where it was when the first listener came."""

    def __init__(self, event_log: EventLog, heard: Callable[[], Awaitable[None]]) -> None:
        self._log = event_log
        self._heard = heard
        self._opening = asyncio.Lock()
        self._is_open = False
        self._following: asyncio.Task[None] | None = None
        self._again = False
        self._groups: dict[tuple[View, Form], Group] = {}
        self.clients: set[Client] = set()
        """All of the tenant's, fed or not."""
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

    async def start(self, client: Client, after: int | None) -> None:
        """Tell a client what it missed since `after`, then feed it. None: from now on."""
        if after is None:
            client.cursor = self.position
            await client.tell([frame("ready", {}, client.cursor)])
        else:
            missing = gap_at(after, await self._log.bounds())
            client.cursor = after
            if missing is not None:
                await self._tell_gap(client, missing)
        await self.catch_up(client)

    async def catch_up(self, client: Client) -> None:
        """Tell a client what came after its cursor, then feed it.

        The feed hears of new events before the log is read here, and the client joins it when it
        has reached the same position: so nothing can fall in between, and nothing comes twice.
        """
        while client.cursor < self.position and not client.is_ending:
            events = await self._log.after(client.cursor, BATCH)
            if not events or events[0].position != client.cursor + 1:
                last = max(self.position, client.cursor)
                await self._tell_gap(client, GapView("pruned", client.cursor, last))
                continue
            seen = await client.view.seen(self._log, events, client.member_id)
            frames = frames_of(client.cursor, events, seen, encode_events(events))
            client.cursor = events[-1].position
            await client.tell(frames)
        if not client.is_ending:
            key = client.view, client.form
            client.group = self._groups.setdefault(key, Group(*key))
            client.view = client.group.view  # Its own, which is equal, takes four kilobytes.
            client.group.clients.add(client)

    def stop_feeding(self, client: Client) -> None:
        """Feed a client no more: it leaves, or reads the log itself."""
        group, client.group = client.group, None
        if group is not None:
            group.clients.discard(client)
            if not group.clients:
                del self._groups[group.view, group.form]

    async def _tell_gap(self, client: Client, missing: GapView) -> None:
        client.cursor = missing.position
        await client.tell([gap(missing)])

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
                await self._tell_all_gap(events[0].position - 1)
            else:
                await self._tell_all(events)

    async def _tell_all_gap(self, position: int) -> None:
        """Say that events were removed before this process could read them."""
        before, self.position = self.position, position
        shown = Shown([gap(GapView("pruned", before, position))], {})
        for group in list(self._groups.values()):
            await self._hand_out(group, before, shown)

    async def _tell_all(self, events: list[LoggedEvent]) -> None:
        encoded = encode_events(events)
        seen: dict[View, Shown] = {}
        # Who comes while a view is being looked at may bring another one.
        while missing := {view for view, _ in self._groups} - seen.keys():
            for view in missing:
                shared = await view.shared(self._log, events)
                seen[view] = Shown(
                    frames_of(self.position, events, shared, encoded),
                    {
                        owner: frames_of(self.position, events, shared | own, encoded)
                        for owner, own in view.personal(events).items()
                    },
                )
        before, self.position = self.position, events[-1].position
        for group in list(self._groups.values()):
            await self._hand_out(group, before, seen[group.view])

    async def _hand_out(self, group: Group, before: int, shown: "Shown") -> None:
        """Hand the same bytes to everybody in a group; `self.position` is their last already.

        Who is told something of their own as well gets other bytes than the rest. Others get a turn
        in between. Who joins then has read up to the new position.
        """
        joined = group.form.join(shown.shared)
        own = {owner: (each, group.form.join(each)) for owner, each in shown.own.items()}
        position, now = self.position, time.monotonic()
        for count, client in enumerate(list(group.clients), 1):
            if client.group is group:
                if own and client.member_id in own:
                    client.feed(before, *own[client.member_id], position, now)
                else:
                    client.feed(before, shown.shared, joined, position, now)
            if count % AT_ONCE == 0:
                await asyncio.sleep(0)
                now = time.monotonic()
