"""Signing in and out over HTTP: sessions, throttling, and that nothing tells who exists."""

import asyncio
import statistics
import time

import asyncpg
import httpx
import pytest
import pytest_asyncio

from api.app import Application
from core.identity.ports import PasswordHasher
from core.identity.tokens import make_session_token
from plugins.system.passwords import Argon2Passwords
from tenants.runtime import Runtime
from tests.fixtures.clients import ClientFor, new_client
from tests.fixtures.databases import TestDatabase
from tests.fixtures.examined import Examined
from tests.fixtures.worlds import PASSWORD, World

COOKIE = "intellimatch_session"
SIGN_IN = "/api/v1/auth/sign-in"


@pytest_asyncio.fixture(autouse=True)
async def _forget_attempts(runtime: Runtime) -> None:
    await runtime.redis.flushdb()


def browser(app: Application, world: World, slug: str = "acme") -> httpx.AsyncClient:
    """A client that keeps cookies and, like a browser, says where its requests come from."""
    client = new_client(app, world, slug)
    client.headers["Origin"] = f"http://{world[slug].host}"
    client.headers["X-Intellimatch-Request"] = "1"
    return client


async def sign_in(
    client: httpx.AsyncClient, email: str, password: str = PASSWORD
) -> httpx.Response:
    return await client.post(SIGN_IN, json={"email": email, "password": password})


async def test_a_member_signs_in_is_known_and_signs_out(app: Application, world: World) -> None:
    async with browser(app, world, "acme") as client:
        answer = await sign_in(client, "  Recruiter@ACME.example ")
        assert answer.status_code == 200, answer.text
        assert answer.json()["role"] == "recruiter"
        cookie = answer.headers["set-cookie"]
        assert "HttpOnly" in cookie
        assert "SameSite=Lax" in cookie
        token = client.cookies[COOKIE]
        assert token not in answer.text
        me = (await client.get("/api/v1/me")).json()
        assert (me["role"], me["kind"]) == ("recruiter", "member")
        sessions = (await client.get("/api/v1/auth/sessions")).json()["items"]
        assert [session["is_current"] for session in sessions] == [True]
        assert (await client.post("/api/v1/auth/sign-out")).status_code == 204
        assert (await _settled(client, token)).status_code == 401


async def test_signing_in_rotates_the_session(app: Application, world: World) -> None:
    async with browser(app, world, "acme") as client:
        await sign_in(client, "viewer@acme.example")
        first = client.cookies[COOKIE]
        assert (await sign_in(client, "viewer@acme.example")).status_code == 200
        second = client.cookies[COOKIE]
        assert first != second
        client.cookies.clear()
        old = await _settled(client, first)
        new = await client.get("/api/v1/me", headers={"Cookie": f"{COOKIE}={second}"})
        assert (old.status_code, new.status_code) == (401, 200)


async def test_a_cookie_that_ended_does_not_bar_the_door(app: Application, world: World) -> None:
    async with browser(app, world, "acme") as client:
        await sign_in(client, "viewer@acme.example")
        stale = client.cookies[COOKIE]
        await client.post("/api/v1/auth/sign-out")
        answer = await client.post(
            SIGN_IN,
            json={"email": "viewer@acme.example", "password": PASSWORD},
            headers={"Cookie": f"{COOKIE}={stale}"},
        )
        assert answer.status_code == 200, answer.text


async def test_strangers_learn_nothing_from_a_refusal(
    client_for: ClientFor, examined: Examined
) -> None:
    client = client_for("acme", None)
    attempts = {
        "wrong password": ("admin@acme.example", "not the password"),
        "unknown": ("nobody@acme.example", PASSWORD),
        "another tenant's member": ("admin@globex.example", PASSWORD),
        "not an address": ("@@@", PASSWORD),
    }
    told = set()
    for email, password in attempts.values():
        answer = await sign_in(client, email, password)
        body = {
            key: value
            for key, value in answer.json().items()
            if key not in {"instance", "request_id"}
        }
        told.add((answer.status_code, repr(sorted(body.items())), len(answer.headers)))
    assert len(told) == 1
    assert next(iter(told))[0] == 401
    examined("refusals", len(attempts))


async def test_an_unknown_address_costs_the_same_work(examined: Examined) -> None:
    hasher: PasswordHasher = Argon2Passwords()
    kept = await hasher.hash("the right one")

    async def seconds(known: str | None) -> float:
        started = time.process_time()
        await hasher.verify(known, "a wrong one")
        return time.process_time() - started

    known, unknown, lazy = [], [], []
    for _ in range(9):
        known.append(await seconds(kept))
        unknown.append(await seconds(None))
        started = time.process_time()
        lazy.append(time.process_time() - started)
    ratio = statistics.median(unknown) / statistics.median(known)
    assert 0.5 < ratio < 2, ratio
    # The planted defect: a check that answers at once for unknown addresses.
    assert statistics.median(lazy) / statistics.median(known) < 0.5
    examined("timed checks", len(known) + len(unknown))


async def test_guessing_is_slowed_down_for_the_guesser_only(
    app: Application, world: World, runtime: Runtime
) -> None:
    limit = runtime.settings.sign_in_attempts
    async with _from("198.51.100.7", app, world) as guesser:
        statuses = [
            (await sign_in(guesser, "admin@acme.example", "wrong guess")).status_code
            for _ in range(limit + 1)
        ]
        last = await sign_in(guesser, "admin@acme.example")
    assert statuses == [401] * limit + [429]
    assert last.status_code == 429
    assert int(last.headers["retry-after"]) > 0
    async with _from("203.0.113.9", app, world) as owner:
        assert (await sign_in(owner, "admin@acme.example")).status_code == 200


async def test_a_success_gives_the_attempts_back(app: Application, world: World) -> None:
    async with _from("192.0.2.44", app, world) as client:
        for _ in range(3):
            for _ in range(4):
                await sign_in(client, "admin@acme.example", "typo")
            client.cookies.clear()
            assert (await sign_in(client, "admin@acme.example")).status_code == 200


async def test_signing_out_everywhere_reaches_every_tenant(
    app: Application, world: World, database: TestDatabase
) -> None:
    # One person in both tenants: the account of acme's viewer joins globex.
    person = world.acme.members["viewer"]
    connection = await asyncpg.connect(database.admin_url)
    try:
        await connection.execute(
            "INSERT INTO members (tenant_id, id, account_id, email, name, role, joined_at) "
            "VALUES ($1, gen_random_uuid(), $2, $3, 'Both', 'viewer', now())",
            world.globex.id,
            person.account_id,
            person.email,
        )
        await connection.execute(
            "INSERT INTO account_tenants VALUES ($1, $2)", person.account_id, world.globex.id
        )
    finally:
        await connection.close()
    async with (
        browser(app, world, "acme") as here,
        browser(app, world, "globex") as there,
        browser(app, world, "globex") as other,
    ):
        for client, email in ((here, person.email), (there, person.email)):
            assert (await sign_in(client, email)).status_code == 200
        await sign_in(other, "admin@globex.example")
        listed = (await here.get("/api/v1/me/workspaces")).json()["items"]
        assert [each["slug"] for each in listed] == ["acme", "globex"]
        answer = await here.post("/api/v1/auth/sign-out-everywhere")
        assert answer.json()["ended"] >= 2
        assert (await _settled(there)).status_code == 401
        assert (await other.get("/api/v1/me")).status_code == 200


async def test_a_session_of_one_tenant_opens_no_other(app: Application, world: World) -> None:
    async with browser(app, world, "acme") as here, browser(app, world, "globex") as there:
        await sign_in(here, "admin@acme.example")
        token = here.cookies[COOKIE]
        answer = await there.get("/api/v1/me", headers={"Cookie": f"{COOKIE}={token}"})
        assert answer.status_code == 401


async def test_a_made_up_token_is_refused(
    client_for: ClientFor, world: World, runtime: Runtime
) -> None:
    for token in (make_session_token(world.acme.id, runtime.ids.token), "x", "A" * 64, "%00" * 9):
        answer = await client_for("acme", None).get(
            "/api/v1/me", headers={"Cookie": f"{COOKIE}={token}"}
        )
        assert answer.status_code == 401


async def test_sessions_end_by_themselves(
    app: Application, world: World, database: TestDatabase, runtime: Runtime
) -> None:
    for column in ("idle_until", "expires_at"):
        async with browser(app, world, "acme") as client:
            await sign_in(client, "interviewer@acme.example")
            token = client.cookies[COOKIE]
            assert await runtime.identify_session(token) is not None
            connection = await asyncpg.connect(database.admin_url)
            try:
                await connection.execute(
                    f"UPDATE sessions SET {column} = now() - interval '1 second' "
                    "WHERE member_id = $1",
                    world.acme.members["interviewer"].member_id,
                )
                await connection.execute("SELECT pg_notify('identity_changed', '')")
            finally:
                await connection.close()
            assert (await _settled(client)).status_code == 401


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT"])
async def test_only_a_post_signs_in(client_for: ClientFor, method: str) -> None:
    answer = await client_for("acme", None).request(method, SIGN_IN)
    assert answer.status_code == 405


def _from(address: str, app: Application, world: World) -> httpx.AsyncClient:
    client = browser(app, world)
    client._transport = httpx.ASGITransport(app=app, client=(address, 40000))  # type: ignore[arg-type]
    return client


async def _settled(client: httpx.AsyncClient, token: str | None = None) -> httpx.Response:
    """What /me answers once the notice of a change has come through: it takes milliseconds."""
    headers = {} if token is None else {"Cookie": f"{COOKIE}={token}"}
    answer = await client.get("/api/v1/me", headers=headers)
    for _ in range(100):
        if answer.status_code == 401:
            break
        await asyncio.sleep(0.02)
        answer = await client.get("/api/v1/me", headers=headers)
    return answer
