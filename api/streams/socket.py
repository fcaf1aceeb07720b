"""The WebSocket side of a stream (RFC 6455): the handshake, and what clients may say.

The bytes that go out are made in `api.streams.forms`; here is only what comes in. A client may
change what it hears of and ask whether anybody is there; whatever else it says ends the stream.
"""

import time
from collections import deque
from collections.abc import Callable, Iterable
from typing import Annotated, Any, Final

import msgspec
from websockets.datastructures import Headers
from websockets.frames import Frame, Opcode
from websockets.http11 import Request
from websockets.protocol import OPEN
from websockets.protocol import SERVER as SERVER_SIDE
from websockets.protocol import Protocol as Frames
from websockets.server import ServerProtocol

from api.errors import BadRequest, UpgradeRequired
from api.streams.client import Client
from api.streams.connection import Connection
from api.streams.forms import SOCKET, close_frame
from api.streams.frames import frame
from core.shared.audience import TOPICS
from core.shared.errors import FieldError

LONGEST_MESSAGE: Final = 4_096
"""Bytes of one message of a client, its fragments together."""
MOST_FRAMES: Final = 40
"""Frames that a client may send in `FRAMES_SECONDS`, pings included."""
FRAMES_SECONDS: Final = 10.0
MOST_WISHES: Final = 8
"""Changes of topics that wait to be done."""
POLICY: Final = 1008


class Wish(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a client may say; at least one of these."""

    topics: Annotated[list[str], msgspec.Meta(max_length=100)] | None = None
    """Hear of these from now on; of all that may be seen when the list is empty."""
    after: Annotated[int, msgspec.Meta(ge=0, le=2**63 - 1)] | None = None
    """Go on after this position; in the first message only."""
    ping: Annotated[str, msgspec.Meta(max_length=64)] | None = None
    """Comes back, for clients that can't send a Ping frame."""


class SocketClient(Client):
    """A stream over a WebSocket."""

    __slots__ = ("_has_spoken", "wished", "wishes")

    def __init__(self, *arguments: Any) -> None:
        super().__init__(SOCKET, *arguments)
        self.connection = SocketConnection(self)
        self.wishes: deque[Wish] = deque()
        """Said, but not done yet."""
        self.wished: Callable[[SocketClient], None] | None = None
        """Told when there is a wish."""
        self._has_spoken = False

    def wish(self, wish: Wish) -> None:
        """Take what the client said."""
        if wish.ping is not None:
            self.push(self.form.join([frame("pong", wish.ping)]))
        first, self._has_spoken = not self._has_spoken, True
        if wish.after is not None and not first:
            self.refuse("`after` comes in the first message only")
        elif not TOPICS.issuperset(wish.topics or ()):
            self.refuse("an unknown topic")
        elif wish.topics is not None or wish.after is not None:
            self.wishes.append(wish)
            if len(self.wishes) > MOST_WISHES:
                self.refuse("too many messages")
            elif self.wished is not None:
                self.wished(self)

    def refuse(self, reason: str) -> None:
        """End the stream: the client did what it may not."""
        self.end_with(close_frame(POLICY, reason), "refused")


class SocketConnection(Connection):
    """Carries a stream over a WebSocket."""

    __slots__ = ("_counted_since", "_fragments", "_frames", "_is_closing", "_listener", "_received")

    def __init__(self, client: SocketClient) -> None:
        super().__init__(client)
        self._listener = client
        self._frames = Frames(SERVER_SIDE, state=OPEN, max_size=LONGEST_MESSAGE)
        self._fragments: list[bytes] | None = None
        self._is_closing = False
        self._received = 0
        self._counted_since = time.monotonic()

    def finish(self) -> None:
        """Wait for the client's Close frame; the hub's clock cuts off who sends none."""
        self._is_closing = True

    def data_received(self, data: bytes) -> None:
        """Take what the client sent."""
        self._frames.receive_data(data)
        for event in self._frames.events_received():
            if isinstance(event, Frame):
                self._take(event)
        answers = b"".join(self._frames.data_to_send())
        if self._frames.parser_exc is not None or self._frames.close_rcvd is not None:
            # It is over: what the library has to say is the last, unless we said it before.
            if not self._is_closing:
                self.write(answers)
            super().finish()
        elif answers and self.full_since is None:
            self.write(answers)

    def _take(self, part: Frame) -> None:
        if self._is_closing or not self._may_speak():
            return
        if part.opcode is Opcode.TEXT:
            self._fragments = [bytes(part.data)]
        elif part.opcode is Opcode.CONT and self._fragments is not None:
            self._fragments.append(bytes(part.data))
        elif part.opcode in (Opcode.BINARY, Opcode.CONT):
            self._listener.refuse("text only")
            return
        else:
            return
        if part.fin:
            self._understand(b"".join(self._fragments))
            self._fragments = None

    def _may_speak(self) -> bool:
        now = time.monotonic()
        if now - self._counted_since > FRAMES_SECONDS:
            self._counted_since, self._received = now, 0
        self._received += 1
        if self._received > MOST_FRAMES:
            self._listener.refuse("too many messages")
            return False
        return True

    def _understand(self, text: bytes) -> None:
        try:
            wish = _decode(text)
        except (msgspec.DecodeError, UnicodeDecodeError):
            self._listener.refuse("not a message of this protocol")
            return
        if wish == _NOTHING:
            self._listener.refuse("an empty message")
            return
        self._listener.wish(wish)


def accept(headers: Iterable[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    """Return the headers of the answer that accepts a handshake.

    Raises UpgradeRequired where none was asked for, and BadRequest where it is malformed.
    """
    asked = Headers((name.decode("latin-1"), value.decode("latin-1")) for name, value in headers)
    answer = ServerProtocol().accept(Request("/", asked))
    if answer.status_code == _UPGRADE_REQUIRED:
        raise UpgradeRequired("This address speaks WebSocket; `/stream` serves the same over HTTP.")
    if answer.status_code != _SWITCHING:
        raise BadRequest(
            FieldError("Sec-WebSocket-Key", answer.body.decode().strip(), "bad_handshake"),
            message="The WebSocket handshake is malformed.",
        )
    del answer.headers["Date"]  # The server has its own.
    return [(name.lower().encode(), value.encode()) for name, value in answer.headers.raw_items()]


_SWITCHING: Final = 101
_UPGRADE_REQUIRED: Final = 426
_decode: Final = msgspec.json.Decoder(Wish).decode
_NOTHING: Final = Wish()
