"""The pages that strangers use: they work without scripts and know nothing of other workspaces."""

import re
from collections.abc import AsyncIterator
from typing import Final

import httpx
import pytest
import pytest_asyncio

from api.app import Application
from core.identity.contracts.team import DeliverPasswordReset, InviteMember
from core.shared.actor import system
from tenants.runtime import Runtime
from tests.fixtures.clients import ClientFor, new_client
from tests.fixtures.examined import Examined
from tests.fixtures.worlds import PASSWORD, World

HTML: Final = {"Accept": "text/html"}


@pytest_asyncio.fixture
async def browser(app: Application, world: World) -> AsyncIterator[httpx.AsyncClient]:
    async with new_client(app, world, "acme") as client:
        yield client


async def send(
    client: httpx.AsyncClient, path: str, to: str | None = None, **fields: str
) -> httpx.Response:
    """Open the page and send its form, as a browser without scripts does."""
    page = await client.get(path, headers=HTML)
    token = re.search(r'name="form_token" value="([^"]+)"', page.text)
    origin = str(client.base_url).rstrip("/")
    return await client.post(
        to or path.partition("?")[0],
        data={**fields, **({"form_token": token[1]} if token else {})},
        headers={**HTML, "Origin": origin, "Sec-Fetch-Site": "same-origin"},
    )


async def test_a_member_signs_in_sees_their_workspaces_and_signs_out(
    browser: httpx.AsyncClient,
) -> None:
    entered = await send(browser, "/sign-in", email="admin@acme.example", password=PASSWORD)
    assert (entered.status_code, entered.headers["location"]) == (303, "/dashboard")
    menu = await browser.get("/workspaces", headers=HTML)
    assert "acme" in menu.text
    assert "globex" not in menu.text
    left = await send(browser, "/dashboard", to="/sign-out")
    assert (left.status_code, left.headers["location"]) == (303, "/sign-in?done=out")
    after = await browser.get("/dashboard", headers=HTML)
    assert after.headers["location"].startswith("/sign-in")


@pytest.mark.parametrize(
    "following", ["//evil.example", "https://evil.example/", "/\\evil.example"]
)
async def test_signing_in_leads_nowhere_else(browser: httpx.AsyncClient, following: str) -> None:
    entered = await send(
        browser, "/sign-in", email="admin@acme.example", password=PASSWORD, next=following
    )
    assert entered.headers["location"] == "/dashboard"


async def test_a_member_of_another_workspace_is_a_stranger(
    client_for: ClientFor, examined: Examined
) -> None:
    client = client_for("acme", None)
    told = set()
    for email in ("admin@globex.example", "nobody@acme.example"):
        answer = await send(client, "/sign-in", email=email, password=PASSWORD)
        assert answer.status_code == 401
        assert "set-cookie" not in answer.headers
        told.add(_shape(answer, email))
    assert len(told) == 1
    examined("refusals compared", 2)


async def test_who_forgot_a_password_is_answered_as_anybody(client_for: ClientFor) -> None:
    client = client_for("acme", None)
    told = {
        _shape(await send(client, "/forgotten-password", email=email), email)
        for email in ("viewer@acme.example", "viewer@globex.example", "nobody@acme.example")
    }
    assert len(told) == 1


async def test_links_of_another_workspace_open_nothing(
    client_for: ClientFor, runtime: Runtime, world: World
) -> None:
    admin = runtime.scope(world.globex.context, world.globex.actor("admin"), "test")
    invited = await admin.execute(
        InviteMember(email="new@globex.example", name="Nora New", role="viewer")
    )
    theirs, ours = client_for("globex", None), client_for("acme", None)
    path = f"/invitation?token={invited.token}"
    shown = await theirs.get(path, headers=HTML)
    assert (shown.status_code, "Nora New" in shown.text) == (200, True)
    foreign = await ours.get(path, headers=HTML)
    made_up = await ours.get("/invitation?token=nonsense", headers=HTML)
    assert foreign.status_code == made_up.status_code == 404
    assert "Nora" not in foreign.text
    assert "globex" not in foreign.text.lower()
    used = await send(
        ours, path, token=str(invited.token), password="correct horse battery", name="N"
    )
    assert used.status_code == 404
    assert (await theirs.get(path, headers=HTML)).status_code == 200, "still unused"


async def test_a_reset_of_another_workspace_changes_no_password(
    client_for: ClientFor, runtime: Runtime, world: World
) -> None:
    theirs, ours = client_for("globex", None), client_for("acme", None)
    email = "viewer@globex.example"
    system_scope = runtime.scope(world.globex.context, system(world.globex.id), "task")
    await system_scope.execute(DeliverPasswordReset(email=email))
    letters = [
        text
        for path in (runtime.settings.data_dir / "account-mail").iterdir()
        if email in (text := path.read_text())
    ]
    found = re.search(r"token=([\w-]+)", letters[0])
    assert found is not None
    fields = {"token": found[1], "password": "another horse battery staple"}
    refused = await send(ours, f"/new-password?token={found[1]}", **fields)
    assert refused.status_code == 404
    entered = await send(theirs, "/sign-in", email="viewer@globex.example", password=PASSWORD)
    assert entered.status_code == 303
    used = await send(theirs, f"/new-password?token={found[1]}", **fields)
    assert used.headers["location"] == "/sign-in?done=password", "also with a session"


async def test_the_bare_domain_says_where_to_sign_in(client_for: ClientFor) -> None:
    answer = await client_for("acme", None).get("/sign-in", headers={**HTML, "Host": "localhost"})
    assert answer.status_code == 401
    assert "address of their workspace" in answer.text


def _shape(answer: httpx.Response, email: str) -> tuple[int, str]:
    text = answer.text.replace(email, "").replace(email.replace("@", "&#64;"), "")
    return answer.status_code, re.sub(r'(form_token" value="|nonce=")[^"]*', "", text)
