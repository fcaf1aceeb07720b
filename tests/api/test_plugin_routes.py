"""Plugins' routes and webhooks over HTTP: walls between tenants, permissions, limits, hygiene."""

import asyncio
import sys
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
import pytest_asyncio

from api.app import create_app
from plugins.sdk import (
    Forbidden,
    InboundWebhook,
    InvalidInput,
    Refused,
    Request,
    Response,
    Route,
    SecretText,
    Settings,
    SettingsSpec,
    TryLater,
    WebhookRequest,
)
from tenants.due_work import DueWork
from tenants.runtime import Runtime
from tenants.settings import Settings as AppSettings
from tenants.tasks import TaskRunner
from tests.fixtures.clients import new_client
from tests.fixtures.databases import TestDatabase
from tests.fixtures.examined import Examined
from tests.fixtures.plugins import catalogue_of, enable, made_plugin, manifest_of, runtime_with
from tests.fixtures.worlds import World

SECRETS = {"acme": "acme-secret-1", "globex": "globex-secret-1"}


class Options(Settings, frozen=True):
    """Told apart by its secret."""

    token: SecretText


class Seen:
    """What reached the plugin."""

    def __init__(self) -> None:
        self.requests: list[Request] = []
        self.webhooks: list[tuple[str, bytes]] = []
        self.attempts = 0


seen = Seen()


async def show(context: Any, request: Request) -> Response:
    seen.requests.append(request)
    return Response(
        body={"tenant": context.tenant.slug, "params": request.params, "query": request.query},
        headers={"X-Own": "1", "ETag": '"a"', "Set-Cookie": "session=stolen"},
    )


async def change(context: Any, request: Request) -> Response:
    await context.store.put("note", request.body.decode())
    return Response(status=201, body={"note": await context.store.get("note")})


async def read_note(context: Any, request: Request) -> Response:
    return Response(body={"note": await context.store.get("note")})


async def html(context: Any, request: Request) -> Response:
    return Response(body=b"<script>alert(1)</script>", content_type="text/html")


async def bad_header(context: Any, request: Request) -> Response:
    return Response(headers={"X-A": "a\r\nSet-Cookie: b=c"})


async def fails(context: Any, request: Request) -> Response:
    match request.params["how"]:
        case "raise":
            raise ValueError(context.settings.token)
        case "exit":
            sys.exit(1)
        case "hang":
            await asyncio.sleep(60)
        case "none":
            return None  # type: ignore[return-value]
        case "refused":
            raise Refused("The account is closed.")
        case "later":
            raise TryLater("The vendor is away.")
        case "forbidden":
            raise Forbidden("Not you.")
        case "invalid":
            raise InvalidInput
    return Response()


async def verify(context: Any, request: WebhookRequest) -> str:
    if request.headers.get("authorization") != f"Bearer {context.settings.token}":
        raise Refused("The signature is wrong.")
    return request.headers.get("delivery", "")


async def handle(context: Any, request: WebhookRequest) -> None:
    seen.attempts += 1
    if seen.attempts == 1:
        raise ValueError("planted")
    seen.webhooks.append((context.tenant.slug, request.body))


def route(method: Any, path: str, function: Any, action: str = "candidates:read") -> Route:
    return Route(
        method=method,
        path=path,
        handle=function,
        action=action,
        summary="Test",
        timeout_seconds=0.5,
    )


PROBE = made_plugin(
    manifest_of("probe"),
    settings=SettingsSpec(type=Options),
    routes=[
        route("GET", "/", show),
        route("GET", "/things/{thing_id}", show),
        route("GET", "/note", read_note),
        route("PUT", "/note", change, "jobs:write"),
        route("GET", "/html", html),
        route("GET", "/bad-header", bad_header),
        route("POST", "/fail/{how}", fails),
    ],
    webhooks=[InboundWebhook(name="vendor", verify=verify, handle=handle)],
)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def plugged(
    settings: AppSettings, database: TestDatabase, world: World
) -> AsyncIterator[Runtime]:
    async with runtime_with(settings, database, catalogue_of(PROBE)) as runtime:
        for slug, secret in SECRETS.items():
            await enable(runtime, world[slug], "probe", token=secret)
        yield runtime


@pytest.fixture
def client(plugged: Runtime, world: World) -> Any:
    app = create_app(plugged)

    def make(slug: str, role: Any) -> httpx.AsyncClient:
        return new_client(app, world, slug, role)

    return make


URL = "/api/v1/plugins/probe/x"


async def test_a_route_answers(client: Any) -> None:
    answer = await client("acme", "viewer").get(f"{URL}/things/7?a=1&b=2")
    assert answer.status_code == 200
    assert answer.json() == {
        "tenant": "acme",
        "params": {"thing_id": "7"},
        "query": {"a": "1", "b": "2"},
    }
    assert answer.headers["x-own"] == "1"
    assert answer.headers["etag"] == '"a"'
    assert "set-cookie" not in answer.headers
    assert "authorization" not in seen.requests[-1].headers
    assert (await client("acme", "viewer").get(URL)).json()["tenant"] == "acme"


async def test_each_tenant_reaches_its_own(client: Any, examined: Examined) -> None:
    for slug in SECRETS:
        written = await client(slug, "admin").put(f"{URL}/note", content=f"of {slug}")
        assert (written.status_code, written.json()) == (201, {"note": f"of {slug}"})
    for slug in SECRETS:
        assert (await client(slug, "viewer").get(f"{URL}/note")).json() == {"note": f"of {slug}"}
    examined("tenants", len(SECRETS))


@pytest.mark.parametrize(
    ("role", "method", "path", "status"),
    [
        (None, "GET", "/note", 401),
        ("viewer", "PUT", "/note", 403),
        ("interviewer", "GET", "/note", 403),
        ("recruiter", "PUT", "/note", 201),
        ("admin", "GET", "/nothing", 404),
        ("admin", "DELETE", "/note", 404),
        ("admin", "GET", "/things/a/b", 404),
    ],
)
async def test_permissions_are_checked(
    client: Any, role: Any, method: str, path: str, status: int
) -> None:
    answer = await client("acme", role).request(method, URL + path)
    assert answer.status_code == status, answer.text


async def test_methods_that_no_route_can_have_are_refused_and_the_others_named(client: Any) -> None:
    admin = client("acme", "admin")
    assert (await admin.request("TRACE", f"{URL}/note")).status_code == 405
    head = await admin.request("HEAD", f"{URL}/note")
    assert (head.status_code, head.content) == (200, b"")
    allowed = await admin.request("OPTIONS", f"{URL}/note")
    assert allowed.status_code == 204
    named = {each.strip() for each in allowed.headers["allow"].split(",")}
    assert named == {"DELETE", "GET", "OPTIONS", "PATCH", "POST", "PUT"}


async def test_what_is_not_enabled_is_not_there(
    client: Any, plugged: Runtime, world: World
) -> None:
    missing = await client("acme", "admin").get("/api/v1/plugins/other/x/note")
    assert missing.status_code == 404


@pytest.mark.parametrize(
    ("how", "status", "code"),
    [
        ("raise", 502, "plugin_failed"),
        ("exit", 502, "plugin_failed"),
        ("hang", 502, "plugin_failed"),
        ("none", 502, "plugin_failed"),
        ("refused", 409, "plugin_refused"),
        ("later", 503, "unavailable"),
        ("forbidden", 403, "forbidden"),
        ("invalid", 422, "invalid_input"),
    ],
)
async def test_failures_are_problems(
    client: Any, plugged: Runtime, world: World, how: str, status: int, code: str
) -> None:
    plugged.plugins.guard.forget(world.acme.id, "probe")
    answer = await client("acme", "admin").post(f"{URL}/fail/{how}")
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert SECRETS["acme"] not in answer.text
    plugged.plugins.guard.forget(world.acme.id, "probe")


async def test_a_failing_plugin_is_left_alone_for_one_tenant_only(
    client: Any, plugged: Runtime, world: World
) -> None:
    for _ in range(5):
        await client("acme", "admin").post(f"{URL}/fail/raise")
    refused = await client("acme", "admin").get(f"{URL}/note")
    assert (refused.status_code, refused.json()["code"]) == (503, "plugin_unavailable")
    assert "retry-after" in refused.headers
    assert (await client("globex", "admin").get(f"{URL}/note")).status_code == 200
    plugged.plugins.guard.forget(world.acme.id, "probe")


async def test_no_script_of_a_plugin_runs_in_our_origin(client: Any) -> None:
    answer = await client("acme", "viewer").get(f"{URL}/html")
    assert "sandbox" in answer.headers["content-security-policy"]
    assert answer.headers["content-disposition"] == "attachment"
    assert answer.headers["x-content-type-options"] == "nosniff"
    split = await client("acme", "viewer").get(f"{URL}/bad-header")
    assert split.status_code == 502


async def test_bodies_are_limited(client: Any) -> None:
    answer = await client("acme", "admin").put(f"{URL}/note", content=b"x" * 2_000_000)
    assert answer.status_code == 413


HOOK = "/api/hooks/probe/vendor"


async def test_a_webhook_is_verified_kept_and_handled_after(
    client: Any, plugged: Runtime, database: TestDatabase
) -> None:
    vendor = client("acme", None)

    def headers(slug: str, delivery: str = "d-1") -> dict[str, str]:
        return {"authorization": f"Bearer {SECRETS[slug]}", "delivery": delivery}

    assert (await vendor.post(HOOK, content=b"1")).status_code == 401
    # Another tenant's secret is none here, and none of ours works there.
    assert (await vendor.post(HOOK, content=b"1", headers=headers("globex"))).status_code == 401
    assert (await vendor.post(HOOK, content=b"1", headers=headers("acme", ""))).status_code == 401
    answers = [
        await vendor.post(f"{HOOK}?x=1", content=b"payload", headers=headers("acme"))
        for _ in range(3)
    ]
    assert {(each.status_code, each.text) for each in answers} == {(202, '{"status":"accepted"}')}
    assert seen.webhooks == []
    large = await vendor.post(HOOK, content=b"x" * 1_100_000, headers=headers("acme", "d-2"))
    assert large.status_code == 413
    other = await vendor.post("/api/hooks/probe/none", content=b"", headers=headers("acme"))
    assert other.status_code == 404
    worker = DueWork(TaskRunner(plugged, plugged.plugins.subscribers), database.relay_url)
    await worker.run_due()
    assert seen.attempts == 1
    async with asyncio.timeout(60):
        while not seen.webhooks:
            await asyncio.sleep(0.5)
            await worker.run_due()
    assert seen.webhooks == [("acme", b"payload")]
    again = await vendor.post(HOOK, content=b"payload", headers=headers("acme"))
    assert (again.status_code, again.text) == (202, answers[0].text)
    await worker.run_due()
    assert len(seen.webhooks) == 1
