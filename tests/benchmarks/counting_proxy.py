"""Stands between a server and PostgreSQL, passes every byte on, and counts the round trips.

In PostgreSQL's protocol a client that wants an answer sends Query or ends a batch with Sync (or
Flush): each is one round trip, however many messages come before it.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

_SIMPLE_QUERY, _SYNC, _FLUSH = b"Q"[0], b"S"[0], b"H"[0]
_HEAD = 5


class RoundTrips:
    """How often the server waited for the database."""

    def __init__(self) -> None:
        self.count = 0
        self.tasks: set[asyncio.Task[None]] = set()


class MessageReader:
    """Finds the messages in what a client sends, in whatever pieces it comes."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._skip = 0
        self._started = False

    def kinds(self, data: bytes) -> list[int]:
        """The kinds of the messages that begin in `data`."""
        found: list[int] = []
        self._buffer += data
        while True:
            if self._skip:
                passed = min(self._skip, len(self._buffer))
                del self._buffer[:passed]
                self._skip -= passed
                if self._skip:
                    return found
            if not self._started:
                # The first message has a length but no kind.
                if len(self._buffer) < _HEAD - 1:
                    return found
                self._skip = int.from_bytes(self._buffer[:4], "big")
                self._started = True
                continue
            if len(self._buffer) < _HEAD:
                return found
            found.append(self._buffer[0])
            self._skip = 1 + int.from_bytes(self._buffer[1:_HEAD], "big")


@asynccontextmanager
async def counting_proxy(real_socket: Path, folder: Path) -> AsyncIterator[RoundTrips]:
    """Listen in `folder` under the same file name as `real_socket`, and count."""
    trips = RoundTrips()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        trips.tasks.add(task)
        back_reader, back_writer = await asyncio.open_unix_connection(str(real_socket))
        answers = asyncio.create_task(_pass_on(back_reader, writer))
        messages = MessageReader()
        try:
            while data := await reader.read(65_536):
                kinds = messages.kinds(data)
                trips.count += sum(kind in (_SIMPLE_QUERY, _SYNC, _FLUSH) for kind in kinds)
                back_writer.write(data)
                await back_writer.drain()
        except (ConnectionError, asyncio.CancelledError):
            pass
        finally:
            answers.cancel()
            back_writer.close()
            writer.close()
            trips.tasks.discard(task)

    path = _place(folder, real_socket.name)
    server = await asyncio.start_unix_server(serve, str(path))
    try:
        yield trips
    finally:
        server.close()
        for task in list(trips.tasks):
            task.cancel()
        await asyncio.to_thread(path.unlink, missing_ok=True)


def _place(folder: Path, name: str) -> Path:
    """Where to listen; whatever a killed run left there is removed."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    path.unlink(missing_ok=True)
    return path


async def _pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(ConnectionError):
        while data := await reader.read(65_536):
            writer.write(data)
            await writer.drain()
