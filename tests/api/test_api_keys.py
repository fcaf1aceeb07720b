"""API keys over HTTP: scopes, expiry, rotation, revocation, and junk turned away unasked."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import httpx
import pytest

from api.app import Application
from core.identity.tokens import make_api_key
from tenants.runtime import Runtime
from tests.fixtures.clients import ClientFor, new_client
from tests.fixtures.databases import TestDatabase
from tests.fixtures.examined import Examined
from tests.fixtures.worlds import World

KEYS = "/api/v1/api-keys"


async def make_key(
    client: httpx.AsyncClient, *scopes: str, **more: Any
) -> tuple[dict[str, Any], str]:
    body = {"name": "Careers page", "scopes": scopes or ["tenant:read", "account:own"], **more}
    answer = await client.post(KEYS, json=body)
    assert answer.status_code == 201, answer.text
    issued = answer.json()
    return issued["api_key"], issued["secret"]


async def status_with(app: Application, world: World, secret: str, path: str = "tenant") -> int:
    async with new_client(app, world, "acme") as client:
        headers = {"Authorization": f"Bearer {secret}"}
        return (await client.get(f"/api/v1/{path}", headers=headers)).status_code


async def settled(app: Application, world: World, secret: str, expected: int) -> int:
    """The status once the notice of a change has come through: it takes milliseconds."""
    for _ in range(100):
        status = await status_with(app, world, secret)
        if status == expected:
            return status
        await asyncio.sleep(0.02)
    return status


async def test_a_key_is_shown_once_and_stored_as_a_hash(
    client_for: ClientFor, database: TestDatabase, app: Application, world: World
) -> None:
    client = client_for("acme", "recruiter")
    key, secret = await make_key(client)
    assert await status_with(app, world, secret) == 200
    listed = (await client.get(KEYS)).text
    assert key["id"] in listed
    assert secret not in listed
    random = secret.rpartition("_")[2]
    assert random.startswith(key["hint"])
    connection = await asyncpg.connect(database.admin_url)
    try:
        for table in ("api_keys", "api_key_secrets", "outbox", "audit_entries"):
            rows = await connection.fetchval(f"SELECT string_agg(t::text, ' ') FROM {table} t")
            assert random not in (rows or "")
    finally:
        await connection.close()


async def test_a_key_makes_none_that_outlives_it(
    client_for: ClientFor, app: Application, world: World
) -> None:
    client = client_for("acme", "recruiter")
    lasting, _ = await make_key(client)
    end = datetime.now(UTC) + timedelta(hours=1)
    _, lent = await make_key(client, expires_at=end.isoformat())
    async with new_client(app, world, "acme") as holder:
        holder.headers["Authorization"] = f"Bearer {lent}"
        body = {"name": "Mine now", "scopes": ["tenant:read"]}
        for wanted in ({}, {"expires_at": (end + timedelta(days=1)).isoformat()}):
            refused = await holder.post(KEYS, json=body | wanted)
            assert refused.status_code == 422
            assert [field["field"] for field in refused.json()["errors"]] == ["expires_at"]
        rotated = await holder.post(f"{KEYS}/{lasting['id']}/rotate", json={})
        assert rotated.status_code == 422
        shorter, _ = await make_key(holder, expires_at=(end - timedelta(minutes=1)).isoformat())
        assert shorter["revoked_at"] is None


async def test_a_repeated_request_never_shows_the_secret_again(client_for: ClientFor) -> None:
    client = client_for("acme", "admin")
    body = {"name": "Once", "scopes": ["tenant:read"]}
    headers = {"Idempotency-Key": "make-one-key"}
    first = await client.post(KEYS, json=body, headers=headers)
    again = await client.post(KEYS, json=body, headers=headers)
    assert (first.status_code, again.status_code) == (201, 409)
    assert first.json()["secret"] not in again.text


async def test_a_key_does_what_its_scopes_and_its_members_role_allow(
    client_for: ClientFor, app: Application, world: World
) -> None:
    _, secret = await make_key(client_for("acme", "recruiter"), "tenant:read")
    assert await status_with(app, world, secret, "tenant") == 200
    assert await status_with(app, world, secret, "members") == 403
    answer = await client_for("acme", "viewer").post(
        KEYS, json={"name": "Too much", "scopes": ["jobs:read", "jobs:create"]}
    )
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == "scopes"
    assert "jobs:create" in answer.text


async def test_a_key_makes_no_key_that_may_more(
    client_for: ClientFor, app: Application, world: World
) -> None:
    _, secret = await make_key(client_for("acme", "admin"), "account:own", "jobs:read")
    async with new_client(app, world, "acme") as client:
        client.headers["Authorization"] = f"Bearer {secret}"
        more = await client.post(KEYS, json={"name": "More", "scopes": ["team:manage"]})
        fewer = await client.post(KEYS, json={"name": "Fewer", "scopes": ["jobs:read"]})
    assert (more.status_code, fewer.status_code) == (422, 201)


async def test_an_expired_key_is_dead(
    client_for: ClientFor, app: Application, world: World, database: TestDatabase
) -> None:
    client = client_for("acme", "recruiter")
    later = datetime.now(UTC) + timedelta(hours=1)
    key, secret = await make_key(client, expires_at=later.isoformat())
    assert await status_with(app, world, secret) == 200
    connection = await asyncpg.connect(database.admin_url)
    try:
        await connection.execute("UPDATE api_keys SET expires_at = now() WHERE id = $1", key["id"])
        await connection.execute("SELECT pg_notify('identity_changed', '')")
    finally:
        await connection.close()
    assert await settled(app, world, secret, 401) == 401
    past = {"name": "Past", "scopes": ["jobs:read"], "expires_at": "2020-01-01T00:00:00Z"}
    assert (await client.post(KEYS, json=past)).status_code == 422


async def test_a_rotated_key_overlaps_for_its_grace_and_no_longer(
    client_for: ClientFor, app: Application, world: World, database: TestDatabase
) -> None:
    client = client_for("acme", "recruiter")
    key, first = await make_key(client)
    rotate = f"{KEYS}/{key['id']}/rotate"
    too_long = await client.post(rotate, json={"grace_seconds": 86_401})
    assert too_long.status_code == 422
    second = (await client.post(rotate, json={"grace_seconds": 3_600})).json()["secret"]
    assert second != first
    assert await status_with(app, world, first) == 200
    assert await status_with(app, world, second) == 200
    connection = await asyncpg.connect(database.admin_url)
    try:
        await connection.execute(
            "UPDATE api_key_secrets SET valid_until = now() - interval '1 second' "
            "WHERE api_key_id = $1 AND valid_until IS NOT NULL",
            key["id"],
        )
        await connection.execute("SELECT pg_notify('identity_changed', '')")
    finally:
        await connection.close()
    assert await settled(app, world, first, 401) == 401
    third = (await client.post(rotate, json={})).json()["secret"]
    assert await settled(app, world, second, 401) == 401
    assert await status_with(app, world, third) == 200


async def test_a_revoked_key_is_dead_and_gives_its_place_back(
    client_for: ClientFor, app: Application, world: World
) -> None:
    client = client_for("acme", "recruiter")
    before = await _used(client)
    key, secret = await make_key(client)
    assert await _used(client) == before + 1
    for _ in range(2):
        assert (await client.delete(f"{KEYS}/{key['id']}")).status_code == 204
    assert await settled(app, world, secret, 401) == 401
    assert await _used(client) == before
    assert (await client.post(f"{KEYS}/{key['id']}/rotate", json={})).status_code == 409


async def test_keys_of_others_show_themselves_to_admins_only(client_for: ClientFor) -> None:
    key, _ = await make_key(client_for("acme", "recruiter"))
    viewer, admin = client_for("acme", "viewer"), client_for("acme", "admin")
    assert key["id"] not in (await viewer.get(KEYS)).text
    assert key["id"] in (await admin.get(KEYS)).text
    assert (await viewer.delete(f"{KEYS}/{key['id']}")).status_code == 404
    assert (await admin.post(f"{KEYS}/{key['id']}/rotate", json={})).status_code == 404
    assert (await client_for("globex", "admin").delete(f"{KEYS}/{key['id']}")).status_code == 404
    assert (await admin.delete(f"{KEYS}/{key['id']}")).status_code == 204


async def test_last_use_is_noted(
    client_for: ClientFor, app: Application, world: World, runtime: Runtime
) -> None:
    client = client_for("acme", "recruiter")
    key, secret = await make_key(client)
    assert key["last_used_at"] is None
    await status_with(app, world, secret)
    for _ in range(100):
        listed = (await client.get(KEYS)).json()["items"]
        used = next(item for item in listed if item["id"] == key["id"])["last_used_at"]
        if used is not None:
            break
        await asyncio.sleep(0.02)
    assert used is not None


async def test_junk_never_reaches_the_database(
    runtime: Runtime, world: World, monkeypatch: pytest.MonkeyPatch, examined: Examined
) -> None:
    asked: list[str] = []
    fetch = runtime.database.fetch

    async def counting(sql: str, *arguments: object) -> list[Any]:
        asked.append(sql)
        return await fetch(sql, *arguments)

    monkeypatch.setattr(runtime.database, "fetch", counting)
    good = make_api_key(world.acme.id, runtime.ids.token)
    junk = [good[:-1] + ("a" if good[-1] != "a" else "b"), good[:-1], "im_", "", good.lower()]
    junk += [good[:place] + "~" + good[place + 1 :] for place in range(0, len(good), 7)]
    for key in junk:
        assert await runtime.identify_key(key) is None
    assert asked == []
    # The control: a well-formed key of nobody's is looked up, and found to be nobody's.
    assert await runtime.identify_key(good) is None
    assert len(asked) == 1
    examined("malformed keys", len(junk))


async def _used(client: httpx.AsyncClient) -> int:
    quotas = (await client.get("/api/v1/tenant/entitlements")).json()["quotas"]
    return int(next(quota["used"] for quota in quotas if quota["quota"] == "api_keys"))
