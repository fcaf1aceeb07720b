"""python-socketio as its documentation has it: an AsyncServer that emits to everybody.

Run by uvicorn. `POST /publish` emits its body, a JSON document, as an event.
"""

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

import msgspec
import socketio  # type: ignore[import-untyped]

Message = MutableMapping[str, Any]
Send = Callable[[Message], Awaitable[None]]
Receive = Callable[[], Awaitable[Message]]

# Pings would only cost it time: the clients here never lose their connection unnoticed.
server = socketio.AsyncServer(async_mode="asgi", ping_interval=3_600)


async def _publish(scope: Message, receive: Receive, send: Send) -> None:
    """Whatever isn't Socket.IO's own path comes here."""
    status = 404
    if scope["type"] == "http" and scope["path"] == "/publish":
        message = await receive()
        await server.emit("job.edited", msgspec.json.decode(message["body"]))
        status = 200
    headers = [(b"content-length", b"0")]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": b""})


app = socketio.ASGIApp(server, other_asgi_app=_publish)
