"""What twenty enabled plugins cost a tenant's requests that don't use them.

One server has the plugins installed; two tenants with the same data are asked in turn, one with all
of them enabled and one with none. Each plugin has a route, a page in the navigation, a handler, a
webhook and a secret.
"""

import statistics
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

import asyncpg
import httpx

from tests.benchmarks.databases import FOLDER, BenchDatabase, few, others
from tests.benchmarks.load_client import Job, request_text
from tests.benchmarks.results import Row, ratio_of
from tests.benchmarks.servers import Server, ours, run_load
from tests.benchmarks.setting import Setting
from tests.benchmarks.tenants_made import BenchTenant
from tests.fixtures.repository import ROOT

COUNT: Final = 20
MOST: Final = 1.10
"""Of the median without plugins."""

ASKED: Final = {
    "list 20 candidates": "/api/v1/candidates?limit=20",
    "the page of jobs": "/jobs",
}
PLUGIN: Final = '''"""A plugin of the benchmarks."""

from plugins.sdk import (
    EventHandler, InboundWebhook, Manifest, Page, PageContent, Response, Route, SecretText,
    Settings, SettingsSpec, hook,
)
from plugins.sdk.events import CandidateCreated


class Options(Settings, frozen=True):
    token: SecretText
    limit: int = 10


async def answer(context, request):
    return Response()


async def show(context, request):
    return PageContent(title="Bench", html="<p>Bench</p>")


async def handle(context, event):
    return None


async def verify(context, request):
    return "delivery"


@hook
def manifest():
    return Manifest(id="{id}", name="{id}", version="1.0.0", sdk=">=1.0,<2", summary="Bench.")


@hook
def settings():
    return SettingsSpec(type=Options)


@hook
def routes():
    return [Route(method="GET", path="/", handle=answer, action="jobs:read", summary="Answer")]


@hook
def pages():
    return [Page(path="/", render=show, action="jobs:read", navigation="{id}")]


@hook
def event_handlers():
    return [EventHandler(name="handle", event=CandidateCreated, handle=handle)]


@hook
def webhooks():
    return [InboundWebhook(name="vendor", verify=verify, handle=handle)]
'''


async def measure(setting: Setting) -> list[Row]:
    """The median of each kind of request, for both tenants in turn."""
    database = await few(setting.admin_url)
    full, empty = others(2)
    path = f"{_install(FOLDER / 'plugins')}:{ROOT}"
    rows = []
    try:
        async with ours(database, setting.redis_url, setting.cores, PYTHONPATH=path) as server:
            await _enable(server, full)
            for name, address in ASKED.items():
                with_plugins: list[float] = []
                without: list[float] = []
                await _medians(setting, server, (full, empty), address, 1.0)
                for _ in range(setting.rounds):
                    medians = await _medians(
                        setting, server, (full, empty), address, setting.seconds
                    )
                    with_plugins.append(medians[0])
                    without.append(medians[1])
                rows.append(_row(setting, name, with_plugins, without))
    finally:
        await _forget(database)
    return rows


def _row(setting: Setting, name: str, with_plugins: list[float], without: list[float]) -> Row:
    ratio = ratio_of(with_plugins, without)
    return Row(
        name=f"{name}, {COUNT} plugins enabled",
        unit="ms (p50)",
        peer="the same with none",
        ours_rounds=with_plugins,
        peer_rounds=without,
        aim=f"at most {MOST:.2f} times",
        is_met=ratio <= MOST,
        ratio=ratio,
        machine=setting.machine_line,
        note="One connection; both tenants in turn, request by request, on one server.",
    )


async def _medians(
    setting: Setting,
    server: Server,
    tenants: tuple[BenchTenant, BenchTenant],
    address: str,
    seconds: float,
) -> tuple[float, float]:
    """Ask for both tenants in turn, request by request, so that both see the same machine."""
    requests = [
        request_text(address, f"{each.context.slug}.localhost:{server.port}", each.api_key)
        for each in tenants
    ]
    outcome = await run_load(
        Job(port=server.port, requests=requests, connections=1, seconds=seconds), setting.cores
    )
    await setting.forget_rates()
    return statistics.median(outcome.latencies[::2]), statistics.median(outcome.latencies[1::2])


def _install(folder: Path) -> Path:
    """Write a distribution with the plugins; what is on `PYTHONPATH` counts as installed."""
    about = folder / "bench_plugins-1.0.0.dist-info"
    about.mkdir(parents=True, exist_ok=True)
    for plugin_id in _ids():
        (folder / f"{plugin_id}.py").write_text(PLUGIN.replace("{id}", plugin_id))
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: bench-plugins\nVersion: 1.0.0\n")
    points = "\n".join(f"{each} = {each}" for each in _ids())
    (about / "entry_points.txt").write_text(f"[intellimatch.plugins]\n{points}\n")
    return folder


def _ids() -> list[str]:
    return [f"bench_plugin_{number}" for number in range(1, COUNT + 1)]


async def _enable(server: Server, tenant: BenchTenant) -> None:
    async with _client(server, tenant) as client:
        for plugin_id in _ids():
            answer = await client.post(
                f"/api/v1/plugins/{plugin_id}/enable", json={"settings": {"token": "a secret"}}
            )
            answer.raise_for_status()
        used = await client.get(f"/api/v1/plugins/{_ids()[-1]}/x/")
        used.raise_for_status()


@asynccontextmanager
async def _client(server: Server, tenant: BenchTenant) -> AsyncIterator[httpx.AsyncClient]:
    headers = {
        "Host": f"{tenant.context.slug}.localhost:{server.port}",
        "Authorization": f"Bearer {tenant.api_key}",
    }
    async with httpx.AsyncClient(
        base_url=f"http://127.0.0.1:{server.port}", headers=headers, timeout=30
    ) as client:
        yield client


async def _forget(database: BenchDatabase) -> None:
    """Leave the database as it was, for the next run."""
    connection = await asyncpg.connect(database.admin_url)
    try:
        await connection.execute(
            "TRUNCATE plugin_installations, outbox, audit_entries, idempotency_keys CASCADE"
        )
    finally:
        await connection.close()
