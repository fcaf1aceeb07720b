"""A plugin's account is connected in the browser that asked, once, in time, and by nobody else."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import asyncpg
import httpx
import pytest
import pytest_asyncio

from core.installations import connections
from core.installations.model import Consent
from core.shared.actor import Actor
from core.shared.clock import UtcDatetime
from tenants.settings import Settings
from tests.fixtures.canaries import search_database
from tests.fixtures.databases import TestDatabase
from tests.fixtures.examined import Examined
from tests.fixtures.oauth_vendor import (
    ACCOUNT,
    CLIENT_SECRET,
    HOST,
    SCOPES,
    OAuthVendor,
    connecting_catalogue,
    lead_to,
    oauth_vendor,
)
from tests.fixtures.plugins_served import ServedHere, serving
from tests.fixtures.sockets import signed_in
from tests.fixtures.worlds import World

URL = "/api/v1/plugins/calendar"
PAGE = "/settings/plugins/calendar"
HTML = {"Accept": "text/html"}


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def vendor(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[OAuthVendor]:
    async with oauth_vendor(tmp_path_factory.mktemp("vendor")) as made:
        yield made


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def served(
    settings: Settings, database: TestDatabase, world: World, vendor: OAuthVendor
) -> AsyncIterator[ServedHere]:
    async with serving(settings, database, connecting_catalogue(vendor)) as made:
        lead_to(made.runtime, vendor)
        yield made


Browser = Callable[..., Awaitable[httpx.AsyncClient]]


@pytest_asyncio.fixture(loop_scope="session")
async def browser(served: ServedHere, world: World) -> AsyncIterator[Browser]:
    """Browsers with a session of their own, over a real port."""
    async with AsyncExitStack() as opened:

        async def sign_in(slug: str = "acme", role: Any = "admin") -> httpx.AsyncClient:
            member = world[slug].members[role]
            server: Any = served
            return await opened.enter_async_context(
                signed_in(server, slug, member.email, member.password)
            )

        yield sign_in


@pytest_asyncio.fixture(loop_scope="session")
async def admin(browser: Browser, vendor: OAuthVendor) -> AsyncIterator[httpx.AsyncClient]:
    """Acme's admin, with the plugin enabled, and put away afterwards."""
    made = await browser()
    vendor.denies, vendor.issuer = "", None
    body = {"settings": {"client_secret": CLIENT_SECRET}}
    for plugin in (URL, "/api/v1/plugins/second"):
        assert (await made.post(f"{plugin}/enable", json=body)).status_code == 200
    yield made
    for plugin in (URL, "/api/v1/plugins/second"):
        await made.post(f"{plugin}/disable")
        await made.delete(plugin, params={"keep_data": "false"})


async def begun(client: httpx.AsyncClient, plugin: str = URL) -> str:
    answer = await client.post(f"{plugin}/connection")
    assert answer.status_code == 200, answer.text
    return str(answer.json()["authorize_url"])


async def back(client: httpx.AsyncClient, address: str) -> httpx.Response:
    """Follow the vendor's redirect, with this browser."""
    parts = urlsplit(address)
    assert parts.path == "/oauth/callback"
    return await client.get(f"{parts.path}?{parts.query}", headers=HTML)


async def connected(client: httpx.AsyncClient, vendor: OAuthVendor, plugin: str = URL) -> None:
    answer = await back(client, await vendor.agree(await begun(client, plugin)))
    assert (answer.status_code, answer.headers["location"]) == (
        303,
        f"/settings/plugins/{plugin.rpartition('/')[2]}?done=connected",
    )


async def shown(client: httpx.AsyncClient) -> dict[str, Any]:
    answer = await client.get(f"{URL}/connection")
    assert answer.status_code == 200, answer.text
    view: dict[str, Any] = answer.json()
    return view


async def calls_of(admin: httpx.AsyncClient) -> list[dict[str, Any]]:
    """What the plugin called, once it is written."""
    for _ in range(600):
        if found := (await admin.get(f"{URL}/calls")).json()["items"]:
            return list(found)
        await asyncio.sleep(0.05)
    raise AssertionError("no call was written")


async def test_the_whole_way(
    admin: httpx.AsyncClient, vendor: OAuthVendor, served: ServedHere
) -> None:
    before = (await admin.get(URL)).json()
    assert (before["state"], before["waiting_for"]) == ("waiting", ["account"])
    view = await shown(admin)
    assert (view["state"], view["account"], view["scopes"]) == ("none", "", [])
    address = urlsplit(await begun(admin))
    asked = dict(parse_qsl(address.query))
    assert asked["redirect_uri"] == view["callback_url"]
    assert asked["scope"] == " ".join(SCOPES)
    await connected(admin, vendor)
    view = await shown(admin)
    assert (view["state"], view["account"]) == ("connected", ACCOUNT)
    assert (view["scopes"], view["missing_scopes"]) == (list(SCOPES), [])
    assert view["connected_at"] < view["expires_at"]
    assert view["is_renewable"]
    after = (await admin.get(URL)).json()
    assert (after["state"], after["waiting_for"]) == ("enabled", [])
    used = await admin.get(f"{URL}/x/me", params={"origin": vendor.origin})
    assert used.json()["status"] == 200, used.text
    (call,) = await calls_of(admin)
    assert (call["method"], call["host"], call["status"]) == ("GET", HOST, 200)
    page = (await admin.get(f"{PAGE}?done=connected", headers=HTML)).text
    assert "The account is connected." in page
    assert "Latest calls" in page
    assert ACCOUNT in page
    assert view["callback_url"] in page
    ended = await admin.delete(f"{URL}/connection")
    assert ended.status_code == 204, ended.text
    assert (await shown(admin))["state"] == "none"
    assert (await admin.delete(f"{URL}/connection")).json()["code"] == "plugin_not_connected"
    refused = await admin.get(f"{URL}/x/me", params={"origin": vendor.origin})
    assert refused.status_code == 503
    assert "No account is connected yet" in refused.json()["detail"]
    trail = (await admin.get("/api/v1/audit", params={"limit": 100})).json()["items"]
    actions = [each["action"] for each in trail]
    assert actions.index("plugin.disconnected") < actions.index("plugin.connected")


# Whose answer is taken.


def with_state(address: str, state: str) -> str:
    parts = urlsplit(address)
    query = {**dict(parse_qsl(parts.query)), "state": state}
    return parts._replace(query=urlencode(query)).geturl()


async def attacks(
    served: ServedHere, browser: Browser, vendor: OAuthVendor, database: TestDatabase
) -> dict[str, httpx.Response]:
    """Bring an answer that the vendor gave to acme's admin in every wrong way."""
    admin = await browser()
    again, colleague = await browser(), await browser("acme", "recruiter")
    stranger = await browser("globex")
    answer = await vendor.agree(await begun(admin))
    made: dict[str, httpx.Response] = {}
    made["no state"] = await back(admin, with_state(answer, ""))
    made["a forged state"] = await back(admin, with_state(answer, "x" * 43))
    made["a state that comes twice"] = await back(admin, f"{answer}&state=x")
    made["another session of the same admin"] = await back(again, answer)
    made["another member's session"] = await back(colleague, answer)
    made["another tenant's session"] = await back(stranger, answer)
    theirs = await vendor.agree(await begun(stranger, "/api/v1/plugins/calendar"))
    made["another tenant's state"] = await back(admin, theirs)
    late = await vendor.agree(await begun(admin))
    connection = await asyncpg.connect(database.admin_url)
    await connection.execute("UPDATE plugin_consents SET expires_at = now() - interval '1 second'")
    await connection.close()
    made["an answer that comes too late"] = await back(admin, late)
    return made


async def taken(
    served: ServedHere, browser: Browser, vendor: OAuthVendor, database: TestDatabase
) -> tuple[list[str], int]:
    """Return which attacks connected something, and how many were made."""
    tried = await attacks(served, browser, vendor, database)
    return [name for name, each in tried.items() if each.status_code != 403], len(tried)


@pytest_asyncio.fixture(loop_scope="session")
async def both(admin: httpx.AsyncClient, browser: Browser) -> AsyncIterator[httpx.AsyncClient]:
    """The plugin is enabled for the other tenant, too."""
    other = await browser("globex")
    body = {"settings": {"client_secret": CLIENT_SECRET}}
    assert (await other.post(f"{URL}/enable", json=body)).status_code == 200
    yield admin
    await other.post(f"{URL}/disable")
    await other.delete(URL, params={"keep_data": "false"})


async def test_an_answer_is_taken_from_who_asked_in_time(
    both: httpx.AsyncClient,
    served: ServedHere,
    browser: Browser,
    vendor: OAuthVendor,
    database: TestDatabase,
    examined: Examined,
) -> None:
    asked = len(vendor.requests)
    found, tried = await taken(served, browser, vendor, database)
    assert found == []
    assert len(vendor.requests) == asked, "nobody asked the vendor for a token"
    assert (await shown(both))["state"] == "none"
    examined("attacks", tried)


def from_anybody(consent: Consent, actor: Actor, now: UtcDatetime) -> bool:
    return now < consent.expires_at


def at_any_time(consent: Consent, actor: Actor, now: UtcDatetime) -> bool:
    return consent.bound_to in connections._names_of(actor)


@pytest.mark.parametrize(
    ("planted", "expected"),
    [
        (from_anybody, "another session of the same admin"),
        (at_any_time, "an answer that comes too late"),
    ],
)
async def test_a_state_that_is_not_looked_at_is_found(
    both: httpx.AsyncClient,
    served: ServedHere,
    browser: Browser,
    vendor: OAuthVendor,
    database: TestDatabase,
    planted: Any,
    expected: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(connections, "is_waited_for", planted)
    found, _ = await taken(served, browser, vendor, database)
    assert expected in found


async def test_an_answer_is_taken_once(admin: httpx.AsyncClient, vendor: OAuthVendor) -> None:
    answer = await vendor.agree(await begun(admin))
    assert (await back(admin, answer)).status_code == 303
    asked = len(vendor.requests)
    replayed = await back(admin, answer)
    assert replayed.status_code == 403
    assert "was used before" in replayed.text
    assert len(vendor.requests) == asked
    assert (await shown(admin))["state"] == "connected"


async def test_an_answer_that_names_the_wrong_issuer_is_thrown_away(
    admin: httpx.AsyncClient, vendor: OAuthVendor
) -> None:
    vendor.issuer = "https://elsewhere.example"
    asked = len(vendor.requests)
    answer = await back(admin, await vendor.agree(await begun(admin)))
    assert answer.headers["location"] == f"{PAGE}?failed=wrong_issuer"
    assert len(vendor.requests) == asked
    vendor.issuer = vendor.origin
    await connected(admin, vendor)


async def test_who_may_not_manage_plugins_connects_nothing(
    admin: httpx.AsyncClient, browser: Browser, examined: Examined
) -> None:
    for role in ("recruiter", "interviewer", "viewer"):
        member = await browser("acme", role)
        for method, path in (
            ("POST", f"{URL}/connection"),
            ("GET", f"{URL}/connection"),
            ("DELETE", f"{URL}/connection"),
            ("POST", f"{PAGE}/connect"),
            ("POST", f"{PAGE}/disconnect"),
            ("GET", "/oauth/callback?state=x&code=y"),
        ):
            assert (await member.request(method, path)).status_code == 403, (role, method, path)
    examined("calls", 18)


async def test_a_stranger_who_comes_back_signs_in(served: ServedHere) -> None:
    async with httpx.AsyncClient(
        base_url=f"http://127.0.0.1:{served.port}", timeout=60
    ) as stranger:
        headers = {**HTML, "Host": f"acme.localhost:{served.port}"}
        answer = await stranger.get("/oauth/callback?state=x&code=y", headers=headers)
    assert answer.status_code == 303
    assert answer.headers["location"].startswith("/sign-in?")


# What the vendor says.


@pytest.mark.parametrize(
    ("error", "words"),
    [
        ("access_denied", "The vendor says that access was denied."),
        ("server_error", "The vendor has a fault."),
        ("<script>", "The vendor refused, and nothing was connected."),
    ],
)
async def test_a_vendors_error_is_told_in_words(
    admin: httpx.AsyncClient, vendor: OAuthVendor, error: str, words: str
) -> None:
    vendor.denies = error
    address = await vendor.agree(await begun(admin))
    answer = await back(admin, address)
    assert answer.status_code == 303
    page = await admin.get(answer.headers["location"], headers=HTML)
    assert words in page.text
    assert "<script>" not in answer.headers["location"]
    assert (await shown(admin))["state"] == "none"
    vendor.denies = ""
    assert (await back(admin, address)).status_code == 403, "it is used up"


async def test_what_the_vendor_refuses_or_cannot_answer_connects_nothing(
    admin: httpx.AsyncClient, vendor: OAuthVendor
) -> None:
    vendor.codes.clear()
    address = await vendor.agree(await begun(admin))
    vendor.codes.clear()
    answer = await back(admin, address)
    assert answer.headers["location"] == f"{PAGE}?failed=exchange_refused"
    body = {"settings": {"client_secret": "wrong"}}
    version = (await admin.get(URL)).headers["etag"]
    await admin.put(f"{URL}/settings", json=body, headers={"If-Match": version})
    answer = await back(admin, await vendor.agree(await begun(admin)))
    assert answer.headers["location"] == f"{PAGE}?failed=exchange_refused"
    version = (await admin.get(URL)).headers["etag"]
    await admin.put(
        f"{URL}/settings",
        json={"settings": {"client_secret": None}},
        headers={"If-Match": version},
    )
    lacking = await admin.post(f"{URL}/connection")
    assert lacking.status_code == 422
    assert lacking.json()["errors"][0]["field"] == "settings.client_secret"
    page = await admin.post(f"{PAGE}/connect", headers=HTML)
    assert page.status_code == 422
    assert "settings.client_secret" in page.text


async def test_only_an_enabled_plugin_with_a_provider_connects(
    admin: httpx.AsyncClient, vendor: OAuthVendor
) -> None:
    plain = await admin.post("/api/v1/plugins/plain/connection")
    assert (plain.status_code, plain.json()["code"]) == (409, "plugin_has_no_account")
    assert (await admin.get("/api/v1/plugins/plain/connection")).status_code == 409
    assert (await admin.get("/api/v1/plugins/none/connection")).status_code == 404
    address = await vendor.agree(await begun(admin))
    await admin.post(f"{URL}/disable")
    refused = await admin.post(f"{URL}/connection")
    assert (refused.status_code, refused.json()["code"]) == (409, "plugin_not_enabled")
    late = await back(admin, address)
    assert late.status_code == 409
    assert (await shown(admin))["state"] == "none"


async def test_the_page_leads_out_and_shows_what_to_register(
    admin: httpx.AsyncClient, vendor: OAuthVendor
) -> None:
    page = await admin.get(PAGE, headers=HTML)
    assert "Not connected" in page.text
    assert "/oauth/callback" in page.text
    out = await admin.post(f"{PAGE}/connect", headers=HTML)
    assert out.status_code == 200
    assert out.headers["cache-control"] == "no-store"
    assert f'content="0;url={vendor.origin}/authorize?' in out.text.replace("&#34;", '"')
    await connected(admin, vendor)
    ended = await admin.post(f"{PAGE}/disconnect", headers=HTML)
    assert ended.headers["location"] == f"{PAGE}?done=disconnected"
    twice = await admin.post(f"{PAGE}/disconnect", headers=HTML)
    assert twice.status_code == 409
    assert "No account is connected." in twice.text


async def test_a_program_begins_what_its_member_ends(
    admin: httpx.AsyncClient,
    browser: Browser,
    vendor: OAuthVendor,
    world: World,
    served: ServedHere,
) -> None:
    key = world.acme.members["admin"].api_key
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{served.port}", timeout=60) as program:
        program.headers["Authorization"] = f"Bearer {key}"
        program.headers["Host"] = f"acme.localhost:{served.port}"
        program.headers["Idempotency-Key"] = "begin-1"
        address = await begun(program)
        again = await program.post(f"{URL}/connection")
        assert again.json()["code"] == "idempotency_secret_not_replayable"
    answer = await back(await browser(), await vendor.agree(address))
    assert answer.headers["location"] == f"{PAGE}?done=connected"


# What is kept.


async def test_no_token_is_told_or_kept_in_the_clear(
    admin: httpx.AsyncClient,
    vendor: OAuthVendor,
    served: ServedHere,
    database: TestDatabase,
    capfd: pytest.CaptureFixture[str],
    examined: Examined,
) -> None:
    address = await begun(admin)
    state = dict(parse_qsl(urlsplit(address).query))["state"]
    searched = await search_database(database.admin_url, [state])
    assert searched.found == ()
    await back(admin, await vendor.agree(address))
    used = await admin.get(f"{URL}/x/me", params={"origin": vendor.origin})
    assert used.json()["status"] == 200
    grant = vendor.grants[-1]
    words = [*grant.refresh_tokens, *grant.access_tokens, CLIENT_SECRET]
    searched = await search_database(database.admin_url, list(words))
    assert searched.found == ()
    told = [
        (await admin.get(path)).text
        for path in (URL, f"{URL}/connection", PAGE, "/api/v1/audit", "/api/v1/plugins")
    ]
    log = "".join(capfd.readouterr())
    assert [word for word in words if word in log or any(word in each for each in told)] == []
    examined("columns", searched.columns)
    examined("values", searched.values)


async def test_uninstalling_forgets_the_account(
    admin: httpx.AsyncClient, vendor: OAuthVendor, database: TestDatabase
) -> None:
    connection = await asyncpg.connect(database.admin_url)
    for keep in ("true", "false"):
        await connected(admin, vendor)
        await begun(admin)
        await admin.post(f"{URL}/disable")
        assert (await shown(admin))["state"] == "connected", "disabling keeps it"
        assert (await admin.get(f"{URL}/x/me")).status_code == 404, "and stops its use"
        done = await admin.delete(URL, params={"keep_data": keep})
        assert done.status_code == 204
        for table in ("plugin_connections", "plugin_consents"):
            rows = f"SELECT count(*) FROM {table} WHERE plugin_id = 'calendar'"
            assert await connection.fetchval(rows) == 0, table
        body = {"settings": {"client_secret": CLIENT_SECRET}}
        assert (await admin.post(f"{URL}/enable", json=body)).status_code == 200
        assert (await shown(admin))["state"] == "none"
    await connection.close()
