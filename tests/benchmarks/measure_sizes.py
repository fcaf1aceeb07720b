"""The same list whatever else is there: many tenants or few, a large tenant or a small one."""

from contextlib import AsyncExitStack

import asyncpg

from tests.benchmarks.buffers import page_buffers
from tests.benchmarks.databases import BENCH, LARGE, SMALL, BenchDatabase
from tests.benchmarks.load_client import Job, request_text
from tests.benchmarks.results import Row, percentile
from tests.benchmarks.servers import Server, ours, run_load
from tests.benchmarks.setting import Setting
from tests.benchmarks.tenants_made import BenchTenant

ALLOWED = 0.15
BUFFERS_APART = 2
REQUESTS = 300
ROUNDS = 2
"""Times as many as elsewhere: what is compared here differs by a few per cent."""

Place = tuple[str, BenchDatabase, BenchTenant]


async def measure(setting: Setting, few: BenchDatabase, many: BenchDatabase) -> list[Row]:
    """Latency of one caller, and buffers, for both pairs."""
    pairs = (
        ("10,000 tenants against 10", (many, BENCH), (few, BENCH)),
        ("1,000,000 rows in the tenant against 1,000", (many, LARGE), (many, SMALL)),
    )
    await setting.forget_rates()
    rows: list[Row] = []
    async with AsyncExitStack() as running:
        servers = {
            each.name: await running.enter_async_context(
                ours(each, setting.redis_url, setting.cores)
            )
            for each in (few, many)
        }
        for name, bigger, smaller in pairs:
            rows += await _pair(setting, servers, name, bigger, smaller)
    return rows


async def _pair(
    setting: Setting,
    servers: dict[str, Server],
    name: str,
    bigger: tuple[BenchDatabase, BenchTenant],
    smaller: tuple[BenchDatabase, BenchTenant],
) -> list[Row]:
    times: tuple[list[float], list[float]] = ([], [])
    for _ in range(ROUNDS * setting.rounds + 1):
        for found, (database, tenant) in zip(times, (bigger, smaller), strict=True):
            found.append(await _p50(setting, servers[database.name], tenant))
    # The first round warmed caches and plans.
    mine, theirs = times[0][1:], times[1][1:]
    ratio = sorted(a / b for a, b in zip(mine, theirs, strict=True))[len(mine) // 2]
    buffers = [float(await _buffers(*place)) for place in (bigger, smaller)]
    return [
        Row(
            name=f"p50 of the list, {name}",
            unit="ms",
            peer="the smaller",
            ours_rounds=mine,
            peer_rounds=theirs,
            aim="within 15 % of each other",
            is_met=1 - ALLOWED <= ratio <= 1 + ALLOWED,
            ratio=ratio,
            machine=setting.machine_line,
        ),
        Row(
            name=f"shared buffers hit by the list, {name}",
            unit="buffers",
            peer="the smaller",
            ours_rounds=buffers[:1],
            peer_rounds=buffers[1:],
            aim="equal within 2",
            is_met=abs(buffers[0] - buffers[1]) <= BUFFERS_APART,
            ratio=buffers[0] / buffers[1],
            machine=setting.machine_line,
        ),
    ]


async def _p50(setting: Setting, server: Server, tenant: BenchTenant) -> float:
    request = request_text(
        "/api/v1/candidates", f"{tenant.context.slug}.localhost:{server.port}", tenant.api_key
    )
    job = Job(port=server.port, requests=[request], connections=1, seconds=30.0, most=REQUESTS)
    return percentile((await run_load(job, setting.cores)).latencies, 0.5)


async def _buffers(database: BenchDatabase, tenant: BenchTenant) -> int:
    connection = await asyncpg.connect(database.app_url)
    try:
        return (await page_buffers(connection, tenant.id)).total
    finally:
        await connection.close()
