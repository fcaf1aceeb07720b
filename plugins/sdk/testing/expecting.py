"""Asserts that suites share, without a test framework, so that they run under any."""

from collections.abc import Awaitable
from typing import Any, TypeVar

E = TypeVar("E", bound=BaseException)


async def expect_raises(kind: type[E], work: Awaitable[Any]) -> E:
    """Await `work` and return what it raised. Raises AssertionError when it wasn't a `kind`."""
    try:
        answer = await work
    except kind as error:
        return error
    raise AssertionError(f"{kind.__name__} was expected, and {answer!r} came back")
