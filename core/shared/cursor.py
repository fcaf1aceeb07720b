"""Opaque cursors of keyset paging: the sort key of the last row that was given.

Query adapters encode what they need to go on; the tenant is never in it, it comes from the scope.
A cursor isn't signed: a forged one only starts a list elsewhere within what the caller may see.
"""

import base64
import binascii
from datetime import UTC, datetime
from typing import Any, TypeVar

import msgspec

from core.shared.errors import FieldError, InvalidInput

T = TypeVar("T")

MAX_LENGTH = 2_000

INTEGER = range(-(2**31), 2**31)
"""What a column of the type integer holds."""

_encoder = msgspec.json.Encoder()


def encode_cursor(key: Any) -> str:
    """Return `key`, a Struct or tuple of plain values, as an opaque URL-safe text."""
    return base64.urlsafe_b64encode(_encoder.encode(key)).decode().rstrip("=")


def decode_cursor(cursor: str, key_type: type[T]) -> T:
    """Return the sort key that `encode_cursor` made into `cursor`.

    Raises InvalidInput naming the field `cursor` when it is none of ours or from another list.
    """
    if len(cursor) > MAX_LENGTH or not cursor.isascii():
        raise _refused()
    try:
        raw = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
        if b"\\u0000" in raw:
            raise _refused()
        key = msgspec.json.decode(raw, type=key_type)
    except (binascii.Error, ValueError, msgspec.MsgspecError) as error:
        raise _refused() from error
    if not all(_is_comparable(part) for part in _parts(key)):
        raise _refused()
    return key


def _parts(key: Any) -> tuple[Any, ...]:
    if isinstance(key, msgspec.Struct):
        return msgspec.structs.astuple(key)
    return key if isinstance(key, tuple) else (key,)


def _is_comparable(part: Any) -> bool:
    """Whether the database can compare rows with this part of a key."""
    if isinstance(part, datetime):
        try:
            part.astimezone(UTC)
        except OverflowError:
            return False
    return not isinstance(part, int) or part in INTEGER


def _refused() -> InvalidInput:
    return InvalidInput(
        FieldError(
            "cursor",
            "Not a cursor of this list. Use next_cursor of the page before, or leave it out.",
            "invalid_cursor",
        )
    )
