"""A request that is sent again is carried out once: against a real server, over real sockets.

A superuser holds a lock while the requests come in, so that they overlap in the database for sure;
how many backends overlapped is counted from outside.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager
from typing import Final
from uuid import uuid4

import asyncpg
import httpx
import pytest
import pytest_asyncio

from tenants.settings import Settings
from tests.fixtures.databases import TestDatabase
from tests.fixtures.engines import TestEngines
from tests.fixtures.examined import Examined
from tests.fixtures.runtimes import settings_for
from tests.fixtures.served import ServedProduct
from tests.fixtures.worlds import World

pytestmark = pytest.mark.timeout(600)

PARALLEL: Final = 50
LEAST_OVERLAP: Final = 10
WAIT_SECONDS: Final = 30.0


@pytest.fixture(scope="module")
def settings(
    engines: TestEngines, database: TestDatabase, tmp_path_factory: pytest.TempPathFactory
) -> Settings:
    """Room for more transactions at once than a small installation has."""
    folder = tmp_path_factory.mktemp("data")
    return settings_for(engines, database, folder, write_pool_size=20)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def served(settings: Settings, world: World) -> AsyncIterator[ServedProduct]:
    product = ServedProduct(settings)
    await product.start()
    yield product
    product.kill()


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def superuser(database: TestDatabase) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(database.admin_url)
    yield connection
    await connection.close()


@asynccontextmanager
async def _client(
    served: ServedProduct, world: World, slug: str = "acme", role: str = "admin"
) -> AsyncIterator[httpx.AsyncClient]:
    tenant = world[slug]
    async with served.client(tenant, tenant.members[role].api_key) as client:  # type: ignore[index]
        yield client


@asynccontextmanager
async def _held(database: TestDatabase) -> AsyncIterator[list[int]]:
    """Let nobody write a candidate until the block ends; yields a list for those who wait."""
    waited: list[int] = []
    blocker = await asyncpg.connect(database.admin_url)
    try:
        async with blocker.transaction():
            await blocker.execute("LOCK TABLE candidates IN EXCLUSIVE MODE")
            yield waited
    finally:
        await blocker.close()


async def _overlapping(
    database: TestDatabase, superuser: asyncpg.Connection, waited: list[int]
) -> None:
    """Return when enough backends wait for one another; `waited` names them."""
    ends = time.monotonic() + WAIT_SECONDS
    while len(waited) < LEAST_OVERLAP:
        assert time.monotonic() < ends, f"only {len(waited)} backends overlap"
        rows = await superuser.fetch(
            "SELECT pid FROM pg_stat_activity WHERE datname = $1 AND state = 'active' "
            "AND wait_event_type = 'Lock'",
            database.name,
        )
        waited[:] = [row["pid"] for row in rows]
        await asyncio.sleep(0.02)


async def _held_up(superuser: asyncpg.Connection) -> int:
    """Return the backend that waits to write a candidate, as soon as there is one."""
    ends = time.monotonic() + WAIT_SECONDS
    while True:
        found: int | None = await superuser.fetchval(
            "SELECT pid FROM pg_locks l JOIN pg_class c ON c.oid = l.relation "
            "JOIN pg_database d ON d.oid = l.database AND d.datname = current_database() "
            "WHERE c.relname = 'candidates' AND NOT l.granted LIMIT 1"
        )
        if found is not None:
            return found
        assert time.monotonic() < ends, "nobody waits"
        await asyncio.sleep(0.02)


def _posts(
    client: httpx.AsyncClient, name: str, key: str | None, times: int = PARALLEL
) -> list["asyncio.Task[httpx.Response]"]:
    headers = {} if key is None else {"Idempotency-Key": key}
    return [_task(client.post("/candidates", json={"full_name": name}, headers=headers))] + [
        _task(client.post("/candidates", json={"full_name": name}, headers=headers))
        for _ in range(times - 1)
    ]


def _task(work: Awaitable[httpx.Response]) -> "asyncio.Task[httpx.Response]":
    return asyncio.ensure_future(work)


async def _rows(superuser: asyncpg.Connection, name: str) -> int:
    rows: int = await superuser.fetchval(
        "SELECT count(*) FROM candidates WHERE full_name = $1", name
    )
    return rows


async def test_fifty_at_once_are_carried_out_once(
    served: ServedProduct,
    world: World,
    database: TestDatabase,
    superuser: asyncpg.Connection,
    examined: Examined,
) -> None:
    name, key = f"Fifty {uuid4()}", str(uuid4())
    async with _client(served, world) as client:
        async with _held(database) as waited:
            tasks = _posts(client, name, key)
            await _overlapping(database, superuser, waited)
        answers = await asyncio.gather(*tasks)
        other = await client.post(
            "/candidates", json={"full_name": "Another"}, headers={"Idempotency-Key": key}
        )
    assert len(waited) >= LEAST_OVERLAP
    assert {answer.status_code for answer in answers} == {201}, {a.text for a in answers}
    assert len({answer.content for answer in answers}) == 1
    assert len({(a.headers["etag"], a.headers["location"]) for a in answers}) == 1
    assert sum("idempotency-replayed" in answer.headers for answer in answers) == PARALLEL - 1
    assert await _rows(superuser, name) == 1
    created = answers[0].json()["id"]
    events = "SELECT count(*) FROM outbox WHERE aggregate_id = $1"
    assert await superuser.fetchval(events, created) == 1
    assert (other.status_code, other.json()["code"]) == (409, "idempotency_key_reused")
    assert await _rows(superuser, "Another") == 0
    examined("identical requests", len(answers))
    examined("overlapping backends", len(waited))


async def test_without_a_key_there_are_fifty(
    served: ServedProduct,
    world: World,
    database: TestDatabase,
    superuser: asyncpg.Connection,
    examined: Examined,
) -> None:
    """The control: the same requests do make fifty when nothing says that they are one."""
    name = f"Naive {uuid4()}"
    async with _client(served, world) as client:
        async with _held(database) as waited:
            tasks = _posts(client, name, None)
            await _overlapping(database, superuser, waited)
        answers = await asyncio.gather(*tasks)
    assert len(waited) >= LEAST_OVERLAP
    assert await _rows(superuser, name) == len({a.json()["id"] for a in answers}) == PARALLEL
    examined("rows without a key", PARALLEL)


async def test_a_transaction_that_breaks_leaves_the_key_free(
    served: ServedProduct,
    world: World,
    database: TestDatabase,
    superuser: asyncpg.Connection,
    examined: Examined,
) -> None:
    name, key = f"Broken {uuid4()}", str(uuid4())
    async with _client(served, world) as client:
        async with _held(database):
            tasks = _posts(client, name, key)
            first = await _held_up(superuser)
            assert await superuser.fetchval("SELECT pg_terminate_backend($1)", first)
        answers = await asyncio.gather(*tasks)
    done = [answer for answer in answers if answer.is_success]
    broken = [answer for answer in answers if not answer.is_success]
    assert len(broken) == 1, [answer.text for answer in broken]
    assert broken[0].status_code in {500, 503}
    assert len({answer.content for answer in done}) == 1
    assert await _rows(superuser, name) == 1
    examined("requests around a broken transaction", len(answers))


async def test_a_killed_server_leaves_the_key_free(
    served: ServedProduct,
    world: World,
    database: TestDatabase,
    superuser: asyncpg.Connection,
) -> None:
    name, key = f"Killed {uuid4()}", str(uuid4())
    async with _client(served, world) as client, _held(database):
        tasks = _posts(client, name, key, times=3)
        await _held_up(superuser)
        served.kill()
        lost = await asyncio.gather(*tasks, return_exceptions=True)
    assert all(isinstance(each, httpx.TransportError) for each in lost), lost
    assert await _rows(superuser, name) == 0
    await served.start()
    async with _client(served, world) as client:
        again = [await task for task in _posts(client, name, key, times=2)]
        assert [answer.status_code for answer in again] == [201, 201]
        assert again[0].content == again[1].content
    assert await _rows(superuser, name) == 1


async def test_an_answer_survives_the_server(
    served: ServedProduct, world: World, superuser: asyncpg.Connection
) -> None:
    name, key = f"Survivor {uuid4()}", str(uuid4())
    async with _client(served, world) as client:
        first = await _posts(client, name, key, times=1)[0]
    served.kill()
    await served.start()
    async with _client(served, world) as client:
        second = await _posts(client, name, key, times=1)[0]
    assert (first.status_code, first.content) == (second.status_code, second.content)
    assert second.headers["idempotency-replayed"] == "true"
    assert await _rows(superuser, name) == 1


async def test_a_key_is_of_one_tenant_credential_and_route(
    served: ServedProduct, world: World, examined: Examined
) -> None:
    key = {"Idempotency-Key": str(uuid4())}
    seen = set()
    for slug, role in (("acme", "admin"), ("acme", "recruiter"), ("globex", "admin")):
        async with _client(served, world, slug, role) as client:
            answer = await client.post("/candidates", json={"full_name": "Same"}, headers=key)
            assert answer.status_code == 201
            assert "idempotency-replayed" not in answer.headers
            seen.add(answer.json()["id"])
            job = await client.post("/jobs", json={"title": "Same"}, headers=key)
            assert job.status_code == 201, job.text
            seen.add(job.json()["id"])
    assert len(seen) == 6
    examined("uses of one key", len(seen))


async def test_a_refusal_is_not_kept(served: ServedProduct, world: World) -> None:
    key = {"Idempotency-Key": str(uuid4())}
    async with _client(served, world) as client:
        refused = await client.post("/candidates", json={"full_name": ""}, headers=key)
        accepted = await client.post("/candidates", json={"full_name": "Mended"}, headers=key)
    assert (refused.status_code, accepted.status_code) == (422, 201)


async def test_no_secret_is_kept(
    served: ServedProduct, world: World, superuser: asyncpg.Connection, examined: Examined
) -> None:
    requests = {
        "/api-keys": {"name": "Once", "scopes": ["jobs:read"]},
        "/invitations": {"email": "once@example.com", "name": "Once", "role": "viewer"},
    }
    async with _client(served, world) as client:
        for path, body in requests.items():
            key = str(uuid4())
            given, again = [
                await client.post(path, json=body, headers={"Idempotency-Key": key})
                for _ in range(2)
            ]
            assert given.status_code == 201, given.text
            secret = given.json().get("secret") or given.json()["token"]
            told = (again.status_code, again.json()["code"])
            assert told == (409, "idempotency_secret_not_replayable")
            assert secret not in again.text
            kept = await superuser.fetchrow("SELECT * FROM idempotency_keys WHERE key = $1", key)
            assert kept is not None
            assert secret not in repr(dict(kept))
            audited = await superuser.fetch("SELECT t::text FROM audit_entries t")
            promised = await superuser.fetch("SELECT t::text FROM outbox t")
            assert not [row for row in (*audited, *promised) if secret in row["t"]]
    examined("answers with a secret", len(requests))
