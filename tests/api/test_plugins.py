"""Managing plugins over HTTP: what is shown before, who may, what is refused, secrets, versions."""

from collections.abc import AsyncIterator, Callable
from typing import Any

import asyncpg
import httpx
import pytest
import pytest_asyncio
from msgspec.structs import replace

from api.app import create_app
from core.shared.actor import system
from core.tenancy.contracts import ChangePlan
from plugins.sdk import Health, Operations
from tenants.runtime import Runtime
from tenants.settings import Settings as AppSettings
from tests.fixtures.clients import new_client
from tests.fixtures.databases import TestDatabase
from tests.fixtures.examined import Examined
from tests.fixtures.plugin_samples import MANIFEST, catalogue_of, sample
from tests.fixtures.plugins import runtime_with
from tests.fixtures.strangers import eventually
from tests.fixtures.worlds import World

TOKEN = "tok_live_that_nobody_may_see"
ASKED = ["candidates:read", "jobs:read"]
SETTINGS = {"account": "Codes of acme", "token": TOKEN}
URL = "/api/v1/plugins"
Client = Callable[[str, Any], httpx.AsyncClient]


async def check(context: Any) -> Health:
    ok = context.settings.limit < 100
    return Health(
        ok=ok, message=f"Asked with {context.settings.token}.", details={"limit": "as set"}
    )


BRANDED = replace(MANIFEST, id="branded", name="Branded", permissions=(), feature="bulk_actions")
OPERATORS = replace(MANIFEST, id="engine", name="Engine", permissions=(), kind="system")


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def plugged(
    settings: AppSettings, database: TestDatabase, world: World
) -> AsyncIterator[Runtime]:
    catalogue = catalogue_of(
        sample(operations=Operations(check=check)),
        sample(BRANDED, None),
        sample(OPERATORS, None),
    )
    async with runtime_with(settings, database, catalogue) as runtime:
        yield runtime


@pytest.fixture
def client(plugged: Runtime, world: World) -> Client:
    app = create_app(plugged)
    return lambda slug, role: new_client(app, world, slug, role)


@pytest_asyncio.fixture(loop_scope="session")
async def admin(client: Client) -> AsyncIterator[httpx.AsyncClient]:
    """Acme's admin, with the plugin enabled, and put away afterwards."""
    made = client("acme", "admin")
    body = {"settings": SETTINGS, "accept_permissions": ASKED}
    assert (await made.post(f"{URL}/codes/enable", json=body)).status_code == 200
    yield made
    await made.post(f"{URL}/codes/disable")
    await made.delete(f"{URL}/codes", params={"keep_data": "false"})


async def test_a_plugin_is_read_about_before_it_is_enabled(client: Client) -> None:
    reader = client("acme", "admin")
    rows = (await reader.get(URL)).json()["items"]
    assert [(each["id"], each["state"]) for each in rows] == [
        ("branded", "available"),
        ("codes", "available"),
        ("engine", "available"),
    ]
    answer = await reader.get(f"{URL}/codes")
    shown = answer.json()
    assert [(each["action"], each["accepted"]) for each in shown["permissions"]] == [
        ("candidates:read", False),
        ("jobs:read", False),
    ]
    assert all(each["why"] for each in shown["permissions"])
    assert shown["hosts"] == ["api.example.com"]
    assert shown["keeps"][0]["what"] == "Codes"
    assert shown["settings_schema"]["properties"]["token"]["writeOnly"]
    assert shown["settings"]["token"] == {"set": False}
    assert shown["can_be_tested"]


@pytest.mark.parametrize("role", ["recruiter", "interviewer", "viewer"])
async def test_only_admins_manage_plugins(client: Client, role: str, examined: Examined) -> None:
    member = client("acme", role)
    calls = [
        member.get(URL),
        member.get(f"{URL}/codes"),
        member.post(f"{URL}/codes/enable", json={"accept_permissions": ASKED}),
        member.put(f"{URL}/codes/settings", json={"settings": {}}, headers={"If-Match": "*"}),
        member.post(f"{URL}/codes/test"),
        member.post(f"{URL}/codes/disable"),
        member.delete(f"{URL}/codes", params={"keep_data": "true"}),
    ]
    assert {(await call).status_code for call in calls} == {403}
    examined("calls", len(calls))


async def test_what_is_accepted_is_what_is_asked(client: Client) -> None:
    admin = client("acme", "admin")
    for accepted in ([], ["jobs:read"], [*ASKED, "jobs:write"]):
        body = {"settings": SETTINGS, "accept_permissions": accepted}
        refused = await admin.post(f"{URL}/codes/enable", json=body)
        assert (refused.status_code, refused.json()["code"]) == (409, "permissions_not_accepted")
    assert (await admin.get(f"{URL}/codes")).json()["version"] == 0


async def test_every_wrong_setting_is_named(client: Client) -> None:
    body = {"settings": {"limit": "many", "colour": 1}, "accept_permissions": ASKED}
    refused = await client("acme", "admin").post(f"{URL}/codes/enable", json=body)
    assert refused.status_code == 422
    assert {each["field"] for each in refused.json()["errors"]} == {
        "settings.account",
        "settings.token",
        "settings.limit",
        "settings.colour",
    }


async def test_enabling_holds_for_this_tenant_alone(
    admin: httpx.AsyncClient, client: Client
) -> None:
    shown = (await admin.get(f"{URL}/codes")).json()
    assert (shown["state"], shown["waiting_for"]) == ("enabled", [])
    assert all(each["accepted"] for each in shown["permissions"])
    other = (await client("globex", "admin").get(f"{URL}/codes")).json()
    assert (other["state"], other["settings"]["token"]) == ("available", {"set": False})


async def test_a_secret_stays_unless_it_is_changed(admin: httpx.AsyncClient) -> None:
    first = await admin.get(f"{URL}/codes")
    changes: list[tuple[dict[str, Any], bool]] = [
        ({"account": "b", "second": "s-2"}, True),
        ({"account": "c", "second": {"set": True}}, True),
        ({"account": "d", "second": None}, False),
    ]
    version = first.headers["etag"]
    for settings, is_set in changes:
        answer = await admin.put(
            f"{URL}/codes/settings", json={"settings": settings}, headers={"If-Match": version}
        )
        assert answer.status_code == 200, answer.text
        shown = answer.json()["settings"]
        assert (shown["token"], shown["second"]) == ({"set": True}, {"set": is_set})
        version = answer.headers["etag"]
    required = {"settings": {"account": "e", "token": None}}
    refused = await admin.put(f"{URL}/codes/settings", json=required, headers={"If-Match": version})
    assert refused.status_code == 422


async def test_two_admins_do_not_overwrite_each_other(admin: httpx.AsyncClient) -> None:
    change = {"settings": {"account": "b"}}
    bare = await admin.put(f"{URL}/codes/settings", json=change)
    assert bare.status_code == 428
    stale = await admin.put(f"{URL}/codes/settings", json=change, headers={"If-Match": '"99"'})
    assert (stale.status_code, stale.json()["code"]) == (412, "plugin_changed")


async def test_a_connection_is_tested_and_the_answer_kept(admin: httpx.AsyncClient) -> None:
    found = (await admin.post(f"{URL}/codes/test")).json()["check"]
    assert found["ok"]
    assert TOKEN not in found["message"]
    put = {"settings": {**SETTINGS, "limit": 100}}
    await admin.put(f"{URL}/codes/settings", json=put, headers={"If-Match": "*"})
    assert (await admin.post(f"{URL}/codes/test")).json()["check"]["ok"] is False
    assert (await admin.get(f"{URL}/codes")).json()["check"]["ok"] is False


async def test_a_request_that_is_sent_again_changes_nothing_more(
    admin: httpx.AsyncClient,
) -> None:
    headers = {"Idempotency-Key": "change-1", "If-Match": "*"}
    body = {"settings": {**SETTINGS, "limit": 42}}
    answers = [
        await admin.put(f"{URL}/codes/settings", json=body, headers=headers) for _ in range(2)
    ]
    assert answers[0].json() == answers[1].json()
    assert TOKEN not in answers[0].text


async def test_the_plan_decides_and_the_one_that_would_is_named(
    plugged: Runtime, world: World, client: Client
) -> None:
    tenant, admin = world.globex, client("globex", "admin")
    operator = plugged.scope(tenant.context, system(tenant.id, name="Operator"), "plans")

    async def included() -> bool:
        return bool((await admin.get(f"{URL}/branded")).json()["plan"]["included"])

    async def left_out() -> bool:
        return not await included()

    await operator.execute(ChangePlan(plan="starter"))
    await eventually(left_out)
    shown = (await admin.get(f"{URL}/branded")).json()["plan"]
    assert (shown["feature"], shown["available_in"]) == ("bulk_actions", "pro")
    refused = await admin.post(f"{URL}/branded/enable", json={})
    assert (refused.status_code, refused.json()["code"]) == (403, "feature_not_included")
    assert refused.json()["available_in"] == "pro"
    await operator.execute(ChangePlan(plan="enterprise"))
    await eventually(included)
    assert (await admin.post(f"{URL}/branded/enable", json={})).json()["state"] == "enabled"


async def test_a_system_plugin_is_the_operators(client: Client) -> None:
    refused = await client("acme", "admin").post(f"{URL}/engine/enable", json={})
    assert (refused.status_code, refused.json()["code"]) == (409, "plugin_is_the_operators")
    missing = await client("acme", "admin").post(f"{URL}/nothing/enable", json={})
    assert (missing.status_code, missing.json()["code"]) == (404, "plugin_not_found")


async def test_disabling_comes_before_uninstalling(client: Client) -> None:
    admin = client("globex", "admin")
    early = await admin.post(f"{URL}/codes/test")
    assert early.status_code in {404, 409}, early.text
    body = {"settings": SETTINGS, "accept_permissions": ASKED}
    await admin.post(f"{URL}/codes/enable", json=body)
    keep, remove = {"keep_data": "true"}, {"keep_data": "false"}
    still = await admin.delete(f"{URL}/codes", params=keep)
    assert (still.status_code, still.json()["code"]) == (409, "plugin_still_enabled")
    assert (await admin.post(f"{URL}/codes/disable")).json()["state"] == "disabled"
    assert (await admin.delete(f"{URL}/codes")).status_code == 400
    assert (await admin.delete(f"{URL}/codes", params=keep)).status_code == 204
    assert (await admin.get(f"{URL}/codes")).json()["data_kept"]
    assert (await admin.delete(f"{URL}/codes", params=remove)).status_code == 204
    gone = await admin.delete(f"{URL}/codes", params=remove)
    assert (gone.status_code, gone.json()["code"]) == (409, "plugin_not_enabled")


async def test_everything_is_audited_and_no_secret_is_kept_in_the_clear(
    admin: httpx.AsyncClient, database: TestDatabase, examined: Examined
) -> None:
    entries = (await admin.get("/api/v1/audit", params={"limit": "200"})).json()["items"]
    done = {each["action"] for each in entries}
    assert {"plugin.enabled", "plugin.disabled", "plugin.uninstalled"} <= done
    connection = await asyncpg.connect(database.admin_url)
    tables = await connection.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
    kept = ""
    for (table,) in tables:
        rows = await connection.fetch(f'SELECT t::text FROM "{table}" t')
        kept += "\n".join(row[0] for row in rows)
    await connection.close()
    assert "Codes of acme" in kept, "it isn't looked where settings are"
    assert TOKEN not in kept
    examined("tables", len(tables))
