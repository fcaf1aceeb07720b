"""Takes a plugin's answer over into the host: plain bytes in between, so that nothing of it stays.

An object of a plugin may lie about its type, grow, or run code when it is looked at. So its answer
is packed on the plugin's own thread, and what the host works with is made anew from the bytes.
"""

from collections.abc import Collection
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from typing import Any, Final
from uuid import UUID

import msgspec

MAX_ANSWER_BYTES: Final = 4 * 1024 * 1024
MAX_PARTS: Final = 200_000
"""Most values in one answer; packing more would hold up the whole process for too long."""

_PLAIN: Final = (type(None), bool, float, datetime, date, time, timedelta, UUID, Decimal, Enum)
_encode = msgspec.msgpack.Encoder().encode


class AnswerTooLarge(Exception):
    """The answer has more bytes or parts than the host takes."""


class AnswerMistyped(Exception):
    """The answer isn't what was asked for; the text says what it is instead."""


def pack(answer: Any, max_bytes: int) -> bytes:
    """Return `answer` as bytes. Raises AnswerTooLarge and AnswerMistyped."""
    _measure(answer, max_bytes)
    try:
        packed = _encode(answer)
    except (TypeError, ValueError, OverflowError, RecursionError, UnicodeEncodeError) as error:
        raise AnswerMistyped(f"it can't be read ({type(error).__name__})") from None
    if len(packed) > max_bytes:
        raise AnswerTooLarge
    return packed


def unpack(packed: bytes, expect: Any) -> Any:
    """Return the answer as an `expect` of the host's own making. Raises AnswerMistyped."""
    try:
        return msgspec.msgpack.decode(packed, type=expect)
    except msgspec.ValidationError as error:
        raise AnswerMistyped(str(error)) from None
    except (msgspec.DecodeError, RecursionError) as error:
        raise AnswerMistyped(f"it can't be read ({type(error).__name__})") from None


def _measure(answer: Any, max_bytes: int) -> None:
    """Walk through `answer` and stop where it is too much, before anything is copied."""
    waiting: list[Any] = [answer]
    parts, size = 1, 0
    while waiting:
        value = waiting.pop()
        inside = _inside(value)
        if inside is None:
            size += _size(value)
        else:
            parts += len(inside)
        if size > max_bytes or parts > MAX_PARTS:
            raise AnswerTooLarge
        waiting.extend(inside or ())


def _inside(value: Any) -> Collection[Any] | None:
    """Return the values within `value`, without copying any that are many."""
    if isinstance(value, dict):
        return [*value.keys(), *value.values()] if len(value) <= MAX_PARTS else value
    if isinstance(value, list | tuple | set | frozenset):
        return value
    if isinstance(value, msgspec.Struct):
        return [getattr(value, name) for name in value.__struct_fields__]
    return None


def _size(value: Any) -> int:
    if isinstance(value, str | bytes | bytearray | memoryview):
        return len(value)
    if isinstance(value, int):
        return value.bit_length() // 8
    if isinstance(value, _PLAIN):
        return 0
    raise AnswerMistyped(f"it holds a {type(value).__name__}")
