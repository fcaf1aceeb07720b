"""Whether the running task is inside a transaction: whoever is about to wait for a stranger asks.

`Database.unit` notes each transaction here. A task that was started inside one and outlives it is
outside once that ended.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar


class _OpenUnit:
    """One transaction, known to every task that was started inside it."""

    __slots__ = ("is_open",)

    def __init__(self) -> None:
        self.is_open = True


_around: ContextVar[tuple[_OpenUnit, ...]] = ContextVar("open_units", default=())


def in_transaction() -> bool:
    """Whether a transaction is open around what runs now."""
    return any(unit.is_open for unit in _around.get())


@contextmanager
def noted() -> Iterator[None]:
    """Note a transaction for as long as the block runs."""
    before = _around.get()
    unit = _OpenUnit()
    _around.set((*before, unit))
    try:
        yield
    finally:
        unit.is_open = False
        _around.set(before)
