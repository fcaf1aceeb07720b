"""Answers a request with a stream of server-sent events (WHATWG HTML, 9.2)."""

import random
from collections.abc import Callable, Mapping
from typing import Any, Final, cast

from litestar.types import Receive, Scope, Send

from api.replies import Reply
from api.request_scope import is_head
from api.streams.client import Client
from api.streams.frames import farewell
from api.streams.hub import Hub
from api.streams.view import View
from core.shared.errors import Unavailable

ABORT: Final = "intellimatch.abort"
"""Where `api.serve` leaves what ends a connection at once."""

_HEADERS: Final = [
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-store"),
    # Asks nginx and those that follow it not to hold the stream back.
    (b"x-accel-buffering", b"no"),
]


class EventStream(Reply[bytes]):
    """A stream of what `view` shows, from after `after` on; None: from now on."""

    def __init__(
        self,
        hub: Hub,
        view: View,
        topics: frozenset[str],
        owner: str,
        credential: Mapping[bytes, bytes],
        after: int | None,
    ) -> None:
        super().__init__(b"")
        self._hub = hub
        self._view = view
        self._topics = topics
        self._owner = owner
        self._credential = credential
        self._after = after

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Stream until either side ends it."""
        if is_head(scope):
            await send({"type": "http.response.start", "status": 200, "headers": _HEADERS})
            await send({"type": "http.response.body", "body": b"", "more_body": False})
            return
        cut = cast("Callable[[], object]", cast("dict[str, Any]", scope).get(ABORT, _nothing))
        client = Client(
            self._view,
            self._topics,
            self._owner,
            self._credential,
            send,
            cut,
            self._hub.lifetime(),
        )
        feed = self._hub.join(client)
        try:
            await feed.open()
            await send({"type": "http.response.start", "status": 200, "headers": _HEADERS})
            retry = random.randint(1_000, 5_000)  # noqa: S311 - spreads reconnections; no secret
            await client.write(b"retry: %d\n\n" % retry)
            try:
                await feed.replay(client, self._after)
            except Unavailable:
                await client.write(farewell("unavailable", retry))
                await send({"type": "http.response.body", "body": b"", "more_body": False})
                return
            while (await receive())["type"] != "http.disconnect":
                pass
        finally:
            self._hub.leave(client, feed)


def _nothing() -> None:
    """Leave the connection to its end: this server offers no way to cut it."""
