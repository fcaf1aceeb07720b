"""A database that takes statements and never answers, as behind a cut network, is given up on."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
import sqlalchemy as sa

from core.shared.errors import Unavailable
from plugins.postgres import database as doors
from plugins.postgres.database import Database, DatabaseSettings
from tests.fixtures.databases import TestDatabase
from tests.fixtures.worlds import World

pytestmark = pytest.mark.embedded


class Line:
    """A Unix socket to the real server, which can be cut without either end being told."""

    def __init__(self, server: str) -> None:
        self._server = server
        self._open = asyncio.Event()
        self._open.set()

    def cut(self) -> None:
        self._open.clear()

    def mend(self) -> None:
        self._open.set()

    async def carry(self, near: asyncio.StreamReader, back: asyncio.StreamWriter) -> None:
        far, forth = await asyncio.open_unix_connection(self._server)
        await asyncio.gather(self._pump(near, forth), self._pump(far, back), return_exceptions=True)

    async def _pump(self, source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
        while data := await source.read(65_536):
            await self._open.wait()
            target.write(data)
            await target.drain()
        target.close()


@asynccontextmanager
async def line_to(url: str, folder: Path) -> AsyncIterator[tuple[Line, str]]:
    parts = urlsplit(url)
    (real,) = parse_qs(parts.query)["host"]
    line = Line(f"{real}/.s.PGSQL.5432")
    listening = await asyncio.start_unix_server(line.carry, folder / ".s.PGSQL.5432")
    try:
        yield line, url.replace(parts.query, f"host={folder}")
    finally:
        line.mend()
        listening.close()


async def test_a_silent_server_is_unavailable_after_a_while(
    database: TestDatabase, world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(doors, "ANSWER_SECONDS", 0.3)
    async with line_to(database.app_url, tmp_path) as (line, url):
        opened = await Database.open(DatabaseSettings(url, 2, 2, 1_000, statement_timeout_ms=200))
        try:
            reader = opened.reader(world.acme.id)

            async def read() -> None:
                await opened.fetch("SELECT 1")

            async def write() -> None:
                await reader.select(sa.text("SELECT 1"))

            for ask in (read, write):
                await ask()
            line.cut()
            started = time.monotonic()
            for ask in (read, write):
                with pytest.raises(Unavailable):
                    async with asyncio.timeout(30):
                        await ask()
            assert time.monotonic() - started < 30
            line.mend()
            for ask in (read, write):
                await ask()
        finally:
            await opened.close()
