"""The gate: hosts, credentials, forgery, rate, sizes, headers, health, metrics and the log."""

import re
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
import pytest_asyncio
import structlog

from api.app import Application, create_app
from tenants.runtime import Runtime
from tests.fixtures.clients import new_client
from tests.fixtures.databases import TestDatabase
from tests.fixtures.engines import TestEngines
from tests.fixtures.notes import NotesController, register_notes
from tests.fixtures.runtimes import settings_for
from tests.fixtures.worlds import World

pytestmark = pytest.mark.asyncio(loop_scope="session")
register_notes()
PATH = "/api/v1/notes"
Headers = dict[str, str]


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def app(runtime: Runtime) -> Application:
    return create_app(runtime, [NotesController])


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def stranger(app: Application, world: World) -> AsyncIterator[httpx.AsyncClient]:
    async with new_client(app, world, "acme", None) as opened:
        yield opened


def bearer(world: World, slug: str = "acme") -> Headers:
    return {"Authorization": f"Bearer {world[slug].members['admin'].api_key}"}


@pytest.mark.parametrize(
    "host",
    [
        "nobody.localhost",
        "a.acme.localhost",
        "acme.localhost.evil.example",
        "evil.example",
        "10.1.2.3",
        "acme.localhost/x",
        "",
        "acme_.localhost",
    ],
)
async def test_an_unknown_host_tells_nothing(
    stranger: httpx.AsyncClient, world: World, host: str
) -> None:
    answers = [
        await stranger.get(path, headers={"Host": host, **bearer(world)})
        for path in (PATH, "/", "/api/docs", "/api/v1/openapi.json")
    ]
    for answer in answers:
        assert (answer.status_code, answer.text) == (404, "Not found")
        assert answer.headers["content-type"].startswith("text/plain")
    kept = {name for answer in answers for name in answer.headers}
    assert not kept & {"ratelimit", "allow", "www-authenticate"}


async def test_the_bare_domain_serves_those_with_a_credential(
    stranger: httpx.AsyncClient, world: World
) -> None:
    for host in ("localhost", "LOCALHOST:8000", "localhost."):
        known = await stranger.get(PATH, headers={"Host": host, **bearer(world)})
        assert known.status_code == 200
        unknown = await stranger.get(PATH, headers={"Host": host})
        assert (unknown.status_code, unknown.json()["code"]) == (401, "unauthenticated")


async def test_a_foreign_key_is_as_wrong_as_a_made_up_one(
    stranger: httpx.AsyncClient, world: World
) -> None:
    foreign = await stranger.get(PATH, headers=bearer(world, "globex"))
    made_up = await stranger.get(PATH, headers={"Authorization": "Bearer nonsense"})
    basic = await stranger.get(PATH, headers={"Authorization": "Basic YTpi"})
    odd = await stranger.get(PATH, headers={b"Authorization": b"Bearer \xff"})
    for answer in (foreign, made_up, basic, odd):
        assert answer.status_code == 401
        assert answer.headers["www-authenticate"].startswith("Bearer")
    drop = ("request_id", "instance")
    bodies = [
        {name: value for name, value in answer.json().items() if name not in drop}
        for answer in (foreign, made_up, basic, odd)
    ]
    assert all(body == bodies[0] for body in bodies)


async def test_a_stranger_may_not_read(stranger: httpx.AsyncClient) -> None:
    refused = await stranger.get(PATH)
    assert (refused.status_code, refused.json()["code"]) == (401, "unauthenticated")


@pytest.mark.parametrize(
    ("headers", "allowed"),
    [
        ({}, True),
        ({"Origin": "http://acme.localhost:8000"}, True),
        ({"Sec-Fetch-Site": "same-origin"}, True),
        ({"Origin": "http://globex.localhost:8000"}, False),
        ({"Origin": "null"}, False),
        ({"Origin": "https://acme.localhost:8000"}, False),
        ({"Sec-Fetch-Site": "same-site"}, False),
        ({"Sec-Fetch-Site": "cross-site", "Origin": "http://acme.localhost:8000"}, False),
    ],
)
async def test_a_page_of_another_site_can_not_sign_its_visitor_in(
    stranger: httpx.AsyncClient, headers: Headers, *, allowed: bool
) -> None:
    answer = await stranger.post(f"{PATH}/guarded", json={"title": "x"}, headers=headers)
    assert answer.status_code == (200 if allowed else 403), answer.text


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 403),
        ({"X-Intellimatch-Request": "1"}, 403),
        ({"Sec-Fetch-Site": "same-origin"}, 403),
        ({"Sec-Fetch-Site": "same-site", "X-Intellimatch-Request": "1"}, 403),
        # Past the forgery check the made-up session is what is wrong.
        ({"Sec-Fetch-Site": "same-origin", "X-Intellimatch-Request": "1"}, 401),
        ({"Origin": "http://acme.localhost:8000", "X-Intellimatch-Request": "1"}, 401),
    ],
)
async def test_a_cookie_alone_changes_nothing(
    stranger: httpx.AsyncClient, headers: Headers, status: int
) -> None:
    cookie = {"Cookie": "intellimatch_session=made-up"}
    answer = await stranger.post(PATH, json={"title": "x"}, headers={**cookie, **headers})
    assert answer.status_code == status


async def test_every_answer_carries_the_security_headers(
    stranger: httpx.AsyncClient, world: World
) -> None:
    # With `no-referrer`, a browser would send our own pages' forms with `Origin: null`.
    for path, referrer in ((PATH, "no-referrer"), ("/none", "same-origin")):
        answer = await stranger.get(path, headers=bearer(world))
        assert answer.headers["content-security-policy"].startswith("default-src 'none'")
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["referrer-policy"] == referrer
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["cross-origin-resource-policy"] == "same-origin"
        assert "strict-transport-security" not in answer.headers
        assert "access-control-allow-origin" not in answer.headers
        assert answer.headers["ratelimit"].startswith('"')


async def test_request_ids_are_kept_when_sane(stranger: httpx.AsyncClient) -> None:
    kept = await stranger.get(PATH, headers={"X-Request-Id": "my-request.0001"})
    assert kept.headers["x-request-id"] == "my-request.0001"
    for odd in ("short", "x" * 65, "with space in it", "semi;colon;here"):
        made = await stranger.get(PATH, headers={"X-Request-Id": odd})
        assert re.fullmatch(r"[0-9a-f-]{36}", made.headers["x-request-id"])


async def test_health_is_told_on_any_host(stranger: httpx.AsyncClient, app: Application) -> None:
    host = {"Host": "10.9.8.7"}
    assert (await stranger.get("/health/live", headers=host)).json() == {"status": "alive"}
    ready = await stranger.get("/health/ready", headers=host)
    assert (ready.status_code, ready.json()["status"]) == (200, "ready"), ready.text
    assert set(ready.json()["checks"].values()) == {"ok"}


async def test_metrics_are_for_those_with_the_token(
    stranger: httpx.AsyncClient, world: World
) -> None:
    for headers in ({}, {"Authorization": "Bearer wrong"}, {"Host": "nobody.example"}):
        refused = await stranger.get("/metrics", headers=headers)
        assert (refused.status_code, refused.text) == (404, "Not found")
    token = {"Authorization": "Bearer metrics-token-of-the-tests"}
    await stranger.get(f"{PATH}/019aa5d2-7c1e-7b8e-9d55-3f1f0e6f2c11", headers=bearer(world))
    shown = await stranger.get("/metrics", headers=token)
    assert 'route="/api/v1/notes/{note_id}"' in shown.text
    assert "019aa5d2" not in shown.text
    assert "acme" not in shown.text


async def test_the_access_log_names_routes_and_no_person(
    stranger: httpx.AsyncClient, world: World
) -> None:
    with structlog.testing.capture_logs() as lines:
        await stranger.get(
            f"{PATH}/019aa5d2-7c1e-7b8e-9d55-3f1f0e6f2c11",
            headers={**bearer(world), "traceparent": f"00-{'a' * 32}-{'b' * 16}-01"},
        )
        await stranger.get(f"{PATH}?word=canary@example.com", headers=bearer(world))
        await stranger.get("/canary@example.com")
    said = [line for line in lines if line["event"] == "request"]
    assert [line["route"] for line in said] == [
        "/api/v1/notes/{note_id}",
        "/api/v1/notes",
        "unmatched",
    ]
    assert said[0]["trace_id"] == "a" * 32
    assert said[0]["tenant_id"] == str(world.acme.id)
    assert said[0]["status"] == 404
    text = repr(lines)
    for canary in ("canary", "019aa5d2", world.acme.members["admin"].api_key, "Admin of"):
        assert canary not in text


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def strict_app(
    engines: TestEngines, database: TestDatabase, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Application]:
    """With small limits, https, a trusted proxy and metrics for the machine itself."""
    settings = settings_for(
        engines,
        database,
        tmp_path_factory.mktemp("strict"),
        rate_limit_per_minute=60,
        rate_limit_burst=5,
        trusted_proxies=("10.0.0.0/8",),
        metrics_token=None,
        public_scheme="https",
    )
    opened = await Runtime.open(settings)
    yield create_app(opened, [NotesController])
    await opened.close()


def client_from(app: Application, world: World, address: str, **headers: str) -> httpx.AsyncClient:
    transport = httpx.ASGITransport(app=app, client=(address, 4000))  # type: ignore[arg-type]
    return httpx.AsyncClient(
        transport=transport, base_url=f"http://{world.acme.host}", headers=headers
    )


async def test_the_sixth_request_at_once_is_refused(strict_app: Application, world: World) -> None:
    async with client_from(strict_app, world, "192.0.2.1", **bearer(world)) as client:
        answers = [await client.get(PATH) for _ in range(7)]
    assert [answer.status_code for answer in answers[:5]] == [200] * 5
    refused = answers[-1]
    assert (refused.status_code, refused.json()["code"]) == (429, "rate_limited")
    assert int(refused.headers["retry-after"]) >= 1
    assert '"credential";r=0' in refused.headers["ratelimit"]
    assert '"credential";q=5;w=5' in refused.headers["ratelimit-policy"]
    async with client_from(strict_app, world, "192.0.2.1") as client:
        client.headers.update({"Authorization": f"Bearer {world.acme.members['viewer'].api_key}"})
        assert (await client.get(PATH)).status_code == 200, "limits are per credential"


async def test_guessing_keys_is_limited_by_address(strict_app: Application, world: World) -> None:
    async with client_from(strict_app, world, "192.0.2.7", Authorization="Bearer x") as client:
        statuses = [(await client.get(PATH)).status_code for _ in range(7)]
    assert statuses[:5] == [401] * 5
    assert statuses[-1] == 429


async def test_forwarding_headers_are_believed_of_trusted_proxies_only(
    strict_app: Application, world: World
) -> None:
    forwarded = {
        "Host": "internal",
        "X-Forwarded-Host": world.acme.host,
        "X-Forwarded-Proto": "https",
        "X-Forwarded-For": "6.6.6.6, 203.0.113.9, 10.0.0.2",
        "Authorization": f"Bearer {world.acme.members['recruiter'].api_key}",
    }
    async with client_from(strict_app, world, "10.0.0.1", **forwarded) as client:
        trusted = await client.get(PATH)
    assert trusted.status_code == 200
    assert "strict-transport-security" in trusted.headers
    async with client_from(strict_app, world, "203.0.113.1", **forwarded) as client:
        assert (await client.get(PATH)).text == "Not found"


async def test_the_caller_behind_a_proxy_is_who_is_limited(
    strict_app: Application, world: World
) -> None:
    async with client_from(strict_app, world, "10.0.0.1") as client:
        for number in range(12):
            # What stands left of the proxy's own entry is the caller's invention.
            spoofed = {"X-Forwarded-For": f"198.51.100.{number}, 203.0.113.50"}
            answer = await client.get(PATH, headers=spoofed)
    assert answer.status_code == 429


async def test_metrics_without_a_token_are_for_the_machine_itself(
    strict_app: Application, world: World
) -> None:
    async with client_from(strict_app, world, "127.0.0.1") as client:
        assert (await client.get("/metrics")).status_code == 200
        proxied = await client.get("/metrics", headers={"X-Forwarded-For": "127.0.0.1"})
        assert proxied.status_code == 404
    async with client_from(strict_app, world, "192.0.2.1") as client:
        assert (await client.get("/metrics")).status_code == 404


async def test_without_valkey_the_api_goes_on_and_guarded_routes_close(
    engines: TestEngines, database: TestDatabase, tmp_path: Path, world: World
) -> None:
    settings = settings_for(
        engines, database, tmp_path, redis_url="redis://127.0.0.1:1/0", rate_limit_burst=5
    )
    opened = await Runtime.open(settings)
    try:
        app = create_app(opened, [NotesController])
        async with client_from(app, world, "192.0.2.9") as client:
            guarded = await client.post(f"{PATH}/guarded", json={"title": "x"})
            assert (guarded.status_code, guarded.headers["retry-after"]) == (503, "2")
            client.headers.update(bearer(world))
            statuses = [(await client.get(PATH)).status_code for _ in range(5)]
            assert statuses == [200] * 5
            ready = await client.get("/health/ready")
        assert ready.status_code == 503
        assert ready.json()["checks"] == {"postgres": "ok", "valkey": "failed", "migrations": "ok"}
    finally:
        await opened.close()


async def test_a_draining_process_is_not_ready_but_answers(runtime: Runtime, world: World) -> None:
    app = create_app(runtime, [NotesController])
    app.health.drain()
    async with new_client(app, world, "acme", "admin") as client:
        assert (await client.get("/health/ready")).status_code == 503
        assert (await client.get("/health/live")).status_code == 200
        assert (await client.get(PATH)).status_code == 200


async def test_the_reference_loads_nothing_from_elsewhere(stranger: httpx.AsyncClient) -> None:
    page = await stranger.get("/api/docs")
    assert "script-src 'self'" in page.headers["content-security-policy"]
    assert "unsafe" not in page.headers["content-security-policy"]
    loaded = re.findall(r'(?:src|href)="([^"]+)"', page.text)
    assert not re.search(r"<script(?![^>]*src=)|style=|onload=", page.text)
    files = [name for name in loaded if name.startswith("/api/docs/")]
    assert len(files) == 4
    for name in files:
        answer = await stranger.get(name)
        assert answer.status_code == 200, name
        again = await stranger.get(name, headers={"If-None-Match": answer.headers["etag"]})
        assert again.status_code == 304
    assert [name for name in loaded if name.startswith("http")] == []
    assert (await stranger.get("/api/docs/page/../../app.py")).status_code == 404
    assert (await stranger.get("/api/docs/site.py")).status_code == 404
