"""A plugin's forms without a script: settings, secrets that stay, errors at their fields."""

import re
from collections.abc import AsyncIterator, Callable
from typing import Any

import asyncpg
import httpx
import pytest
import pytest_asyncio

from api.app import create_app
from api.web.forms import Form
from api.web.schema_form import settings_from
from tenants.runtime import Runtime
from tenants.settings import Settings
from tests.fixtures.clients import new_client
from tests.fixtures.databases import TestDatabase
from tests.fixtures.plugins import runtime_with
from tests.fixtures.vendor_plugin import vendor_catalogue
from tests.fixtures.worlds import World

HTML = {"Accept": "text/html"}
PAGE = "/settings/plugins/vendor"
ASKED = "candidates:read,candidates:write"
TOKEN = "tok-that-nobody-may-see"
FILLED = {
    "settings.account": "ACME-1",
    "settings.token": TOKEN,
    "settings.signing": "sign-with-this",
    "settings.region": "us",
    "settings.limit": "50",
    "settings.offices": "Berlin\r\nParis\r\n",
    "settings.footer": "",
}
Client = Callable[[str, Any], httpx.AsyncClient]


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def plugged(
    settings: Settings, database: TestDatabase, world: World
) -> AsyncIterator[Runtime]:
    async with runtime_with(settings, database, vendor_catalogue()) as runtime:
        yield runtime


@pytest.fixture
def client(plugged: Runtime, world: World) -> Client:
    app = create_app(plugged)
    return lambda slug, role: new_client(app, world, slug, role)


async def send(client: httpx.AsyncClient, form: str, *pairs: tuple[str, str]) -> httpx.Response:
    """Send a form of the page over the version that is there now."""
    fields: dict[str, Any] = {}
    for name, value in (("version", await version(client)), *pairs):
        fields.setdefault(name, []).append(value)
    return await client.post(f"{PAGE}/{form}", data=fields, headers=HTML)


async def version(client: httpx.AsyncClient) -> str:
    return str((await client.get("/api/v1/plugins/vendor")).json()["version"])


async def enabled(client: httpx.AsyncClient, **changed: str) -> httpx.Response:
    fields = {**FILLED, "accept_permissions": ASKED, "accepted": "true", **changed}
    return await send(client, "enable", *fields.items())


async def view(client: httpx.AsyncClient) -> Any:
    return (await client.get("/api/v1/plugins/vendor")).json()


async def test_the_whole_way_without_a_script(client: Client, database: TestDatabase) -> None:
    admin = client("acme", "admin")
    refused = await send(admin, "enable", *FILLED.items())
    assert refused.status_code == 409, "nothing is enabled without acceptance"
    done = await enabled(admin)
    assert (done.status_code, done.headers["location"]) == (303, f"{PAGE}?done=enabled")
    shown = await view(admin)
    assert shown["state"] == "enabled"
    assert shown["settings"] == {
        "account": "ACME-1",
        "token": {"set": True},
        "signing": {"set": True},
        "region": "us",
        "limit": 50,
        "nightly": False,
        "offices": ["Berlin", "Paris"],
        "footer": None,
    }
    kept = {**FILLED, "settings.token": "", "settings.signing": "", "settings.nightly": "true"}
    before = await sealed(database)
    saved = await send(admin, "settings", *kept.items())
    assert saved.headers["location"] == f"{PAGE}?done=saved"
    assert "Saved." in (await admin.get(saved.headers["location"], headers=HTML)).text
    assert (await view(admin))["settings"]["token"] == {"set": True}
    assert (await view(admin))["settings"]["nightly"] is True
    assert await sealed(database) == before, "an empty secret keeps its value"
    cleared = await send(admin, "settings", *kept.items(), ("settings.signing", "on"))
    assert cleared.status_code == 303
    assert (await view(admin))["settings"]["signing"] == {"set": False}
    assert (await view(admin))["settings"]["token"] == {"set": True}
    tried = await send(admin, "test")
    assert tried.headers["location"] == PAGE
    page = (await admin.get(PAGE, headers=HTML)).text
    assert "The vendor doesn&#39;t know the token" in page
    assert TOKEN not in page
    assert (await send(admin, "disable")).headers["location"] == f"{PAGE}?done=disabled"
    again = await send(admin, "enable", ("accept_permissions", ASKED), ("accepted", "true"))
    assert again.status_code == 303
    assert (await view(admin))["settings"]["account"] == "ACME-1"
    still = await send(admin, "uninstall", ("data", "keep"))
    assert still.status_code == 409, "only what is disabled is uninstalled"
    assert 'role="alert"' in still.text
    await send(admin, "disable")
    gone = await send(admin, "uninstall", ("data", "delete"))
    assert gone.headers["location"] == f"{PAGE}?done=deleted"
    assert (await view(admin))["state"] == "available"


async def test_errors_stand_at_their_fields_and_what_was_typed_stays(client: Client) -> None:
    admin = client("globex", "admin")
    wrong = {
        "settings.account": "AB",
        "settings.limit": "lots",
        "settings.region": "mars",
        "settings.offices": "Berlin\r\nan office with far too long a name",
    }
    first = await enabled(admin, **wrong)
    assert first.status_code == 422
    assert error_at(first, "limit") == "Give a whole number."
    assert "offered" in error_at(first, "region")
    second = await enabled(admin, **{**wrong, "settings.limit": "50", "settings.region": "eu"})
    assert second.status_code == 422
    assert "3" in error_at(second, "account")
    assert "20" in error_at(second, "offices")
    for typed in ('value="AB"', "an office with far too long a name", 'value="50"'):
        assert typed in second.text, typed
    missing = await enabled(admin, **{"settings.token": ""})
    assert error_at(missing, "token") == "This field is required."
    for answer in (first, second, missing):
        assert TOKEN not in answer.text
        assert "sign-with-this" not in answer.text
    assert (await view(admin))["version"] == 0


async def test_a_late_form_changes_nothing_and_loses_nothing(client: Client) -> None:
    admin = client("globex", "admin")
    assert (await enabled(admin)).status_code == 303
    late = await admin.post(
        f"{PAGE}/settings",
        data={**FILLED, "settings.account": "MINE", "version": "0"},
        headers=HTML,
    )
    assert late.status_code == 412
    assert 'value="MINE"' in late.text
    assert "saving again replaces" in late.text
    unread = await admin.post(f"{PAGE}/settings", data=FILLED, headers=HTML)
    assert unread.status_code == 412, "a form that names no version changes nothing"
    assert (await view(admin))["settings"]["account"] == "ACME-1"
    for role in ("recruiter", "viewer"):
        member = client("globex", role)
        for form in ("enable", "settings", "test", "disable", "uninstall"):
            answer = await member.post(f"{PAGE}/{form}", data=FILLED, headers=HTML)
            assert answer.status_code == 403, form
    stranger = await client("globex", None).post(f"{PAGE}/settings", data=FILLED, headers=HTML)
    assert stranger.status_code in {303, 401}
    nothing = await admin.post("/settings/plugins/nothing/test", data=FILLED, headers=HTML)
    assert nothing.status_code == 404


def test_no_number_is_infinite() -> None:
    schema = {"properties": {"share": {"type": "number"}}}
    for text in ("nan", "inf", "1e999"):
        with pytest.raises(Exception, match="not valid"):
            settings_from(schema, Form([("share", text)]))


def error_at(answer: httpx.Response, field: str) -> str:
    found = re.search(rf'id="settings\.{field}-error">(.*?)</p>', answer.text, re.DOTALL)
    return re.sub(r"<[^>]+>", "", found[1]).strip() if found else ""


async def sealed(database: TestDatabase) -> Any:
    connection = await asyncpg.connect(database.admin_url)
    try:
        return await connection.fetch("SELECT field, sealed FROM plugin_secrets ORDER BY field")
    finally:
        await connection.close()
