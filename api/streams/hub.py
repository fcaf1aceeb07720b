"""All live streams of this process: who is let in, the line to the database, and the end.

Made by `api.app`. While no stream is open nothing runs.
"""

import asyncio
import contextlib
import random
from collections import Counter
from collections.abc import Callable
from typing import Any, Final
from uuid import UUID

import structlog

from api.access import Door
from api.metrics import Metrics
from api.streams.client import FAREWELL_SECONDS, RETRY_MS, Client
from api.streams.feed import Feed
from api.streams.frames import frame
from api.streams.rounds import TICK_SECONDS, Rounds
from api.streams.socket import SocketClient, Wish
from core.shared.errors import DomainError, Throttled, Unavailable
from core.shared.ids import TenantId
from plugins.postgres.event_log import EventLog
from tenants.runtime import Runtime

CHANNEL: Final = "events_ready"
POLL_SECONDS: Final = 15.0
"""Between looks at the logs, should a notice have been lost."""
LISTEN_SECONDS: Final = 5.0

log = structlog.get_logger("api.streams")


class TooManyStreams(Throttled):
    """The member or the workspace has as many streams open as it may."""

    code = "too_many_streams"
    title = "Too many live streams are open"


class Hub:
    """Lets clients in, tells them of events, and ends them when their time has come."""

    def __init__(self, runtime: Runtime, metrics: Metrics) -> None:
        self._runtime = runtime
        self._metrics = metrics
        self._rounds = Rounds(Door(runtime), runtime.clock, self._clients)
        self._feeds: dict[TenantId, Feed] = {}
        self._owners: Counter[str] = Counter()
        self._tasks: list[asyncio.Task[None]] = []
        self._listening = asyncio.Event()
        self._is_draining = False
        self._empty = asyncio.Event()
        self._stop_watching: Callable[[], None] | None = None

    def log_of(self, tenant_id: TenantId) -> EventLog:
        """Return a tenant's log."""
        return EventLog(self._runtime.database.reader(tenant_id))

    def lifetime(self) -> float:
        """Return how long a stream may last, not quite the same for any two."""
        return self._runtime.settings.stream_lifetime_seconds * random.uniform(0.9, 1.1)  # noqa: S311 - no secret

    async def admit(self, client: Client) -> None:
        """Let a client in, so that its stream may begin; `attend` or `leave` must follow.

        Raises TooManyStreams, Unavailable, and Unauthenticated when its credential just ended.
        """
        feed = self._join(client)
        try:
            await feed.open()
            await self._rounds.settle(client)
        except BaseException:
            self.leave(client)
            raise
        client.left = self.leave
        if isinstance(client, SocketClient):
            client.wished = self._wished

    def attend(self, client: Client, after: int | None) -> None:
        """Begin to tell: what was missed since `after`, or from now on."""
        if client.is_ending:
            client.connection.abort()  # It was ended while it came in.
            return
        feed = self._feeds[client.view.tenant_id]
        client.push(client.form.opening(random.randint(*RETRY_MS)))  # noqa: S311 - no secret
        client.task = asyncio.create_task(self._tell(client, lambda: feed.start(client, after)))

    def leave(self, client: Client) -> None:
        """Count a client out, once."""
        tenant_id = client.view.tenant_id
        feed = self._feeds.get(tenant_id)
        if feed is None or client not in feed.clients:
            return
        client.aborted = True
        feed.clients.discard(client)
        feed.stop_feeding(client)
        self._owners[client.owner] -= 1
        if not self._owners[client.owner]:
            del self._owners[client.owner]
        if not feed.clients:
            feed.close()
            del self._feeds[tenant_id]
        self._metrics.end_stream(client.form.name, client.ended or "left")
        if not self._feeds:
            self._empty.set()
            self._stop()

    async def end_all(self) -> None:
        """Let no more in and end every stream politely: the server is about to stop."""
        self._is_draining = True
        for count, client in enumerate(self._clients(), 1):
            client.end("shutdown")
            if count % 250 == 0:
                await asyncio.sleep(0)
        if self._feeds:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._empty.wait(), FAREWELL_SECONDS)
        for client in self._clients():
            client.abort("shutdown")

    def _join(self, client: Client) -> Feed:
        settings, tenant_id = self._runtime.settings, client.view.tenant_id
        if self._is_draining:
            raise Unavailable("This server is about to stop. Try again in a moment.")
        if self._owners[client.owner] >= settings.streams_per_member:
            raise TooManyStreams(
                f"A member may have {settings.streams_per_member} live streams open.", 30
            )
        feed = self._feeds.get(tenant_id)
        if feed is not None and len(feed.clients) >= settings.streams_per_tenant:
            raise TooManyStreams(
                f"A workspace may have {settings.streams_per_tenant} live streams open.", 30
            )
        if feed is None:
            feed = self._feeds[tenant_id] = Feed(self.log_of(tenant_id), self._wait_for_line)
        feed.clients.add(client)
        self._owners[client.owner] += 1
        self._metrics.open_stream(client.form.name)
        self._empty.clear()
        self._start()
        return feed

    def _wished(self, client: SocketClient) -> None:
        if client.task is None:
            client.task = asyncio.create_task(self._tell(client, None))

    async def _tell(self, client: Client, start: Callable[[], Any] | None) -> None:
        """Start a stream, and do what its client asks for. Its only task, while there is need."""
        try:
            if start is not None:
                await start()
            if isinstance(client, SocketClient):
                while client.wishes and not client.is_ending:
                    await self._grant(client, client.wishes.popleft())
        except Unavailable:
            client.end("unavailable")
        except Exception as error:  # noqa: BLE001 - the client comes again; its silence would last
            log.warning("stream_failed", error=type(error).__name__)
            client.abort("failed")
        finally:
            client.task = None

    async def _grant(self, client: SocketClient, wish: Wish) -> None:
        """Change what a client hears of, and from where on. What it had before stays told."""
        feed = self._feeds[client.view.tenant_id]
        feed.stop_feeding(client)
        if wish.topics is not None:
            topics = frozenset(wish.topics)
            try:
                view = await self._rounds.view(client, topics)
            except Unavailable:
                raise
            except DomainError as error:
                client.refuse(error.code)
                return
            client.view, client.topics = view, topics
        if wish.after is not None:
            client.cursor = wish.after
        told = frame("subscribed", {"topics": sorted(client.topics)}, client.cursor)
        await client.tell([told])
        if wish.after is not None:
            await feed.start(client, wish.after)
        else:
            await feed.catch_up(client)

    def _clients(self) -> list[Client]:
        return [client for feed in self._feeds.values() for client in feed.clients]

    def _start(self) -> None:
        if self._tasks:
            return
        self._stop_watching = self._runtime.on_identity_change(self._rounds.credentials_changed)
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
                    self._poke_all()
                    await lost.wait()
            except Exception as error:  # noqa: BLE001 - without this line every stream is silent
                log.warning("events_line_lost", error=type(error).__name__)
            self._listening.clear()
            await asyncio.sleep(1.0)

    def _heard(self, *notice: Any) -> None:
        feed = self._feeds.get(TenantId(UUID(notice[3])))
        if feed is not None:
            feed.poke()

    def _poke_all(self) -> None:
        for feed in self._feeds.values():
            feed.poke()

    async def _keep_time(self) -> None:
        loop = asyncio.get_running_loop()
        poll_at = loop.time() + POLL_SECONDS
        while self._is_wanted():
            await asyncio.sleep(TICK_SECONDS)
            if loop.time() >= poll_at:
                poll_at = loop.time() + POLL_SECONDS
                self._poke_all()
            try:
                await self._rounds.go()
            except Exception:
                log.exception("stream_rounds_failed")
