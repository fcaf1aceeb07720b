"""Brings work from a plugin's thread to the host's loop, where the database and HTTP live."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


class ContextEnded(RuntimeError):
    """A plugin used its context after the call that it was made for had ended."""


class Marshal:
    """Of one call. Made on the host's loop; used from the plugin's."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._ended = False

    def end(self) -> None:
        """Let nothing more through: the call is over."""
        self._ended = True

    def require_open(self) -> None:
        """Raise ContextEnded when the call is over."""
        if self._ended:
            raise ContextEnded("this context's call has ended; each call is given a context")

    async def on_host(self, work: Callable[[], Coroutine[Any, Any, T]]) -> T:
        """Return what `work` returns on the host's loop; cancelled there if it is here."""
        self.require_open()
        future = asyncio.run_coroutine_threadsafe(work(), self._loop)
        return await asyncio.wrap_future(future)
