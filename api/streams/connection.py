"""A connection after the request that opened a stream on it: the stream has it until its end.

The HTTP server hands it over with all its state let go of (`StreamableProtocol`), so that an open
stream costs a transport and a few small objects, and bytes go straight into the transport.
"""

import asyncio
import time
from typing import Any, Final, Protocol, cast

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

SERVER: Final = "intellimatch.server"
"""Where the server leaves in a request's scope what can hand its connection over."""

_UNREAD_MOST: Final = 65_536
"""Bytes that the client of a one-way stream may send before it is cut off."""


class Listener(Protocol):
    """What a connection tells of."""

    def resume(self) -> None:
        """There is room again."""

    def lost(self) -> None:
        """It has ended."""


class Connection(asyncio.Protocol):
    """Carries one stream."""

    __slots__ = ("_registry", "_transport", "_unread", "client", "full_since", "is_lost")

    def __init__(self, client: Listener) -> None:
        self.client = client
        self.full_since: float | None = None
        """Since when more waits in the transport than should; until it has gone, don't write."""
        self.is_lost = False
        self._transport: asyncio.Transport | None = None
        self._registry: set[Any] | None = None
        self._unread = 0

    def take(self, transport: asyncio.Transport, registry: set[Any]) -> None:
        """Carry the stream over `transport`. In `registry` are the connections the server ends."""
        self._transport = transport
        self._registry = registry
        registry.add(self)

    def write(self, data: bytes) -> None:
        """Send; `full_since` says whether to go on."""
        if self._transport is not None and not self.is_lost:
            self._transport.write(data)

    def finish(self) -> None:
        """End it when everything that was written is sent."""
        if self._transport is not None:
            self._transport.close()

    def abort(self) -> None:
        """End it now."""
        if self._transport is not None:
            self._transport.abort()

    def shutdown(self) -> None:
        """End it: the server stops, and whoever could be told politely was."""
        self.abort()

    def data_received(self, data: bytes) -> None:
        """Take what the client sends and has no reason to."""
        self._unread += len(data)
        if self._unread > _UNREAD_MOST:
            self.abort()

    def pause_writing(self) -> None:
        """Called by the transport."""
        self.full_since = time.monotonic()

    def resume_writing(self) -> None:
        """Called by the transport."""
        self.full_since = None
        self.client.resume()

    def connection_lost(self, error: Exception | None) -> None:  # noqa: ARG002
        """Called by the transport, once."""
        if self.is_lost:
            return
        self.is_lost = True
        if self._registry is not None:
            self._registry.discard(self)
        self.client.lost()


class StreamableProtocol(HttpToolsProtocol):
    """Serves HTTP, and can hand a connection over while a request is being answered on it."""

    def on_headers_complete(self) -> None:
        """Called by the parser before the application is."""
        cast("dict[str, Any]", self.scope)[SERVER] = self
        super().on_headers_complete()

    def _unsupported_upgrade_warning(self) -> None:
        """Say nothing: the route answers, with an upgrade if it has one."""

    def switch_protocols(self) -> None:
        """Let the answer that comes be 101: without a body, on a connection that stays."""
        self.cycle.chunked_encoding = False
        self.cycle.keep_alive = True

    def hand_over(self, connection: Connection) -> None:
        """Give the connection to a stream. The request's own task may then return."""
        transport, cycle = self.transport, self.cycle
        del cast("dict[str, Any]", cycle.scope)[SERVER]
        gone = cycle.disconnected or transport.is_closing()
        # The server takes the answer for finished, and says nothing about its missing end.
        cycle.disconnected = True
        self.connections.discard(self)
        connection.take(transport, self.connections)
        if gone:
            connection.connection_lost(None)
            return
        self.flow.resume_reading()
        transport.set_protocol(connection)
        # Parser and protocol hold each other: one of them has to let go.
        self.parser = cast("Any", None)
