"""The answer that opens a live stream: its head over HTTP, then the connection changes hands.

Both forms are opened by a GET that passes the gate as any other, so whoever may not is told by an
HTTP status. The request ends, and is logged and timed, when the stream is open.
"""

from typing import Any

from litestar.types import Receive, Scope, Send

from api.replies import Headers, Reply
from api.request_scope import is_head
from api.streams.client import Client
from api.streams.connection import SERVER, StreamableProtocol
from api.streams.hub import Hub
from core.shared.errors import Unavailable

SSE_HEADERS: Headers = (
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-store"),
    # Asks nginx and those that follow it not to hold the stream back.
    (b"x-accel-buffering", b"no"),
    (b"connection", b"close"),
)


class Opening(Reply[Any]):
    """Opens the stream of `client` from after `after` on; None: from now on."""

    def __init__(
        self, hub: Hub, client: Client, after: int | None, status: int, headers: Headers
    ) -> None:
        super().__init__(b"", status=status)
        self.raw_headers = list(headers)
        self._hub = hub
        self._client = client
        self._after = after

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the head and hand the connection over."""
        if is_head(scope):
            await super().__call__(scope, receive, send)
            return
        server = scope.get(SERVER)
        if not isinstance(server, StreamableProtocol):
            raise Unavailable("Streams can be opened on the product's own server only.")
        await self._hub.admit(self._client)
        try:
            if self.status_code == 101:
                server.switch_protocols()
            await send(
                {
                    "type": "http.response.start",
                    "status": self.status_code,
                    "headers": self.raw_headers,
                }
            )
            server.hand_over(self._client.connection)
        except BaseException:
            self._hub.leave(self._client)
            raise
        self._hub.attend(self._client, self._after)
