"""The benchmarks' engines and databases, kept in `.data/bench` and filled once per schema.

| database | holds |
|---|---|
| bench_few | 10 tenants: `bench` with 100,000 candidates, nine with 20 |
| bench_many | 10,000 tenants: `bench`, `small` with 1,000, `large` with 1,000,000, others with 20 |
| bench_search | one tenant, `bench`, with 200,000 candidates that search finds |
| bench_pages | one tenant with 100,000 candidates, jobs and boards: `pages_seeding.py` |
"""

import hashlib
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import asyncpg
import click
import msgspec
from sqlalchemy.dialects import postgresql
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.schema import CreateIndex, CreateTable

from plugins.postgres.addresses import role_url
from plugins.postgres.migrate import MigrationError, migrate
from plugins.postgres.roles import DEFAULT_ROLES, drop_database, prepare_database
from plugins.postgres.tables import metadata
from tests.benchmarks.candidate_rows import insert_candidates
from tests.benchmarks.searchable import insert_searchable
from tests.benchmarks.tenants_made import BenchTenant, bench_tenant, insert_tenants
from tests.fixtures.repository import ROOT

FOLDER = ROOT / ".data" / "bench"

BENCH = bench_tenant(1, "bench")
SMALL = bench_tenant(2, "small")
LARGE = bench_tenant(3, "large")

LISTED = 100_000
SEARCHED = 200_000

_MAKERS = ("databases.py", "candidate_rows.py", "searchable.py", "tenants_made.py")

Fill = Callable[[asyncpg.Connection], Awaitable[None]]


class BenchDatabase(msgspec.Struct, frozen=True):
    """A filled database and how the roles reach it."""

    name: str
    admin_url: str
    app_url: str

    @property
    def relay_url(self) -> str:
        """As the role of workers that carries events on."""
        return role_url(self.admin_url, DEFAULT_ROLES.relay, database=self.name)


def others(count: int, first: int = 10) -> list[BenchTenant]:
    """Tenants that are only there to be many."""
    return [bench_tenant(number, f"t{number}") for number in range(first, first + count)]


async def few(admin_url: str) -> BenchDatabase:
    """Ten tenants."""
    return await kept(admin_url, "bench_few", _fill_few)


async def many(admin_url: str) -> BenchDatabase:
    """Ten thousand tenants."""
    return await kept(admin_url, "bench_many", _fill_many)


async def searchable(admin_url: str) -> BenchDatabase:
    """One tenant to search in."""
    return await kept(admin_url, "bench_search", _fill_search)


async def kept(
    admin_url: str, name: str, fill: Fill, makers: tuple[str, ...] = ()
) -> BenchDatabase:
    """Return the database as it was kept, or make and fill it.

    It is made anew when the tables change, or one of `makers`: files of this folder beside those
    that make all of them.
    """
    database = BenchDatabase(
        name=name,
        admin_url=role_url(admin_url, "postgres", database=name),
        app_url=role_url(admin_url, DEFAULT_ROLES.app, database=name),
    )
    owner_url = role_url(admin_url, DEFAULT_ROLES.owner, database=name)
    stamp = _stamp((*_MAKERS, *makers))
    if await _comment(admin_url, name) == stamp and await _is_migrated(owner_url):
        return database
    click.echo(f"Filling {name}, once")
    started = time.perf_counter()
    await drop_database(admin_url, name)
    await prepare_database(admin_url, name)
    await migrate(owner_url)
    connection = await asyncpg.connect(database.admin_url, command_timeout=900)
    try:
        await fill(connection)
        await connection.execute("VACUUM (ANALYZE)")
        await connection.execute("CHECKPOINT")
        await connection.execute(f"COMMENT ON DATABASE {name} IS '{stamp}'")
    finally:
        await connection.close()
    click.echo(f"  {time.perf_counter() - started:.0f} s")
    return database


async def _fill_few(connection: asyncpg.Connection) -> None:
    rest = others(9)
    await insert_tenants(connection, [BENCH, *rest])
    await insert_candidates(connection, [each.id for each in rest[:5]], 20)
    await insert_candidates(connection, [BENCH.id], LISTED)
    await insert_candidates(connection, [each.id for each in rest[5:]], 20)


async def _fill_many(connection: asyncpg.Connection) -> None:
    rest = others(9_997)
    await insert_tenants(connection, [BENCH, SMALL, LARGE, *rest])
    await insert_candidates(connection, [each.id for each in rest[:5_000]], 20)
    await insert_candidates(connection, [BENCH.id], LISTED)
    await insert_candidates(connection, [SMALL.id], 1_000)
    await insert_candidates(connection, [LARGE.id], 1_000_000)
    await insert_candidates(connection, [each.id for each in rest[5_000:]], 20)


async def _fill_search(connection: asyncpg.Connection) -> None:
    await insert_tenants(connection, [BENCH])
    await insert_searchable(connection, BENCH.id, SEARCHED)


async def _is_migrated(owner_url: str) -> bool:
    """Bring a kept database up to date; False when it must be made anew."""
    try:
        await migrate(owner_url)
    except (MigrationError, SQLAlchemyError, asyncpg.PostgresError):
        return False
    return True


async def _comment(admin_url: str, name: str) -> str | None:
    connection = await asyncpg.connect(admin_url)
    try:
        comment: str | None = await connection.fetchval(
            "SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = $1", name
        )
    finally:
        await connection.close()
    return comment


def _stamp(names: tuple[str, ...]) -> str:
    """Changes with the tables and with the way the rows are made; functions are replaced anyway."""
    digest = hashlib.sha256()
    dialect = postgresql.dialect()  # type: ignore[no-untyped-call]
    for table in metadata.sorted_tables:
        digest.update(str(CreateTable(table).compile(dialect=dialect)).encode())
        for index in sorted(table.indexes, key=lambda each: str(each.name)):
            digest.update(str(CreateIndex(index).compile(dialect=dialect)).encode())
    makers = [Path(__file__).parent / name for name in names]
    for path in (*makers, ROOT / "plugins" / "postgres" / "search_words.py"):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]
