"""One open stream: what waits to be sent to it, and how it ends.

Nothing waits in a task of its own. What the connection has room for goes into it at once; what it
has none for waits here, up to a bound, so that a client which doesn't read blocks only itself.
"""

import asyncio
import random
import time
from collections import deque
from collections.abc import Callable, Sequence
from typing import Final

import structlog

from api.streams.connection import Connection
from api.streams.forms import Farewell, Form
from api.streams.frames import Frame
from api.streams.view import View
from core.shared.ids import MemberId

BACKLOG: Final = 256
"""Most messages that wait for a client; one more and it is cut off, to resume when it reads."""
FAREWELL_SECONDS: Final = 2.0
"""How long a client may take to read that its stream ends."""
HEARTBEAT_SECONDS: Final = (12.0, 15.0)
"""Longest silence; somewhere between, lest all clients of a broadcast get theirs at once."""
RETRY_MS: Final = (500, 5_000)
RETRY_AFTER_SHUTDOWN_MS: Final = (500, 8_000)

Credential = tuple[tuple[bytes, bytes], ...]

log = structlog.get_logger("api.streams")


class Client:
    """Made for each stream; the hub lets it in, its feed feeds it."""

    __slots__ = (
        "_backlog",
        "_farewell_by",
        "_heartbeat",
        "_room",
        "_sent_at",
        "_waiting",
        "aborted",
        "check_at",
        "connection",
        "credential",
        "cursor",
        "ended",
        "ends_at",
        "form",
        "group",
        "left",
        "look_at",
        "member_id",
        "owner",
        "task",
        "topics",
        "view",
    )

    def __init__(
        self,
        form: Form,
        view: View,
        topics: frozenset[str],
        owner: str,
        member_id: MemberId | None,
        credential: Credential,
        lifetime: float,
    ) -> None:
        now = time.monotonic()
        self.form = form
        self.view = view
        self.topics = topics
        self.owner = owner
        """Whose limit it counts against."""
        self.member_id = member_id
        """Who is told of what is theirs alone; the credential stands for nobody else."""
        self.credential = credential
        """The headers it was sent in, to be asked again when something changed."""
        self.check_at = float("inf")
        """When the credential ends by itself."""
        self.cursor = 0
        """The last position it was told of."""
        self.group: Group | None = None
        """With whom the feed feeds it; None while it reads the log itself."""
        self.task: asyncio.Task[None] | None = None
        """Reads the log for it."""
        self.aborted = False
        self.ended: str | None = None
        """Why it was ended from here."""
        self.ends_at = now + lifetime
        self.look_at = 0.0
        """Before this the hub's clock has nothing to do here."""
        self.connection = Connection(self)
        self.left: Callable[[Client], None] | None = None
        """Told when the connection has ended."""
        self._sent_at = now
        self._heartbeat = random.uniform(*HEARTBEAT_SECONDS)  # noqa: S311 - no secret
        self._backlog: deque[bytes] | None = None
        self._waiting = 0
        self._room: asyncio.Future[None] | None = None
        self._farewell_by: float | None = None

    @property
    def is_ending(self) -> bool:
        """Whether it gets nothing more."""
        return self.aborted or self._farewell_by is not None

    def feed(
        self, after: int, frames: Sequence[Frame], joined: bytes, position: int, now: float
    ) -> None:
        """Send the messages of a batch that follows `after` and ends at `position`."""
        if self.cursor == after:
            self.cursor = position
            # What `push` does, without calls: this runs once for each event and stream.
            if self.aborted or self._farewell_by is not None:
                return
            if self.connection.full_since is None:
                self._sent_at = now
                self.connection.write(joined)
            else:
                self.push(joined, len(frames))
        elif self.cursor < position:  # It read further in the log than the feed was.
            fresh = [frame for frame in frames if (frame.position or 0) > self.cursor]
            self.cursor = position
            self.push(self.form.join(fresh), len(fresh))

    def push(self, data: bytes, messages: int = 1) -> None:
        """Send `messages`, encoded in `data`, or let them wait for room."""
        if self.is_ending:
            return
        if self.connection.full_since is None:
            self._sent_at = time.monotonic()
            self.connection.write(data)
            return
        self._waiting += messages
        if self._waiting > BACKLOG:
            log.info("stream_too_slow", tenant_id=str(self.view.tenant_id))
            self.abort("too_slow")
            return
        self._let_wait(data)

    async def tell(self, frames: Sequence[Frame]) -> None:
        """Send messages and wait until there is room for more; only while no feed feeds it."""
        self.push(self.form.join(frames), len(frames))
        while self.connection.full_since is not None and not self.is_ending:
            self._room = asyncio.get_running_loop().create_future()
            await self._room

    def end(self, reason: Farewell) -> None:
        """Say good-bye; who doesn't read it is cut off by `is_overdue`."""
        bounds = RETRY_AFTER_SHUTDOWN_MS if reason == "shutdown" else RETRY_MS
        self.end_with(self.form.farewell(reason, random.randint(*bounds)), reason)  # noqa: S311

    def end_with(self, last: bytes, reason: str) -> None:
        """Send `last` and nothing more."""
        if self.is_ending:
            return
        self.ended = reason
        self._farewell_by = self.look_at = time.monotonic() + FAREWELL_SECONDS
        self._let_wait(last)
        self._flush()
        self._wake()

    def abort(self, reason: str) -> None:
        """Cut it off and forget what waits."""
        if not self.aborted:
            self.aborted = True
            self.ended = reason
            self._backlog = None
            self.connection.abort()
            self._wake()

    def is_overdue(self, now: float, patience: float) -> bool:
        """Whether it doesn't read: neither its farewell nor anything for `patience` seconds."""
        if self._farewell_by is not None:
            return now > self._farewell_by
        full_since = self.connection.full_since
        return full_since is not None and now - full_since > patience

    def beat(self, now: float) -> None:
        """Send a heartbeat when nothing was sent for long."""
        if now - self._sent_at >= self._heartbeat and self.connection.full_since is None:
            self.push(self.form.heartbeat)

    def next_look(self) -> float:
        """Return when the clock should look again; what is sent meanwhile only makes it later.

        Who doesn't read is sent nothing, and so is looked at often when that has lasted.
        """
        if self._farewell_by is not None:
            return self._farewell_by
        return min(self.ends_at, self.check_at, self._sent_at + self._heartbeat)

    def resume(self) -> None:
        """Send on: called by the connection, which has room again."""
        self._flush()
        self._wake()

    def lost(self) -> None:
        """Forget everything: called by the connection, which has ended."""
        self.aborted = True
        self._backlog = None
        self._wake()
        if self.task is not None:
            self.task.cancel()
        if self.left is not None:
            self.left(self)

    def _let_wait(self, data: bytes) -> None:
        if self._backlog is None:
            self._backlog = deque()
        self._backlog.append(data)

    def _flush(self) -> None:
        if self.connection.full_since is not None:
            return
        if self._backlog:
            data = b"".join(self._backlog)
            self._backlog = None
            self._waiting = 0
            self._sent_at = time.monotonic()
            self.connection.write(data)
        if self._farewell_by is not None:
            self.connection.finish()

    def _wake(self) -> None:
        if self._room is not None and not self._room.done():
            self._room.set_result(None)


class Group:
    """Those who see the same in the same form, and so get the same bytes."""

    __slots__ = ("clients", "form", "view")

    def __init__(self, view: View, form: Form) -> None:
        self.view = view
        self.form = form
        self.clients: set[Client] = set()
