"""However a path is written, a route answers it with the options it has; and where `/` leads."""

import re
from pathlib import Path

import pytest

from api.app import create_app
from tenants.runtime import Runtime
from tests.fixtures.clients import ClientFor, new_client
from tests.fixtures.databases import TestDatabase
from tests.fixtures.engines import TestEngines
from tests.fixtures.notes import NotesController, register_notes
from tests.fixtures.runtimes import settings_for
from tests.fixtures.worlds import World

pytestmark = pytest.mark.asyncio(loop_scope="session")
register_notes()

SPELLINGS = (
    "/api/v1/notes/guarded",
    "/api/notes/guarded",
    "/api/v1/notes/guarded/",
    "//api/v1/notes/guarded",
    "/api/v1//notes/guarded",
    "/api//notes/guarded",
    "/api/v1/notes//guarded//",
    "/api/v1/notes/guarde%64",
)


async def test_a_guarded_route_is_guarded_under_each_spelling_of_its_path(
    engines: TestEngines, database: TestDatabase, tmp_path: Path, world: World
) -> None:
    """Without Valkey guesses can't be counted, and `//sign-in` must be as closed as `/sign-in`."""
    away = settings_for(engines, database, tmp_path, redis_url="redis://127.0.0.1:1/0")
    opened = await Runtime.open(away)
    try:
        async with new_client(create_app(opened, [NotesController]), world, "acme") as client:
            statuses = {}
            for path in SPELLINGS:
                url = client.base_url.copy_with(raw_path=path.encode())
                statuses[path] = (await client.post(url, json={"title": "x"})).status_code
    finally:
        await opened.close()
    assert statuses == dict.fromkeys(SPELLINGS, 503)


async def test_the_bare_address_leads_to_where_one_can_begin(client_for: ClientFor) -> None:
    client = client_for("acme", None)
    for host, begin, title in (
        (client.base_url.host, "/sign-in", "<title>Sign in"),
        ("localhost", "/api/docs", "<title>.*API"),
    ):
        answer = await client.get("/", headers={"Host": host})
        assert (answer.status_code, answer.headers["location"]) == (303, begin)
        page = await client.get(answer.headers["location"], headers={"Host": host})
        assert page.status_code == 200
        assert re.search(title, page.text)
    unknown = await client.get("/", headers={"Host": "nobody.localhost"})
    assert (unknown.status_code, unknown.text) == (404, "Not found")
