"""Keyset paging: a page knows where the next one starts, and nothing is counted or skipped."""

from collections.abc import Sequence
from typing import Annotated, Generic, TypeVar

import msgspec

T = TypeVar("T")

DEFAULT_LIMIT = 50
MAX_LIMIT = 200

Limit = Annotated[int, msgspec.Meta(ge=1, le=MAX_LIMIT)]


class Page(msgspec.Struct, Generic[T], frozen=True):
    """One page of a list, newest first unless the list says otherwise."""

    items: Sequence[T]
    next_cursor: str | None = None
    """Pass as `cursor` to get the next page; null on the last one."""


class PageRequest(msgspec.Struct, frozen=True):
    """Where to start and how much to return."""

    limit: Limit = DEFAULT_LIMIT
    cursor: str | None = None
