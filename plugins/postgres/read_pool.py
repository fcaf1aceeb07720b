"""Connections for hot reads, lent for one statement each. Used by `plugins.postgres.database` only.

asyncpg's own pool starts a task, shields it and resets the connection for every loan, which costs
a third as much as the read itself. A statement that is a transaction of its own leaves nothing to
reset, so a loan here is a `pop` and an `append`.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import asyncpg

_CLOSE_SECONDS = 5.0


class ReadPool:
    """At most `size` connections. Waiting for one raises TimeoutError after `patience_seconds`."""

    def __init__(
        self, connect: Callable[[], Awaitable[Any]], size: int, patience_seconds: float
    ) -> None:
        self._connect = connect
        self._patience = patience_seconds
        self._loans = size
        """How many more may be lent now."""
        self._idle: list[Any] = []
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._closed = False

    async def warm_up(self) -> None:
        """Connect once. Raises what connecting raises."""
        async with self.connection():
            pass

    async def fetch(self, sql: str, *arguments: Any) -> list[Any]:
        """Run one statement as a transaction of its own and return its rows."""
        connection = await self._borrow()
        try:
            rows: list[Any] = await connection.fetch(sql, *arguments)
        except asyncpg.PostgresError:
            # The server refused the statement; the connection is as before, or closed by it.
            self._give_back(connection)
            raise
        except BaseException:
            # Cancelled or cut off half-way: what arrives next would be the answer to this.
            self._discard(connection)
            raise
        self._give_back(connection)
        return rows

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[Any]:
        """Lend a connection for several statements that leave no session state behind."""
        connection = await self._borrow()
        try:
            yield connection
        except BaseException:
            self._discard(connection)
            raise
        self._give_back(connection)

    def drop_idle(self) -> None:
        """Forget every connection that isn't lent: the server they were made to has gone."""
        while self._idle:
            self._idle.pop().terminate()

    async def close(self) -> None:
        """Close idle connections now and lent ones when they come back."""
        self._closed = True
        idle, self._idle = self._idle, []
        for connection in idle:
            try:
                await connection.close(timeout=_CLOSE_SECONDS)
            except (TimeoutError, OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
                connection.terminate()

    async def _borrow(self) -> Any:
        if self._loans:
            self._loans -= 1
        else:
            await self._wait()
        # The last one used is taken first: the server has its plans at hand.
        while self._idle:
            connection = self._idle.pop()
            if not connection.is_closed():
                return connection
        try:
            return await self._connect()
        except BaseException:
            self._end_loan()
            raise

    def _give_back(self, connection: Any) -> None:
        if self._closed:
            connection.terminate()
        elif not connection.is_closed():
            self._idle.append(connection)
        self._end_loan()

    def _discard(self, connection: Any) -> None:
        connection.terminate()
        self._end_loan()

    def _end_loan(self) -> None:
        """Let the next in line borrow, first come first served."""
        while self._waiting:
            turn = self._waiting.popleft()
            if not turn.done():
                turn.set_result(None)
                return
        self._loans += 1

    async def _wait(self) -> None:
        loop = asyncio.get_running_loop()
        turn: asyncio.Future[None] = loop.create_future()
        self._waiting.append(turn)
        # Cheaper than asyncio.timeout, which would be made for each read of a busy server.
        timer = loop.call_later(self._patience, _give_up, turn)
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled() and turn.exception() is None:
                # Its turn came at the moment it was cancelled.
                self._end_loan()
            raise
        finally:
            timer.cancel()


def _give_up(turn: "asyncio.Future[None]") -> None:
    if not turn.done():
        turn.set_exception(TimeoutError("no connection for reads became free"))
