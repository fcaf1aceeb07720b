"""Answers as bytes: what controllers return, sent without the framework's own encoder."""

from collections.abc import Iterable
from typing import Any, Generic, TypeVar

import msgspec
from litestar import Response
from litestar.types import HTTPResponseStartEvent, Receive, Scope, Send

T = TypeVar("T")

Headers = Iterable[tuple[bytes, bytes]]

JSON = b"application/json"
_encode = msgspec.json.Encoder().encode


class Reply(Response[T], Generic[T]):
    """An encoded answer; `T` is the view in it and serves the OpenAPI document only.

    The base class is not initialised: its header and cookie objects cost more than the answer.
    """

    def __init__(
        self,
        body: bytes,
        *,
        status: int = 200,
        headers: Headers = (),
        content_type: bytes = JSON,
    ) -> None:
        self.status_code: int = status
        self.body = body
        self.raw_headers: list[tuple[bytes, bytes]] = [
            (b"content-type", content_type),
            (b"content-length", str(len(body)).encode()),
            *headers,
        ]
        if status in (204, 304):
            del self.raw_headers[:2]

    def to_asgi_response(self, *_: Any, **__: Any) -> Any:
        """Return itself: it is an ASGI application already."""
        return self

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002
        """Send the answer."""
        start: HTTPResponseStartEvent = {
            "type": "http.response.start",
            "status": self.status_code,
            "headers": self.raw_headers,
        }
        await send(start)
        await send({"type": "http.response.body", "body": self.body, "more_body": False})


def reply(view: T, *, status: int = 200, headers: Headers = ()) -> Reply[T]:
    """Return `view` as a JSON answer."""
    return Reply(_encode(view), status=status, headers=headers)


def no_content(headers: Headers = ()) -> Reply[None]:
    """Return an answer without a body (204)."""
    return Reply(b"", status=204, headers=headers)


def not_found() -> Reply[None]:
    """Return the 404 that tells nothing at all, not even whose server this is."""
    return Reply(b"Not found", status=404, content_type=b"text/plain; charset=utf-8")


def download(
    content: bytes, *, file_name: str, content_type: str, headers: Headers = ()
) -> Reply[bytes]:
    """Return a file to be saved, never shown in the page. `file_name` must be plain ASCII."""
    disposition = f'attachment; filename="{file_name}"'
    return Reply(
        content,
        headers=[(b"content-disposition", disposition.encode("ascii")), *headers],
        content_type=content_type.encode("ascii"),
    )
