"""The page of what candidates see and who reports: typed lines, kept words, nobody else's."""

import re

import httpx
import pytest

from tests.fixtures.clients import ClientFor
from tests.fixtures.examined import Examined

HTML = {"Accept": "text/html"}
PATH = "/settings/status"
SOURCES = "/api/v1/status/sources"
LINES = (
    "check.clear = move: Interview = second\r\n\r\n check.failed=reject: skills\r\n"
    "a = b = withdraw: pay\nbegun = note"
)


async def made(client: httpx.AsyncClient, name: str = "Checks") -> str:
    answer = await client.post(SOURCES, json={"name": name})
    return str(answer.json()["source"]["id"])


async def send(client: httpx.AsyncClient, source: str, **fields: str) -> httpx.Response:
    return await client.post(
        f"{PATH}/sources/{source}",
        data={"name": "Checks", "mapping": "", "version": "", **fields},
        headers=HTML,
    )


async def test_a_mapping_is_typed_a_line_each(client_for: ClientFor) -> None:
    admin = client_for("acme", "admin")
    empty = (await admin.get(PATH, headers=HTML)).text
    assert "Nobody reports yet" in empty
    source = await made(admin)
    kept = await send(admin, source, name="Other <checks>", mapping=LINES, version="1")
    assert (kept.status_code, kept.headers["location"]) == (303, f"{PATH}#source-{source}")
    view = (await admin.get(f"{SOURCES}/{source}")).json()
    assert view["mapping"] == {
        "check.clear": {"act": "move", "stage": "Interview = second"},
        "check.failed": {"act": "reject", "reason": "skills"},
        "a = b": {"act": "withdraw", "reason": "pay"},
        "begun": {"act": "note"},
    }
    page = (await admin.get(PATH, headers=HTML)).text
    assert "Other &lt;checks&gt;" in page
    assert f"http://acme.localhost:8000/api/status/webhook?source={source}" in page
    again = re.search(r"<textarea[^>]*>([^<]*)</textarea>", page)
    assert again
    same = await send(admin, source, name="Other <checks>", mapping=again[1], version="2")
    assert same.status_code == 303
    assert (await admin.get(f"{SOURCES}/{source}")).json() == view, "the same lines change nothing"
    late = await send(admin, source, mapping="mine = note", version="1")
    assert late.status_code == 412
    assert "mine = note" in late.text, "what was typed isn't lost"


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("no sign", "Line 1"),
        ("a = note\n = note", "Line 2"),
        ("a = note\na = note", "Line 2"),
        ("a = jump", "Line 1"),
        ("a = move", "Name the stage."),
        ("a = reject: mood", "Reasons are"),
        ("a = note: pay", "has a reason"),
        (f"{'x' * 121} = note", "mapping"),
    ],
)
async def test_a_line_that_means_nothing_is_shown_again(
    client_for: ClientFor, typed: str, said: str
) -> None:
    admin = client_for("acme", "admin")
    source = await made(admin)
    answer = await send(admin, source, mapping=typed)
    assert answer.status_code in {400, 422}, answer.text
    assert said in answer.text
    assert typed.splitlines()[0] in answer.text
    assert (await admin.get(f"{SOURCES}/{source}")).json()["mapping"] == {}


async def test_only_admins_of_the_workspace_see_and_change_it(
    client_for: ClientFor, examined: Examined
) -> None:
    theirs = await made(client_for("globex", "admin"), "Canary of theirs")
    admin = client_for("acme", "admin")
    assert "Canary of theirs" not in (await admin.get(PATH, headers=HTML)).text
    unknown = "0" * 8 + "-0000-7000-8000-" + "0" * 12
    for source in (theirs, unknown):
        assert (await send(admin, source, mapping="a = note")).status_code == 404
        assert (await send(admin, source, mapping="nonsense")).status_code == 404
    tried = 0
    for role in ("recruiter", "interviewer", "viewer"):
        client = client_for("acme", role)
        assert (await client.get(PATH, headers=HTML)).status_code == 403
        assert (await send(client, theirs)).status_code == 403
        tried += 2
    view = await client_for("globex", "admin").get(f"{SOURCES}/{theirs}")
    assert view.json()["mapping"] == {}
    examined("tries", tried + 4)
