"""Takes a plugin's answer over into the host: plain bytes in between, so that nothing of it stays.

An object of a plugin may lie about its type, grow, or run code when it is looked at. So its answer
is packed on the plugin's own thread, and what the host works with is made anew from the bytes.
"""

import itertools
from collections.abc import Iterator
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
_KEYS: Final = (str, int, float, date, time, UUID, Decimal, Enum)
"""What JSON can have as a key, written as text."""
_SEQUENCES: Final[tuple[Any, ...]] = (list, tuple, set, frozenset)
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
            parts += inside.count
        if size > max_bytes or parts > MAX_PARTS:
            raise AnswerTooLarge
        if inside is not None:
            waiting.extend(inside.each)


def _inside(value: Any) -> "_Values | None":
    """Return the values within `value`, without copying any that are many.

    By the built-in types' own methods: a class below one may go through its values for ever.
    """
    for kind in _SEQUENCES:
        if isinstance(value, kind):
            return _Values(kind.__len__(value), kind.__iter__(value))
    if isinstance(value, dict):
        values = itertools.chain(_keys(value), dict.values(value))
        return _Values(2 * dict.__len__(value), values)
    if isinstance(value, msgspec.Struct):
        found = [getattr(value, name) for name in value.__struct_fields__]
        return _Values(len(found), iter(found))
    return None


def _keys(value: dict[Any, Any]) -> Iterator[Any]:
    for key in dict.keys(value):
        if isinstance(key, bool) or not isinstance(key, _KEYS):
            raise AnswerMistyped(f"it has a {type(key).__name__} as a key")
        yield key


class _Values(msgspec.Struct, frozen=True):
    count: int
    each: Iterator[Any]


def _size(value: Any) -> int:
    if isinstance(value, str | bytes | bytearray | memoryview):
        return len(value)
    if isinstance(value, int):
        return value.bit_length() // 8
    if isinstance(value, _PLAIN):
        return 0
    raise AnswerMistyped(f"it holds a {type(value).__name__}")
