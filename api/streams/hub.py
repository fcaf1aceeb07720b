"""All live streams of this process: one line to the database, one clock, and everybody's limits.

Made by `api.app`. While no stream is open nothing runs.
"""

import asyncio
import contextlib
import random
import time
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any, Final
from uuid import UUID

import structlog

from api.access import Door
from api.hosts import Origin
from api.streams.client import Client
from api.streams.feed import Feed
from api.streams.frames import HEARTBEAT, farewell
from api.streams.view import View
from core.shared.errors import DomainError, Throttled, Unauthenticated, Unavailable
from core.shared.ids import TenantId
from plugins.postgres.database import CONNECTION_LOST
from plugins.postgres.event_log import EventLog
from tenants.runtime import Runtime

CHANNEL: Final = "events_ready"
HEARTBEAT_SECONDS: Final = 15.0
RECHECK_SECONDS: Final = 30.0
"""Between looks at all credentials, for those that end by the clock and tell nobody."""
DEBOUNCE_SECONDS: Final = 0.5
"""How long changes of credentials are gathered before all streams are looked at."""
POLL_SECONDS: Final = 15.0
"""Between looks at the logs, should a notice have been lost."""
BLOCKED_SECONDS: Final = 60.0
"""How long a client may leave what it was sent unread."""
FAREWELL_SECONDS: Final = 2.0
LISTEN_SECONDS: Final = 5.0
_STOPPING: Final = "This server is about to stop. Try again in a moment."
_NOWHERE: Final = Origin(client="", host="", authority="", https=False)

log = structlog.get_logger("api.streams")


class TooManyStreams(Throttled):
    """The member or the workspace has as many streams open as it may."""

    code = "too_many_streams"
    title = "Too many live streams are open"


class Hub:
    """Lets clients in, tells them of events, and ends them when their time has come."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._door = Door(runtime)
        self._feeds: dict[TenantId, Feed] = {}
        self._owners: Counter[str] = Counter()
        self._tasks: list[asyncio.Task[None]] = []
        self._listening = asyncio.Event()
        self._recheck_at = 0.0
        self._is_draining = False
        self._empty = asyncio.Event()
        self._stop_watching: Callable[[], None] | None = None

    def log_of(self, tenant_id: TenantId) -> EventLog:
        """Return a tenant's log."""
        return EventLog(self._runtime.database.reader(tenant_id))

    def lifetime(self) -> float:
        """Return how long a stream may last, not quite the same for any two."""
        return self._runtime.settings.stream_lifetime_seconds * random.uniform(0.9, 1.1)  # noqa: S311 - no secret

    def check_limits(self, tenant_id: TenantId, owner: str) -> None:
        """Return when another stream may be opened. Raises TooManyStreams and Unavailable."""
        settings = self._runtime.settings
        if self._is_draining:
            raise Unavailable(_STOPPING)
        if self._owners[owner] >= settings.streams_per_member:
            raise TooManyStreams(
                f"A member may have {settings.streams_per_member} live streams open.", 30
            )
        feed = self._feeds.get(tenant_id)
        if feed is not None and len(feed.clients) >= settings.streams_per_tenant:
            raise TooManyStreams(
                f"A workspace may have {settings.streams_per_tenant} live streams open.", 30
            )

    def join(self, client: Client) -> Feed:
        """Count a client in and return its feed; `leave` must follow. Raises Unavailable."""
        if self._is_draining:
            raise Unavailable(_STOPPING)
        tenant_id = client.view.tenant_id
        feed = self._feeds.get(tenant_id)
        if feed is None:
            feed = self._feeds[tenant_id] = Feed(self.log_of(tenant_id), self._wait_for_line)
        feed.clients.add(client)
        self._owners[client.owner] += 1
        self._empty.clear()
        self._start()
        return feed

    def leave(self, client: Client, feed: Feed) -> None:
        """Count a client out."""
        client.forget()
        feed.clients.discard(client)
        self._owners[client.owner] -= 1
        if not self._owners[client.owner]:
            del self._owners[client.owner]
        if not feed.clients:
            feed.close()
            del self._feeds[client.view.tenant_id]
        if not self._feeds:
            self._empty.set()
            self._stop()

    async def end_all(self) -> None:
        """Let no more in and end every stream politely: the server is about to stop."""
        self._is_draining = True
        for client in self._clients():
            client.end(farewell("shutdown", _jitter(500, 8_000)), FAREWELL_SECONDS)
        if self._feeds:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._empty.wait(), FAREWELL_SECONDS)
        for client in self._clients():
            client.abort()

    def _clients(self) -> list[Client]:
        return [client for feed in self._feeds.values() for client in feed.clients]

    def _start(self) -> None:
        if self._tasks:
            return
        self._stop_watching = self._runtime.on_identity_change(self._credentials_changed)
        self._recheck_at = time.monotonic() + RECHECK_SECONDS
        self._tasks = [
            asyncio.create_task(self._listen(), name="events-ready"),
            asyncio.create_task(self._keep_time(), name="stream-clock"),
        ]

    def _stop(self) -> None:
        for task in self._tasks:
            task.cancel()
        self._tasks = []
        self._listening.clear()
        if self._stop_watching is not None:
            self._stop_watching()
            self._stop_watching = None

    async def _wait_for_line(self) -> None:
        try:
            await asyncio.wait_for(self._listening.wait(), LISTEN_SECONDS)
        except TimeoutError as error:
            raise Unavailable("New events can't be heard of right now. Try again.") from error

    def _is_wanted(self) -> bool:
        """Whether the task that asks should go on: a cancellation alone can be lost on its way."""
        return asyncio.current_task() in self._tasks

    async def _listen(self) -> None:
        while self._is_wanted():
            try:
                async with self._runtime.database.listen(CHANNEL, self._heard) as lost:
                    self._listening.set()
                    for feed in self._feeds.values():
                        feed.poke()
                    await lost.wait()
            except CONNECTION_LOST as error:
                log.warning("events_line_lost", error=type(error).__name__)
            self._listening.clear()
            await asyncio.sleep(1.0)

    def _heard(self, *notice: Any) -> None:
        feed = self._feeds.get(TenantId(UUID(notice[3])))
        if feed is not None:
            feed.poke()

    def _credentials_changed(self) -> None:
        self._recheck_at = min(self._recheck_at, time.monotonic() + DEBOUNCE_SECONDS)

    async def _keep_time(self) -> None:
        poll_at = time.monotonic() + POLL_SECONDS
        while self._is_wanted():
            await asyncio.sleep(0.25)
            now = time.monotonic()
            for client in self._clients():
                self._look_at(client, now)
            if now >= poll_at:
                poll_at = now + POLL_SECONDS
                for feed in self._feeds.values():
                    feed.poke()
            if now >= self._recheck_at:
                self._recheck_at = now + RECHECK_SECONDS
                await self._recheck()

    def _look_at(self, client: Client, now: float) -> None:
        if client.aborted:
            return
        if client.is_overdue(now, BLOCKED_SECONDS):
            client.abort()
        elif not client.is_ending and now >= client.ends_at:
            client.end(farewell("lifetime", _jitter(500, 5_000)), FAREWELL_SECONDS)
        elif client.is_live and not client.is_blocked and now - client.sent_at >= HEARTBEAT_SECONDS:
            client.push(HEARTBEAT)

    async def _recheck(self) -> None:
        """End the streams of those who may no longer see what they are being told."""
        by_credential: dict[tuple[tuple[bytes, bytes], ...], list[Client]] = {}
        for client in self._clients():
            by_credential.setdefault(tuple(client.headers.items()), []).append(client)
        for clients in by_credential.values():
            for topics in {client.topics for client in clients}:
                try:
                    view = await self._view(clients[0].headers, topics)
                except Unavailable:
                    self._credentials_changed()  # Nobody can be asked; ask again.
                    return
                except DomainError:
                    view = None
                for client in clients:
                    if client.topics == topics and client.view != view:
                        reason = "revoked" if view is None else "access_changed"
                        client.end(farewell(reason, _jitter(500, 5_000)), FAREWELL_SECONDS)

    async def _view(self, headers: Mapping[bytes, bytes], topics: frozenset[str]) -> View:
        caller = await self._door.admit(None, headers, _NOWHERE, "GET")
        if caller.tenant is None or caller.actor is None:
            raise Unauthenticated("The session has ended.")
        return View.of(caller.tenant, caller.actor, topics)


def _jitter(low: int, high: int) -> int:
    return random.randint(low, high)  # noqa: S311 - spreads reconnections; no secret
