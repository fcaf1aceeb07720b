"""How messages travel: as server-sent events in HTTP chunks, or as WebSocket frames.

What is made here goes into the connection as it is, and the same bytes to everybody who sees the
same: nothing is encoded, framed or masked for a single client.
"""

from collections.abc import Iterable
from typing import Final, Literal, Protocol

import msgspec
from websockets.frames import Close, Opcode
from websockets.frames import Frame as SocketFrame

from api.streams.frames import Frame

Farewell = Literal["lifetime", "shutdown", "revoked", "access_changed", "unavailable"]
"""Why a stream ends that its client may open again."""

CLOSE_CODES: Final[dict[Farewell, int]] = {
    "lifetime": 1001,
    "shutdown": 1012,
    "revoked": 1008,
    "access_changed": 1001,
    "unavailable": 1013,
}
"""RFC 6455 and IANA: going away, service restart, policy violation, try again later."""

_encode: Final = msgspec.json.Encoder().encode


class Form(Protocol):
    """One way for messages to travel."""

    name: str
    heartbeat: bytes
    """Keeps proxies from taking the connection for dead; says nothing."""

    def opening(self, retry_ms: int) -> bytes:
        """Return what comes before the first message."""

    def join(self, frames: Iterable[Frame]) -> bytes:
        """Return messages as they go over the wire."""

    def farewell(self, reason: Farewell, retry_ms: int) -> bytes:
        """Return the last that is sent: open it again after `retry_ms`."""


class ServerSentEvents:
    """WHATWG HTML, 9.2, in the chunks of RFC 9112, 7.1."""

    name = "sse"
    heartbeat = b"3\r\n:\n\n\r\n"

    def opening(self, retry_ms: int) -> bytes:
        """Return how long to wait before connecting anew."""
        return _chunk(b"retry: %d\n\n" % retry_ms)

    def join(self, frames: Iterable[Frame]) -> bytes:
        """Return messages in one chunk."""
        return _chunk(b"".join([_message(frame) for frame in frames]))

    def farewell(self, reason: Farewell, retry_ms: int) -> bytes:
        """Return the last message and the end of the body."""
        last = Frame("reconnect", _encode({"reason": reason}))
        return _chunk(b"retry: %d\n" % retry_ms + _message(last)) + b"0\r\n\r\n"


class SocketMessages:
    """JSON in text frames: RFC 6455."""

    name = "websocket"
    heartbeat = SocketFrame(Opcode.PING, b"").serialize(mask=False)

    def opening(self, retry_ms: int) -> bytes:  # noqa: ARG002 - the farewell says it here
        """Return nothing."""
        return b""

    def join(self, frames: Iterable[Frame]) -> bytes:
        """Return a text frame for each message."""
        return b"".join([_text(frame) for frame in frames])

    def farewell(self, reason: Farewell, retry_ms: int) -> bytes:
        """Return the last message and the Close frame."""
        last = Frame("reconnect", _encode({"reason": reason, "retry_ms": retry_ms}))
        return _text(last) + close_frame(CLOSE_CODES[reason], reason)


def close_frame(code: int, reason: str) -> bytes:
    """Return the frame that begins the end of a WebSocket."""
    return SocketFrame(Opcode.CLOSE, Close(code, reason).serialize()).serialize(mask=False)


def _chunk(data: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(data), data) if data else b""


def _message(frame: Frame) -> bytes:
    place = b"" if frame.position is None else b"id: %d\n" % frame.position
    return b"%bevent: %b\ndata: %b\n\n" % (place, frame.event.encode(), frame.data)


def _text(frame: Frame) -> bytes:
    place = b"" if frame.position is None else b'"id":%d,' % frame.position
    text = b'{%b"event":"%b","data":%b}' % (place, frame.event.encode(), frame.data)
    return SocketFrame(Opcode.TEXT, text).serialize(mask=False)


SSE: Final[Form] = ServerSentEvents()
SOCKET: Final[Form] = SocketMessages()
