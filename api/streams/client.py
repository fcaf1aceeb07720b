"""One open stream: what waits to be sent to it, and how it ends.

Nothing waits in a task of its own: while there is something to send a task sends it, so that a
client which doesn't read blocks only itself, and between events a stream costs only its connection.
"""

import asyncio
import time
from collections import deque
from collections.abc import Callable, Mapping
from typing import Final

import structlog
from litestar.types import Send

from api.streams.frames import Frame
from api.streams.view import View

BACKLOG: Final = 256
"""Most messages that wait for a client; one more and it is cut off, to resume when it reads."""

log = structlog.get_logger("api.streams")


class Client:
    """Made for each stream; the hub fills it, its request's task waits for its end."""

    __slots__ = (
        "_backlog",
        "_farewell_by",
        "_pump",
        "_send",
        "_waiting",
        "aborted",
        "cursor",
        "cut",
        "ends_at",
        "headers",
        "is_live",
        "owner",
        "sent_at",
        "topics",
        "view",
    )

    def __init__(
        self,
        view: View,
        topics: frozenset[str],
        owner: str,
        headers: Mapping[bytes, bytes],
        send: Send,
        cut: Callable[[], object],
        lifetime: float,
    ) -> None:
        self.view = view
        self.topics = topics
        self.owner = owner
        """Whose limit it counts against."""
        self.headers = headers
        """The credential as it was sent, to be asked again when something changed."""
        self.cursor = 0
        """The last position it was told of."""
        self.is_live = False
        """Whether the feed feeds it; before, it reads the log itself."""
        self.aborted = False
        self.cut = cut
        """Ends the connection without another byte."""
        self.sent_at = time.monotonic()
        self.ends_at = self.sent_at + lifetime
        self._send = send
        self._backlog: deque[bytes] = deque()
        self._waiting = 0
        self._pump: asyncio.Task[None] | None = None
        self._farewell_by: float | None = None

    @property
    def is_ending(self) -> bool:
        """Whether it gets nothing more."""
        return self.aborted or self._farewell_by is not None

    @property
    def is_blocked(self) -> bool:
        """Whether something waits to be read by the client."""
        return self._pump is not None

    def feed(self, after: int, frames: list[Frame], joined: bytes, position: int) -> None:
        """Queue the messages of a batch that follows `after` and ends at `position`."""
        if self.cursor >= position or self.is_ending:
            return
        if self.cursor == after:
            self.push(joined, len(frames))
        else:  # It read further in the log than the feed was.
            fresh = [frame.data for frame in frames if frame.position > self.cursor]
            self.push(b"".join(fresh), len(fresh))
        self.cursor = position

    def push(self, data: bytes, messages: int = 1) -> None:
        """Queue `messages`, encoded in `data`."""
        if self._waiting + messages > BACKLOG:
            log.info("stream_too_slow", tenant_id=str(self.view.tenant_id))
            self.abort()
            return
        self._backlog.append(data)
        self._waiting += messages
        if self._pump is None:
            self._pump = asyncio.create_task(self._drain())

    async def write(self, data: bytes) -> None:
        """Send at once, at the pace of the client; only before it is live."""
        self.sent_at = time.monotonic()
        await self._send({"type": "http.response.body", "body": data, "more_body": True})

    def end(self, farewell: bytes, patience: float) -> None:
        """Say good-bye; who hasn't read it after `patience` seconds is cut off."""
        if self.is_ending:
            return
        self._farewell_by = time.monotonic() + patience
        if not self.is_live:
            self.abort()  # Its own task is sending; there is no way in between.
            return
        self._backlog.append(farewell)
        if self._pump is None:
            self._pump = asyncio.create_task(self._drain())

    def abort(self) -> None:
        """Cut it off and forget what waits."""
        self.aborted = True
        self._backlog.clear()
        self._waiting = 0
        self.cut()

    def is_overdue(self, now: float, patience: float) -> bool:
        """Whether it doesn't read: neither its farewell nor anything for `patience` seconds."""
        if self._farewell_by is not None:
            return now > self._farewell_by
        return self._pump is not None and now - self.sent_at > patience

    def forget(self) -> None:
        """Stop sending: its connection has ended."""
        self.aborted = True
        self._backlog.clear()
        if self._pump is not None:
            self._pump.cancel()

    async def _drain(self) -> None:
        try:
            while self._backlog:
                data = b"".join(self._backlog)
                self._backlog.clear()
                self._waiting = 0
                await self.write(data)
            if self._farewell_by is not None and not self.aborted:
                await self._send({"type": "http.response.body", "body": b"", "more_body": False})
        except Exception as error:  # noqa: BLE001 - a connection's failure is that connection's end
            log.info("stream_failed", error=type(error).__name__)
            self.abort()
        finally:
            self._pump = None
