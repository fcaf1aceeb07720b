"""Keyset paging on the wire: the query parameters every list has, and the link to the next page."""

from typing import Annotated, Any, Final, Protocol, TypeVar

import msgspec
from litestar import Request
from litestar.params import QueryParameter

from api.replies import Reply
from core.shared.cursor import MAX_LENGTH
from core.shared.paging import MAX_LIMIT


class Paged(Protocol):
    """A page of a list: `core.shared.paging.Page`, or one that says more."""

    @property
    def next_cursor(self) -> str | None:
        """Where the next page begins; None on the last one."""


P = TypeVar("P", bound=Paged)

LimitParameter = Annotated[
    int,
    QueryParameter(
        ge=1,
        le=MAX_LIMIT,
        description=f"How many items to return, at most {MAX_LIMIT}.",
    ),
]
"""Annotate a list's parameter: `limit: LimitParameter = DEFAULT_LIMIT`."""

CursorParameter = Annotated[
    str | None,
    QueryParameter(
        max_length=MAX_LENGTH,
        description="`next_cursor` of the page before. Opaque: don't make one up.",
    ),
]
"""Annotate a list's parameter: `cursor: CursorParameter = None`."""

_encode: Final = msgspec.json.Encoder().encode


def reply_page(request: "Request[Any, Any, Any]", page: P) -> Reply[P]:
    """Return a page, with `Link: <...>; rel="next"` (RFC 8288) unless it is the last one."""
    body = _encode(page)
    if page.next_cursor is None:
        return Reply(body)
    scope = request.scope
    asked = scope["query_string"].decode("latin-1").replace(">", "%3E").split("&")
    kept = [pair for pair in asked if pair and not pair.startswith("cursor=")]
    query = "&".join([*kept, f"cursor={page.next_cursor}"])
    link = f'<{scope["path"]}?{query}>; rel="next"'
    return Reply(body, headers=[(b"link", link.encode("latin-1"))])
