"""The workspace over HTTP: its look, its plan, what the plan gives, and being suspended."""

import asyncio
import os
from collections.abc import Awaitable, Callable

import httpx
import pytest

from core.shared.actor import system
from core.shared.usecase import Command
from core.tenancy.contracts import (
    ChangePlan,
    FirstAdmin,
    ResumeTenant,
    SetCustomDomain,
    SetFeatureFlag,
    SuspendTenant,
)
from tenants.registration import list_tenants, register_tenant
from tenants.runtime import Runtime
from tests.fixtures.clients import ClientFor
from tests.fixtures.databases import TestDatabase
from tests.fixtures.logos import data_url, png
from tests.fixtures.worlds import World

TENANT = "/api/v1/tenant"


async def operate(runtime: Runtime, world: World, slug: str, command: Command[object]) -> object:
    tenant = world[slug]
    return await runtime.scope(tenant.context, system(tenant.id), "cli").execute(command)


async def until(
    ask: Callable[[], Awaitable[httpx.Response]], good: Callable[[httpx.Response], bool]
) -> httpx.Response:
    """The answer once the notice of a change has come through: it takes milliseconds."""
    answer = await ask()
    for _ in range(100):
        if good(answer):
            break
        await asyncio.sleep(0.02)
        answer = await ask()
    return answer


async def test_an_admin_changes_the_workspace(client_for: ClientFor) -> None:
    admin = client_for("acme", "admin")
    shown = await admin.get(TENANT)
    branding = {"logo": data_url(png()), "primary_color": "#0B5fff"}
    changed = await admin.patch(
        TENANT,
        json={"name": "Acme & Söhne", "time_zone": "Asia/Tokyo", "branding": branding},
        headers={"If-Match": shown.headers["etag"]},
    )
    assert changed.status_code == 200, changed.text
    assert changed.json()["branding"]["primary_color"] == "#0B5fff"
    stale = await admin.patch(
        TENANT, json={"name": "Late"}, headers={"If-Match": shown.headers["etag"]}
    )
    assert stale.status_code == 412
    assert (await client_for("acme", "recruiter").patch(TENANT, json={})).status_code == 403
    assert (await client_for("globex", "viewer").get(TENANT)).json()["name"] == "Globex"


@pytest.mark.parametrize(
    ("field", "change"),
    [
        ("time_zone", {"time_zone": "Europe/Atlantis"}),
        ("locale", {"locale": "de_DE"}),
        ("name", {"name": "\u202ereversed"}),
        ("branding.logo", {"branding": {"logo": "data:image/svg+xml;base64,PHN2Zz4="}}),
        ("branding.logo", {"branding": {"logo": "https://example.com/logo.png"}}),
        ("branding.logo", {"branding": {"logo": "data:image/png;base64,AAAA"}}),
        ("branding.logo", {"branding": {"logo": data_url(png()[:-4])}}),
        ("branding.logo", {"branding": {"logo": data_url(png() + b"<script>")}}),
        ("branding.logo", {"branding": {"logo": data_url(png(2_001, 1))}}),
        ("branding.logo", {"branding": {"logo": data_url(os.urandom(65_537))}}),
        ("branding.primary_color", {"branding": {"primary_color": "red"}}),
        ("branding.accent_color", {"branding": {"accent_color": "#ffcc33"}}),
        ("branding.tagline", {"branding": {"tagline": "\u202ereversed"}}),
        ("branding.privacy_url", {"branding": {"privacy_url": "http://acme.example/privacy"}}),
        ("branding.privacy_url", {"branding": {"privacy_url": "javascript:alert(1)"}}),
        ("branding.privacy_url", {"branding": {"privacy_url": 'https://a.example/"><b>'}}),
        ("branding.contact_email", {"branding": {"contact_email": "jobs at acme"}}),
    ],
)
async def test_a_wrong_field_is_named(
    client_for: ClientFor, field: str, change: dict[str, object]
) -> None:
    answer = await client_for("acme", "admin").patch(TENANT, json=change)
    assert answer.status_code == 422
    assert [wrong["field"] for wrong in answer.json()["errors"]] == [field]


async def test_entitlements_say_what_is_used_and_why_not(client_for: ClientFor) -> None:
    viewer = (await client_for("acme", "viewer").get(f"{TENANT}/entitlements")).json()
    admin = (await client_for("acme", "admin").get(f"{TENANT}/entitlements")).json()
    assert admin["plan"] == "pro"
    features = {feature["feature"]: feature for feature in admin["features"]}
    assert features["branding"]["allowed"]
    assert not next(f for f in viewer["features"] if f["feature"] == "branding")["allowed"]
    members = next(quota for quota in admin["quotas"] if quota["quota"] == "members")
    assert (members["used"], members["limit"], members["allowed"]) == (4, 50, True)
    plans = (await client_for("acme", "viewer").get("/api/v1/plans")).json()["items"]
    assert [plan["id"] for plan in plans] == ["free", "starter", "pro", "enterprise"]
    assert plans[-1]["quotas"]["members"] is None


async def test_a_smaller_plan_keeps_what_is_there_and_refuses_more(
    client_for: ClientFor, runtime: Runtime, world: World
) -> None:
    admin = client_for("globex", "admin")
    await operate(runtime, world, "globex", ChangePlan(plan="free", reason="unpaid"))
    shown = await until(
        lambda: admin.get(f"{TENANT}/entitlements"), lambda answer: answer.json()["plan"] == "free"
    )
    members = next(quota for quota in shown.json()["quotas"] if quota["quota"] == "members")
    assert (members["used"], members["limit"], members["allowed"]) == (4, 3, False)
    assert members["available_in"] == "starter"
    assert len((await admin.get("/api/v1/members")).json()["items"]) == 4
    invited = await admin.post(
        "/api/v1/invitations",
        json={"email": "one@more.example", "name": "One More", "role": "viewer"},
    )
    assert (invited.status_code, invited.json()["code"]) == (403, "quota_exceeded")
    key = await admin.post("/api/v1/api-keys", json={"name": "K", "scopes": ["jobs:read"]})
    assert key.json()["code"] == "quota_exceeded"
    look = await admin.patch(TENANT, json={"branding": {"primary_color": "#000000"}})
    assert (look.status_code, look.json()["code"]) == (403, "feature_not_included")
    assert look.json()["available_in"] == "starter"
    contact = {"contact_email": "jobs@globex.example", "privacy_url": "https://globex.example/p"}
    asked = await admin.patch(TENANT, json={"branding": contact})
    assert asked.status_code == 200, "whom to ask is every plan's"
    flag = SetFeatureFlag(feature="branding", enabled=True, reason="a promise")
    await operate(runtime, world, "globex", flag)
    granted = await until(
        lambda: admin.patch(TENANT, json={"branding": {"primary_color": "#000000"}}),
        lambda answer: answer.status_code == 200,
    )
    assert granted.status_code == 200
    await operate(runtime, world, "globex", ChangePlan(plan="enterprise"))
    off = SetFeatureFlag(feature="branding", enabled=False)
    await operate(runtime, world, "globex", off)
    withheld = await until(
        lambda: admin.patch(TENANT, json={"branding": {"primary_color": "#111111"}}),
        lambda answer: answer.status_code == 403,
    )
    assert withheld.status_code == 403


async def test_a_suspended_workspace_is_closed_and_loses_nothing(
    client_for: ClientFor, runtime: Runtime, world: World
) -> None:
    admin, stranger = client_for("acme", "admin"), client_for("acme", None)
    await operate(runtime, world, "acme", SuspendTenant(reason="unpaid"))
    closed = await until(lambda: admin.get(TENANT), lambda answer: answer.status_code == 403)
    assert closed.json()["code"] == "tenant_suspended"
    body = {"email": world.acme.members["admin"].email, "password": "correct horse battery staple"}
    refused = await stranger.post("/api/v1/auth/sign-in", json=body)
    assert (refused.status_code, refused.json()["code"]) == (403, "tenant_suspended")
    assert (await client_for("globex", "admin").get(TENANT)).status_code == 200
    await operate(runtime, world, "acme", ResumeTenant())
    opened = await until(lambda: admin.get(TENANT), lambda answer: answer.status_code == 200)
    assert opened.status_code == 200
    assert len((await admin.get("/api/v1/members")).json()["items"]) == 4


async def test_a_tenant_lives_at_its_own_domain_too(runtime: Runtime, world: World) -> None:
    await operate(runtime, world, "acme", SetCustomDomain(domain="Jobs.Acme.Example."))
    found = await runtime.resolve_host("jobs.acme.example")
    assert found is not None
    assert found.id == world.acme.id
    assert await runtime.resolve_host("jobs.other.example") is None


async def test_the_permission_table_is_data(client_for: ClientFor) -> None:
    rows = (await client_for("acme", "viewer").get("/api/v1/permissions")).json()["items"]
    table = {row["action"]: row["grants"] for row in rows}
    assert table["candidates:read"]["interviewer"] == "assigned"
    assert table["team:manage"] == {
        "admin": "yes",
        "recruiter": "no",
        "interviewer": "no",
        "viewer": "no",
    }


async def test_only_the_owner_lists_tenants(
    runtime: Runtime, world: World, database: TestDatabase
) -> None:
    await register_tenant(
        runtime, slug="listed", name="Listed", admin=FirstAdmin("l@listed.example", "L")
    )
    listed = await list_tenants(database.owner_url)
    assert {"acme", "globex", "listed"} <= {tenant.slug for tenant in listed}
    with pytest.raises(Exception, match="permission denied"):
        await list_tenants(database.app_url)
