"""Connections for reads are lent, come back, and are never lent twice or while an answer is due."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import pytest
import pytest_asyncio

from plugins.postgres.read_pool import ReadPool
from tests.fixtures.databases import TestDatabase
from tests.fixtures.examined import Examined

SIZE = 2


class Opened:
    """A pool and every connection it made."""

    def __init__(self, url: str, patience_seconds: float = 30.0) -> None:
        self.connections: list[Any] = []
        self._url = url
        self.pool = ReadPool(self._connect, SIZE, patience_seconds)

    async def _connect(self) -> Any:
        connection = await asyncpg.connect(self._url)
        self.connections.append(connection)
        return connection

    @property
    def alive(self) -> int:
        return sum(not connection.is_closed() for connection in self.connections)


@pytest_asyncio.fixture(loop_scope="session")
async def opened(database: TestDatabase) -> AsyncIterator[Opened]:
    made = Opened(database.app_url)
    yield made
    await made.pool.close()
    assert made.alive == 0


async def test_readers_share_the_connections_and_get_their_own_answers(
    opened: Opened, examined: Examined
) -> None:
    asked = range(200)
    answers = await asyncio.gather(
        *(opened.pool.fetch("SELECT $1::int AS number, pg_sleep(0.001)", each) for each in asked)
    )
    assert [rows[0]["number"] for rows in answers] == list(asked)
    assert len(opened.connections) == SIZE
    examined("reads", len(answers))


async def disturb(pool: ReadPool) -> tuple[int, list[object]]:
    """Cancel readers at every moment; return how many, and what went wrong for the others."""
    cancelled = 0
    wrong: list[object] = []
    for number in range(60):
        tasks = [
            asyncio.create_task(pool.fetch("SELECT $1::int, pg_sleep(0.002)", each))
            for each in range(5)
        ]
        await asyncio.sleep(number % 7 / 1_000)
        # One that runs and one that waits in line, or whatever they are by now.
        for task in (tasks[0], tasks[3]):
            task.cancel()
        for each, result in enumerate(await asyncio.gather(*tasks, return_exceptions=True)):
            if isinstance(result, asyncio.CancelledError):
                cancelled += 1
            elif isinstance(result, BaseException) or result[0][0] != each:
                wrong.append(result)
    return cancelled, wrong


async def test_a_cancelled_reader_leaves_no_answer_behind_for_the_next(
    opened: Opened, examined: Examined
) -> None:
    cancelled, wrong = await disturb(opened.pool)
    assert wrong == []
    # Every loan has ended: both connections can be lent at once.
    assert len(await asyncio.gather(*(opened.pool.fetch("SELECT 1") for _ in range(SIZE)))) == SIZE
    assert opened.alive <= SIZE
    examined("cancelled", cancelled)


async def test_a_pool_that_forgets_whose_loan_ended_is_found_out(
    database: TestDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = Opened(database.app_url, patience_seconds=0.05)
    monkeypatch.setattr(opened.pool, "_discard", lambda connection: connection.terminate())
    _, wrong = await disturb(opened.pool)
    assert wrong != []
    await opened.pool.close()


async def test_a_refused_statement_costs_no_connection(opened: Opened) -> None:
    with pytest.raises(asyncpg.DivisionByZeroError):
        await opened.pool.fetch("SELECT 1 / 0")
    assert await opened.pool.fetch("SELECT 1 AS one")
    assert len(opened.connections) == 1


async def test_a_connection_that_the_server_closed_is_replaced(
    opened: Opened, database: TestDatabase
) -> None:
    pid = (await opened.pool.fetch("SELECT pg_backend_pid() AS pid"))[0]["pid"]
    admin = await asyncpg.connect(database.admin_url)
    await admin.execute("SELECT pg_terminate_backend($1, 5000)", pid)
    await admin.close()
    opened.pool.drop_idle()
    assert (await opened.pool.fetch("SELECT pg_backend_pid() AS pid"))[0]["pid"] != pid


async def test_who_waits_too_long_is_told(database: TestDatabase) -> None:
    opened = Opened(database.app_url, patience_seconds=0.05)
    slow = [asyncio.create_task(opened.pool.fetch("SELECT pg_sleep(2)")) for _ in range(SIZE)]
    await asyncio.sleep(0.1)
    with pytest.raises(TimeoutError):
        await opened.pool.fetch("SELECT 1")
    await asyncio.gather(*slow)
    assert await opened.pool.fetch("SELECT 1")
    await opened.pool.close()
    assert opened.alive == 0


async def test_a_failed_connect_doesnt_use_up_a_loan(database: TestDatabase) -> None:
    fails = True

    async def connect() -> Any:
        if fails:
            raise ConnectionRefusedError
        return await asyncpg.connect(database.app_url)

    pool = ReadPool(connect, 1, 1.0)
    for _ in range(3):
        with pytest.raises(ConnectionRefusedError):
            await pool.fetch("SELECT 1")
    fails = False
    assert await pool.fetch("SELECT 1")
    await pool.close()
