"""A page of candidates over HTTP: against FastAPI with an ORM, and against next to nothing."""

from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager

import msgspec

from tests.benchmarks.counting_proxy import counting_proxy
from tests.benchmarks.databases import BENCH, FOLDER, BenchDatabase
from tests.benchmarks.load_client import Job, request_text
from tests.benchmarks.results import Row, ratio_of
from tests.benchmarks.servers import Server, bare, ours, peer, run_load
from tests.benchmarks.setting import Setting, socket_of

CONNECTIONS = 50
PAGE_SIZES = (1, 50, 200)
READS = 40

FASTAPI = "FastAPI + Pydantic + SQLAlchemy ORM"
FASTAPI_CACHED = f"{FASTAPI}, identities cached as ours"
LIMIT = "bare ASGI + asyncpg"


class Round(msgspec.Struct, frozen=True):
    """What one server did in one round."""

    per_second: float
    cpu_ms: float
    """Of the server, for one request."""
    client_share: float
    """Of its core that the load client was busy."""
    server_share: float
    body_bytes: int


async def measure(setting: Setting, database: BenchDatabase) -> list[Row]:
    """Every contender in turn, several times."""
    await setting.forget_rates()
    async with _contenders(setting, database) as servers:
        for server in servers:
            await _round(setting, server, seconds=1.0)
        rounds: dict[str, list[Round]] = {server.name: [] for server in servers}
        for _ in range(setting.rounds):
            for server in servers:
                rounds[server.name].append(await _round(setting, server, setting.seconds))
                await setting.forget_rates()
    ours_name, fastapi, cached, limit = rounds
    _assert_same_pages(rounds, (ours_name, fastapi, cached, limit))
    return [
        *_rows(setting, rounds[ours_name], rounds[fastapi], FASTAPI),
        *_rows(setting, rounds[ours_name], rounds[cached], FASTAPI_CACHED, is_aim=False),
        _limit_row(setting, rounds[ours_name], rounds[limit]),
    ]


async def measure_round_trips(setting: Setting, database: BenchDatabase) -> list[Row]:
    """How often one read of a list waits for PostgreSQL, counted in its protocol."""
    folder = FOLDER / "counted"
    real = socket_of(database.app_url)
    counted: list[float] = []
    async with counting_proxy(real, folder) as trips:
        url = database.app_url.replace(str(real.parent), str(folder))
        async with ours(database, setting.redis_url, setting.cores, database_url=url) as server:
            for limit in PAGE_SIZES:
                await run_load(_job(server, limit, connections=1, most=READS), setting.cores)
                before = trips.count
                await run_load(_job(server, limit, connections=1, most=READS), setting.cores)
                counted.append((trips.count - before) / READS)
    return [
        Row(
            name="round trips for one list read",
            unit="per read",
            peer="",
            ours_rounds=counted,
            peer_rounds=[],
            aim="exactly 1 at any page size",
            is_met=all(count == 1 for count in counted),
            ratio=None,
            machine=setting.machine_line,
            note=f"Query and Sync messages on the connection, pages of {PAGE_SIZES}, {READS} reads "
            "each, the key's identity in the cache.",
        )
    ]


@asynccontextmanager
async def _contenders(setting: Setting, database: BenchDatabase) -> AsyncIterator[list[Server]]:
    cores, redis_url = setting.cores, setting.redis_url
    async with AsyncExitStack() as running:
        yield [
            await running.enter_async_context(ours(database, redis_url, cores)),
            await running.enter_async_context(peer(database, redis_url, cores, cached=False)),
            await running.enter_async_context(peer(database, redis_url, cores, cached=True)),
            await running.enter_async_context(bare(database, BENCH, cores)),
        ]


async def _round(setting: Setting, server: Server, seconds: float) -> Round:
    before = server.cpu_seconds()
    outcome = await run_load(
        _job(server, 50, connections=CONNECTIONS, seconds=seconds), setting.cores
    )
    used = server.cpu_seconds() - before
    return Round(
        per_second=outcome.per_second,
        cpu_ms=used / outcome.answers * 1_000,
        client_share=outcome.cpu_seconds / outcome.seconds,
        server_share=used / outcome.seconds,
        body_bytes=outcome.body_bytes,
    )


def _job(
    server: Server, limit: int, *, connections: int, seconds: float = 30.0, most: int = 0
) -> Job:
    path = f"/api/v1/candidates?limit={limit}"
    request = request_text(path, f"bench.localhost:{server.port}", BENCH.api_key)
    return Job(
        port=server.port, requests=[request], connections=connections, seconds=seconds, most=most
    )


def _assert_same_pages(rounds: dict[str, list[Round]], names: Sequence[str]) -> None:
    """The same rows in the same JSON; writing a time as `Z` or `+00:00` may differ."""
    sizes = {rounds[name][0].body_bytes for name in names}
    if max(sizes) - min(sizes) > 50 * len("+00:00"):
        raise RuntimeError(f"the contenders answer with pages of {sizes} bytes")


def _rows(
    setting: Setting, mine: list[Round], theirs: list[Round], name: str, *, is_aim: bool = True
) -> list[Row]:
    rate = ratio_of([r.per_second for r in mine], [r.per_second for r in theirs])
    cost = ratio_of([r.cpu_ms for r in mine], [r.cpu_ms for r in theirs])
    return [
        Row(
            name="list 50 of 100,000 candidates, 50 connections",
            unit="requests/s",
            peer=name,
            ours_rounds=[r.per_second for r in mine],
            peer_rounds=[r.per_second for r in theirs],
            aim="at least 6 times" if is_aim else "for comparison",
            is_met=rate >= 6,
            is_aim=is_aim,
            ratio=rate,
            machine=setting.machine_line,
            note=_busy(mine, theirs) if is_aim else "",
        ),
        Row(
            name="CPU of the server for one such list",
            unit="ms",
            peer=name,
            ours_rounds=[r.cpu_ms for r in mine],
            peer_rounds=[r.cpu_ms for r in theirs],
            aim="at most 1/6" if is_aim else "for comparison",
            is_met=cost <= 1 / 6,
            is_aim=is_aim,
            ratio=cost,
            machine=setting.machine_line,
        ),
    ]


def _limit_row(setting: Setting, mine: list[Round], theirs: list[Round]) -> Row:
    rate = ratio_of([r.per_second for r in mine], [r.per_second for r in theirs])
    cost = ratio_of([r.cpu_ms for r in mine], [r.cpu_ms for r in theirs])
    return Row(
        name="list 50 of 100,000 candidates, 50 connections",
        unit="requests/s",
        peer=LIMIT,
        ours_rounds=[r.per_second for r in mine],
        peer_rounds=[r.per_second for r in theirs],
        aim="at least 0.65 of the limit",
        is_met=rate >= 0.65,
        ratio=rate,
        machine=setting.machine_line,
        note=f"{_busy(mine, theirs)} Our CPU for a request is {cost:.2f} times the limit's.",
    )


def _busy(mine: list[Round], theirs: list[Round]) -> str:
    client = max(r.client_share for r in (*mine, *theirs))
    return (
        f"The server's core was {min(r.server_share for r in mine):.0%} busy (ours) and "
        f"{min(r.server_share for r in theirs):.0%} (peer), the load client at most {client:.0%} "
        "of the other."
    )
