"""No route tells one tenant anything of another, or lets it touch anything there."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
import pytest
import pytest_asyncio
from litestar import Controller, get, post
from litestar.params import FromPath

from api.app import Application, create_app
from api.replies import Reply, reply
from api.request_scope import Scoped
from api.v1 import CONTROLLERS
from core.shared.errors import Forbidden, NotFound
from plugins.postgres.roles import drop_database
from tenants.runtime import Runtime
from tests.fixtures.clients import ClientFor
from tests.fixtures.databases import TestDatabase, clone_database
from tests.fixtures.engines import TestEngines
from tests.fixtures.examined import Examined
from tests.fixtures.probes.all import all_probes
from tests.fixtures.probes.callers import graph_of
from tests.fixtures.probes.calls import Call, Probe, Ref
from tests.fixtures.probes.digests import Digests
from tests.fixtures.probes.exemptions import EXEMPT, LIVE, OF_PLUGINS, OUTSIDE_OF_ROUTES
from tests.fixtures.probes.graph import Graph
from tests.fixtures.probes.operations import Operation, document_of, operations
from tests.fixtures.probes.patience import settings
from tests.fixtures.probes.prober import Examination, Prober, shape_of
from tests.fixtures.runtimes import settings_for
from tests.fixtures.worlds import World, make_world

__all__ = ["settings"]

FILLED_BY_NO_ROUTE = {
    "answer_reminders": "Workers fill it; tests/integration/test_promises.py.",
    "audit_heads": "Workers write it when they seal audit entries.",
    "audit_seals": "Workers write it when they seal audit entries.",
    "chat_pauses": "Chats fill it; tests/integration/test_chat_posts.py.",
    "chat_posts": "As chat_pauses.",
    "event_logs": "Workers write it when they hand events on.",
    "feature_flags": "The operator sets them on the command line.",
    "notification_deliveries": "Workers fill it; tests/integration/test_notification_channels.py.",
    "plugin_connections": "Vendors' answers fill it; tests/api/test_plugin_connections.py.",
    "plugin_consents": "As plugin_connections.",
    "plugin_calls": "Plugins' calls fill it; tests/integration/test_plugin_calls.py.",
    "plugin_store": "Plugins fill it; tests/integration/test_plugins_at_work.py.",
    "plugin_usage": "Plugins fill it; tests/integration/test_plugins_at_work.py.",
    "plugin_webhooks": "Vendors fill it, by way of plugins; tests/api/test_plugin_routes.py.",
    "quota_marks": "As notification_deliveries.",
    "schedules": "The schedulers fill it; tests/integration/test_schedules.py.",
    "schedule_firings": "As schedules.",
    "sign_in_links": "Links that are asked for fill it; tests/api/test_sign_in_links.py.",
    "stopped_mails": "Links in mails fill it; tests/api/test_unsubscribe.py.",
}
"""Tables in which the other tenant need not have rows, each with the reason."""


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def superuser(database: TestDatabase) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(database.admin_url)
    yield connection
    await connection.close()


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def prober(
    app: Application, runtime: Runtime, world: World, superuser: asyncpg.Connection
) -> AsyncIterator[Prober]:
    async with AsyncExitStack() as opened:
        yield await _prober(opened, app, runtime, world, superuser)


async def _prober(
    opened: AsyncExitStack,
    app: Application,
    runtime: Runtime,
    world: World,
    superuser: asyncpg.Connection,
) -> Prober:
    # Probes make more than a small plan has room for; quotas have tests of their own.
    await superuser.execute("UPDATE tenants SET plan = 'enterprise'")
    a, b = [
        await opened.enter_async_context(graph_of(app, runtime, world, slug))
        for slug in ("acme", "globex")
    ]
    digests = await Digests.of(superuser, world.globex.id)
    sessions = {graph.tenant.slug: (await graph.my_session())["token"] for graph in (a, b)}
    return Prober(a, b, digests, sessions)


def unprobed(found: dict[str, Operation], exempt: Any = EXEMPT) -> list[str]:
    return sorted(found.keys() - all_probes().keys() - exempt.keys())


def test_every_route_is_probed(app: Application, examined: Examined) -> None:
    found = operations(app)
    assert unprobed(found) == [], "write a probe for these in tests/fixtures/probes"
    assert sorted((all_probes().keys() | EXEMPT.keys()) - found.keys()) == []
    assert not all_probes().keys() & EXEMPT.keys()
    examined("routes", len(found))


@pytest.mark.timeout(900)
async def test_nothing_crosses_between_tenants(
    app: Application, prober: Prober, superuser: asyncpg.Connection, examined: Examined
) -> None:
    found = operations(app, document_of(CONTROLLERS))
    total, places = Examination(), 0
    for name in sorted(all_probes()):
        done = await prober.examine(found[name], all_probes()[name])
        places += len(done.places)
        total.add(done)
    assert not total.findings, "\n".join(total.findings)
    rows = {name: count for name, (count, _) in (await prober.digests.take()).items()}
    assert {name for name, count in rows.items() if not count} <= FILLED_BY_NO_ROUTE.keys()
    examined("operations", len(all_probes()))
    examined("places of ids", places)
    examined("calls as the wrong tenant", total.calls)
    examined("calls that had to succeed", total.controls)
    examined("rows that had to stay", sum(rows.values()))


async def test_what_has_no_tenant_tells_nothing_of_one(
    client_for: ClientFor, prober: Prober, runtime: Runtime, examined: Examined
) -> None:
    paths = ["/api/v1/openapi.json", "/api/docs", "/api/docs/start.js", "/api/docs/none"]
    askers = [client_for("acme", "admin"), client_for("acme", None), client_for("globex", None)]
    for path in [*paths, "/health/live", "/health/ready"]:
        answers = [await client.get(path) for client in askers]
        assert len({shape_of(answer) for answer in answers}) == 1, path
        assert answers[0].status_code in {200, 303} or path.endswith("none")
    for client in askers:
        assert (await client.get("/metrics")).status_code in {401, 404}
    token = {"Authorization": f"Bearer {runtime.settings.metrics_token}"}
    metrics = (await client_for("acme", None).get("/metrics", headers=token)).text
    words = {word for graph in (prober.a, prober.b) for word in (*graph.ids, graph.tenant.slug)}
    assert "/api/v1/jobs" in metrics
    assert not [word for word in words if word in metrics]
    elsewhere = len(LIVE) + len(OF_PLUGINS)
    assert len(paths) + 3 >= len(EXEMPT) - elsewhere + len(OUTSIDE_OF_ROUTES)
    examined("addresses without a tenant", len(paths) + 3)


def planted_controller(superuser: asyncpg.Connection) -> type[Controller]:
    """Routes with every kind of hole that the prober is there to find."""

    class PlantedController(Controller):
        path = "/planted"

        @get("/read/{job_id:uuid}", operation_id="plantedRead")
        async def read(self, job_id: FromPath[UUID]) -> Reply[dict[str, str]]:
            title = await superuser.fetchval("SELECT title FROM jobs WHERE id = $1", job_id)
            if title is None:
                raise NotFound("There is no such job.")
            return reply({"title": title})

        @get("/oracle/{job_id:uuid}", operation_id="plantedOracle")
        async def oracle(
            self, tenant_scope: Scoped, job_id: FromPath[UUID]
        ) -> Reply[dict[str, str]]:
            owner = await superuser.fetchval("SELECT tenant_id FROM jobs WHERE id = $1", job_id)
            if owner is not None and owner != tenant_scope.tenant.id:
                raise Forbidden("This job is not yours.")
            if owner is None:
                raise NotFound("There is no such job.")
            return reply({})

        @get("/header/{job_id:uuid}", operation_id="plantedHeader")
        async def header(
            self, tenant_scope: Scoped, job_id: FromPath[UUID]
        ) -> Reply[dict[str, str]]:
            row = await superuser.fetchrow(
                "SELECT tenant_id, version FROM jobs WHERE id = $1", job_id
            )
            tag = [] if row is None else [(b"etag", b'"%d"' % row["version"])]
            mine = row is not None and row["tenant_id"] == tenant_scope.tenant.id
            return reply({}, status=200 if mine else 404, headers=tag)

        @post("/touch/{job_id:uuid}", operation_id="plantedTouch", status_code=200)
        async def touch(
            self, tenant_scope: Scoped, job_id: FromPath[UUID]
        ) -> Reply[dict[str, str]]:
            await superuser.execute("UPDATE jobs SET version = version + 1 WHERE id = $1", job_id)
            owner = await superuser.fetchval("SELECT tenant_id FROM jobs WHERE id = $1", job_id)
            return reply({}, status=200 if owner == tenant_scope.tenant.id else 404)

    return PlantedController


async def _job(graph: Graph) -> Call:
    return Call(path={"job_id": Ref((await graph.job(status="draft"))["id"])})


PLANTED = {
    "GET /planted/read/{job_id}": "answered the other tenant's ['canaryglobex",
    "GET /planted/oracle/{job_id}": "at path.job_id told (403",
    "GET /planted/header/{job_id}": "at path.job_id told (404",
    "POST /planted/touch/{job_id}": "changed the other tenant's ['jobs']",
}


async def test_planted_routes_are_found(
    runtime: Runtime, world: World, superuser: asyncpg.Connection, examined: Examined
) -> None:
    controllers = [*CONTROLLERS, planted_controller(superuser)]
    app = create_app(runtime, controllers)
    found = operations(app, document_of(controllers))
    assert unprobed(found) == sorted(PLANTED)
    async with AsyncExitStack() as opened:
        prober = await _prober(opened, app, runtime, world, superuser)
        for name, expected in PLANTED.items():
            done = await prober.examine(found[name], Probe(name, _job))
            assert [each for each in done.findings if expected in each], (name, done.findings)
    examined("planted routes", len(PLANTED))


WITHOUT_WALLS = {
    "members": ("PATCH /members/{member_id}", "changed the other tenant's ['members']"),
    "invitations": ("DELETE /invitations/{invitation_id}", "changed the other tenant's"),
    "api_keys": ("DELETE /api-keys/{api_key_id}", "changed the other tenant's ['api_keys']"),
    "imports": ("GET /imports/{import_id}", "canaryglobex"),
    "jobs": ("PATCH /jobs/{job_id}", "at path.job_id told"),
    "bulk_rejections": ("POST /bulk-rejections/{bulk_rejection_id}/recall", "at path.bulk"),
}
"""Tables that row-level security alone protects in an operation, and what shows when it's off."""


async def test_a_table_without_row_level_security_is_found(
    engines: TestEngines, template: str, tmp_path: Path, examined: Examined
) -> None:
    clone = await clone_database(engines, template)
    superuser = await asyncpg.connect(clone.admin_url)
    patient = settings_for(engines, clone, tmp_path, sign_in_attempts=1_000)
    runtime = await Runtime.open(patient)
    try:
        world = await make_world(clone)
        app = create_app(runtime)
        found = operations(app, document_of(CONTROLLERS))
        async with AsyncExitStack() as opened:
            prober = await _prober(opened, app, runtime, world, superuser)
            for table, (name, expected) in WITHOUT_WALLS.items():
                sound = await prober.examine(found[name], all_probes()[name])
                assert sound.findings == []
                await superuser.execute(f"ALTER TABLE {table} DISABLE ROW LEVEL SECURITY")
                broken = await prober.examine(found[name], all_probes()[name])
                await superuser.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
                assert [each for each in broken.findings if expected in each], (table, broken)
    finally:
        await runtime.close()
        await superuser.close()
        await drop_database(engines.admin_url, clone.name)
    examined("tables without walls", len(WITHOUT_WALLS))
