"""The pages by role and tenant: who may not see one is told, and nobody's page holds another's."""

import re
from collections.abc import Iterator
from typing import Final

import httpx
import pytest_asyncio
from litestar import Litestar

from api.app import Application
from api.web.pages import pages
from core.shared.actor import ROLES
from tenants.runtime import Runtime
from tests.fixtures.clients import ClientFor
from tests.fixtures.databases import TestDatabase
from tests.fixtures.examined import Examined
from tests.fixtures.hiring import Hiring
from tests.fixtures.populated import LONG, TITLE, Populated, populate
from tests.fixtures.probes.operations import pages as page_operations
from tests.fixtures.worlds import World

OF_OTHERS: Final = (
    "api.web.careers",
    "api.web.plugin",
    "api.web.account",
    "api.web.assets",
    "api.web.board_cards",
    "api.web.sign_in_links",
    "api.web.unsubscribe",
)
"""Modules whose pages have tests of their own."""
HTML: Final = {"Accept": "text/html"}


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def populated(runtime: Runtime, world: World, database: TestDatabase) -> Populated:
    return await populate(Hiring(runtime, world), database)


def addresses(populated: Populated) -> Iterator[str]:
    """Every page that members open, with the ids of the populated workspace."""
    ids = {
        "job_id": populated.job.id,
        "candidate_id": populated.candidate.id,
        "other_id": populated.twin.id,
        "import_id": populated.imported.id,
        "file_id": populated.file.id,
        "application_id": populated.applications[0].id,
        "key": populated.rule.key,
        "kind": "status_update",
        "language": "de",
    }
    for each in page_operations(Litestar([pages()], openapi_config=None)).values():
        module = each.handler.fn.__module__
        if each.method == "GET" and not module.startswith(OF_OTHERS) and each.path != "/":
            yield re.sub(r"\{(\w+)[^}]*\}", lambda found: str(ids[found[1]]), each.path)


async def test_a_page_holds_nothing_of_another_tenant(
    client_for: ClientFor, populated: Populated, examined: Examined
) -> None:
    ours, theirs = client_for("acme", "admin"), client_for("globex", "admin")
    with_ids = 0
    for path in addresses(populated):
        own, foreign = await ours.get(path, headers=HTML), await theirs.get(path, headers=HTML)
        assert own.status_code == 200, f"{path}: {own.status_code}"
        holds_ids = re.search(r"[0-9a-f]{8}-", path) is not None
        assert foreign.status_code == (404 if holds_ids else 200), f"{path}: {foreign.status_code}"
        assert not _words_of_acme(foreign), path
        with_ids += holds_ids
    assert _words_of_acme(await ours.get("/candidates", headers=HTML)), "the words are looked for"
    examined("pages with another tenant's ids", with_ids)


async def test_each_role_sees_a_page_or_is_told(
    client_for: ClientFor, populated: Populated, examined: Examined
) -> None:
    looked = 0
    for path in addresses(populated):
        for role in ROLES:
            answer = await client_for("acme", role).get(path, headers=HTML)
            assert answer.status_code in {200, 403, 404}, f"{path} as {role}: {answer.status_code}"
            assert "text/html" in answer.headers["content-type"]
            looked += 1
    examined("pages by role", looked)


async def test_strangers_are_led_to_sign_in(
    client_for: ClientFor, populated: Populated, examined: Examined
) -> None:
    looked = 0
    for path in set(addresses(populated)) - {"/styleguide"}:
        answer = await client_for("acme", None).get(path, headers=HTML)
        assert answer.status_code == 303, f"{path}: {answer.status_code}"
        assert answer.headers["location"].startswith("/sign-in?next="), path
        assert not _words_of_acme(answer), path
        looked += 1
    examined("pages as a stranger", looked)


async def test_a_page_has_a_policy_without_inline_scripts(
    app: Application, client_for: ClientFor, populated: Populated, examined: Examined
) -> None:
    looked = 0
    for path in addresses(populated):
        answer = await client_for("acme", "admin").get(path, headers=HTML)
        policy = answer.headers["content-security-policy"]
        assert "default-src 'none'" in policy, path
        assert "unsafe" not in policy, path
        assert not re.search(r"<script(?![^>]*(src=|application/json))", answer.text), path
        assert not re.search(r"\s(on\w+|style)=[\"']", answer.text), path
        looked += 1
    examined("policies", looked)


def _words_of_acme(answer: httpx.Response) -> bool:
    return any(word in answer.text for word in (LONG, TITLE, "Under-officer", "Knows boats"))
