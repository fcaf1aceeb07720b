"""Room in a worker: many attempts at once, or one alone when it is suspected of ending its worker.

A task whose worker ended during its attempt may have caused that, or only have stood beside what
did. Run alone, it can use up no attempts but its own.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

PATIENCE: Final = 5.0
"""Seconds that the others may take to end; then the suspect has to come again."""


class Room:
    """Who is in, and who waits to be alone."""

    def __init__(self, patience: float = PATIENCE) -> None:
        self._patience = patience
        self._inside = 0
        self._alone = asyncio.Lock()
        self._empty = asyncio.Event()
        self._empty.set()
        self._open = asyncio.Event()
        self._open.set()

    @asynccontextmanager
    async def shared(self) -> AsyncIterator[None]:
        """Go in beside others; waits while somebody is, or wants to be, alone."""
        while not self._open.is_set():
            await self._open.wait()
        self._inside += 1
        self._empty.clear()
        try:
            yield
        finally:
            self._inside -= 1
            if not self._inside:
                self._empty.set()

    @asynccontextmanager
    async def alone(self) -> AsyncIterator[bool]:
        """Go in once all others are out, and yield True; False when they take too long."""
        async with self._alone:
            self._open.clear()
            try:
                async with asyncio.timeout(self._patience):
                    await self._empty.wait()
            except TimeoutError:
                self._open.set()
                yield False
                return
            try:
                yield True
            finally:
                self._open.set()
