"""Limits the size of request bodies, whether their length was declared or they come in chunks."""

from collections.abc import Mapping

from litestar.exceptions import HTTPException
from litestar.types import HTTPReceiveMessage, Receive

_TOO_LARGE = 413


class BodyTooLarge(HTTPException):
    """More came than is accepted."""

    status_code = _TOO_LARGE


class LimitedBody:
    """A `receive` that raises BodyTooLarge after `limit` bytes."""

    __slots__ = ("_left", "_receive")

    def __init__(self, receive: Receive, limit: int) -> None:
        self._receive = receive
        self._left = limit

    async def receive(self) -> HTTPReceiveMessage:
        """Return the next message of the body."""
        message: HTTPReceiveMessage = await self._receive()  # type: ignore[assignment]
        if message["type"] == "http.request":
            self._left -= len(message["body"])
            if self._left < 0:
                raise BodyTooLarge("The request body is larger than this server accepts.")
        return message


def declared_too_large(headers: Mapping[bytes, bytes], limit: int) -> bool:
    """Whether Content-Length announces more than `limit` bytes."""
    length = headers.get(b"content-length")
    return length is not None and length.isdigit() and int(length[:19]) > limit
