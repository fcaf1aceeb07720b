"""The HTTP kernel on a tiny slice: decoding, paging, conditions, idempotency and problems."""

import asyncio
from collections.abc import AsyncIterator
from uuid import uuid4

import httpx
import pytest
import pytest_asyncio
import sqlalchemy as sa

from api.app import Application, create_app
from tenants.runtime import Runtime
from tests.fixtures.clients import new_client
from tests.fixtures.notes import NOTES, NotesController, register_notes
from tests.fixtures.worlds import World

pytestmark = pytest.mark.asyncio(loop_scope="session")
register_notes()
PATH = "/api/v1/notes"


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def app(runtime: Runtime) -> Application:
    return create_app(runtime, [NotesController])


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def client(app: Application, world: World) -> AsyncIterator[httpx.AsyncClient]:
    async with new_client(app, world, "acme", "admin") as opened:
        yield opened


async def test_created_shown_and_renamed(client: httpx.AsyncClient) -> None:
    created = await client.post(PATH, json={"title": "First"})
    assert (created.status_code, created.headers["etag"]) == (201, '"1"'), created.text
    path = created.headers["location"]
    shown = await client.get(path)
    assert (shown.json()["title"], shown.headers["etag"]) == ("First", '"1"')
    known = await client.get(path, headers={"If-None-Match": 'W/"1"'})
    assert (known.status_code, known.content) == (304, b"")
    renamed = await client.patch(path, json={"title": "Second"}, headers={"If-Match": '"1"'})
    assert (renamed.status_code, renamed.headers["etag"]) == (200, '"2"')
    unversioned = await client.get(path.replace("/api/v1/", "/api/"))
    assert unversioned.json()["title"] == "Second"
    head = await client.head(path)
    assert (head.status_code, head.content) == (200, b"")
    assert int(head.headers["content-length"]) > 0


@pytest.mark.parametrize(
    ("given", "status", "code"),
    [
        (None, 428, "precondition_required"),
        ('"7"', 412, "precondition_failed"),
        ('"other"', 412, "precondition_failed"),
        ('"99999999999999999999"', 412, "precondition_failed"),
        ('W/"1"', 400, "bad_request"),
        ("1", 400, "bad_request"),
        ('"1", "2"', 400, "bad_request"),
    ],
)
async def test_if_match_guards_a_change(
    client: httpx.AsyncClient, given: str | None, status: int, code: str
) -> None:
    path = (await client.post(PATH, json={"title": "Guarded"})).headers["location"]
    headers = {} if given is None else {"If-Match": given}
    refused = await client.patch(path, json={"title": "Changed"}, headers=headers)
    assert (refused.status_code, refused.json()["code"]) == (status, code)
    assert (await client.get(path)).json()["title"] == "Guarded"


async def test_every_wrong_field_is_named_at_once(client: httpx.AsyncClient) -> None:
    body = {
        "title": "",
        "weight": 2**63,
        "surprise": 1,
        "colours": [{"red": 1}, {"red": 300, "blue": 2}, {"green": "x"}],
    }
    refused = await client.post(PATH, json=body)
    assert refused.status_code == 422
    assert refused.headers["content-type"] == "application/problem+json"
    found = {(error["field"], error["code"]) for error in refused.json()["errors"]}
    assert found == {
        ("title", "wrong_length"),
        ("weight", "out_of_range"),
        ("surprise", "unknown_field"),
        ("colours.1.red", "out_of_range"),
        ("colours.1.blue", "unknown_field"),
        ("colours.2.red", "missing"),
        ("colours.2.green", "wrong_type"),
    }


@pytest.mark.parametrize(
    ("content", "status", "code"),
    [
        (b'{"title": "a\\u0000b"}', 422, "bad_character"),
        (b'{"title": "a", "weight": 9223372036854775808}', 422, "out_of_range"),
        (b'{"title": "\\ud800"}', 400, "malformed_json"),
        (b'{"title": "\xff"}', 400, "malformed_json"),
        (b'{"title": ', 400, "malformed_json"),
        (b"[" * 100_000, 400, "malformed_json"),
        (b'{"title": 1e999}', 422, "out_of_range"),
        (b"[]", 422, "wrong_type"),
        (b"null", 422, "wrong_type"),
        (b"", 400, "missing"),
    ],
)
async def test_hostile_bodies_are_refused(
    client: httpx.AsyncClient, content: bytes, status: int, code: str
) -> None:
    headers = {"Content-Type": "application/json"}
    refused = await client.post(PATH, content=content, headers=headers)
    assert (refused.status_code, refused.json()["errors"][0]["code"]) == (status, code)


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("limt=3", "limt"),
        ("limit=3&limit=4", "limit"),
        ("limit=0", "limit"),
        ("limit=many", "limit"),
        ("limit=201", "limit"),
        ("cursor=%21", "cursor"),
        ("cursor=bm8", "cursor"),
        ("word=a%00b", "word"),
        ("word=" + "x" * 21, "word"),
        ("word=%ff", ""),
    ],
)
async def test_doubtful_queries_are_refused(
    client: httpx.AsyncClient, query: str, field: str
) -> None:
    refused = await client.get(f"{PATH}?{query}")
    assert refused.status_code == 400, refused.text
    assert [error["field"] for error in refused.json()["errors"]] == [field]


async def test_pages_are_linked_and_complete(client: httpx.AsyncClient) -> None:
    NOTES.clear()
    made = {(await client.post(PATH, json={"title": f"{n}"})).json()["id"] for n in range(5)}
    seen: list[str] = []
    url: str | None = f"{PATH}?limit=2&word=a%20b"
    while url is not None:
        page = await client.get(url)
        seen += [item["id"] for item in page.json()["items"]]
        url = page.links.get("next", {}).get("url")
        assert url is None or "word=a%20b" in url
    assert (len(seen), set(seen)) == (5, made)


async def test_framework_refusals_are_problems_too(client: httpx.AsyncClient) -> None:
    refusals = {
        "not_found": await client.get("/api/v1/nothing"),
        "method_not_allowed": await client.delete(PATH),
        "unsupported_media_type": await client.post(PATH, content=b"title=x"),
        "request_entity_too_large": await client.post(PATH, content=b"x" * 1_100_000),
    }
    for code, answer in refusals.items():
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["code"] == code
        assert answer.json()["request_id"] == answer.headers["x-request-id"]
    assert set(refusals["method_not_allowed"].headers["allow"].split(", ")) >= {"GET", "POST"}


async def test_chunked_bodies_are_limited(client: httpx.AsyncClient) -> None:
    sent = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal sent
        for _ in range(1000):
            sent += 1
            yield b" " * 100_000

    headers = {"Content-Type": "application/json"}
    refused = await client.post(PATH, content=endless(), headers=headers)
    assert refused.status_code == 413
    assert sent <= 1000


async def test_our_fault_tells_nothing_but_the_request_id(
    client: httpx.AsyncClient, capsys: pytest.CaptureFixture[str]
) -> None:
    failed = await client.post(PATH, json={"title": "explode"})
    assert failed.status_code == 500
    assert failed.json()["request_id"] == failed.headers["x-request-id"]
    assert "secret-token-123" not in failed.text
    assert "RuntimeError" not in failed.text


async def test_fifty_identical_posts_make_one_note(client: httpx.AsyncClient) -> None:
    NOTES.clear()
    headers = {"Idempotency-Key": str(uuid4())}
    answers = await asyncio.gather(
        *(client.post(PATH, json={"title": "Once"}, headers=headers) for _ in range(50))
    )
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.content for answer in answers}) == 1
    assert len(NOTES) == 1
    replayed = [answer for answer in answers if "idempotency-replayed" in answer.headers]
    assert len(replayed) == 49
    assert {answer.headers["etag"] for answer in answers} == {'"1"'}
    other = await client.post(PATH, json={"title": "Other"}, headers=headers)
    assert (other.status_code, other.json()["code"]) == (409, "idempotency_key_reused")


async def test_a_refused_request_may_be_repeated_under_its_key(client: httpx.AsyncClient) -> None:
    headers = {"Idempotency-Key": "again"}
    assert (await client.post(PATH, json={"title": ""}, headers=headers)).status_code == 422
    assert (await client.post(PATH, json={"title": "x"}, headers=headers)).status_code == 201
    bad = await client.post(PATH, json={"title": "x"}, headers={"Idempotency-Key": "x" * 256})
    assert bad.status_code == 400


async def test_a_secret_is_answered_once_and_kept_nowhere(
    client: httpx.AsyncClient, runtime: Runtime
) -> None:
    headers = {"Idempotency-Key": "secret"}
    body = {"title": "canary-of-secret"}
    first = await client.post(f"{PATH}/secret", json=body, headers=headers)
    assert first.json()["title"] == "canary-of-secret"
    again = await client.post(f"{PATH}/secret", json=body, headers=headers)
    assert (again.status_code, again.json()["code"]) == (409, "idempotency_secret_not_replayable")
    assert "canary-of-secret" not in again.text


async def test_a_request_in_flight_is_said_to_be(
    client: httpx.AsyncClient, runtime: Runtime, world: World
) -> None:
    headers = {"Idempotency-Key": "in-flight"}
    member = world.acme.members["admin"]
    async with runtime.database.unit(world.acme.id) as unit:
        await unit.execute(
            sa.text(
                "INSERT INTO idempotency_keys (tenant_id, credential, route, key, fingerprint,"
                " created_at) VALUES (:tenant, :credential, :route, 'in-flight', '', now())"
            ),
            {
                "tenant": world.acme.id,
                "credential": f"api_key:{member.api_key_id}",
                "route": f"POST {PATH}",
            },
        )
        refused = await client.post(PATH, json={"title": "x"}, headers=headers)
    assert (refused.status_code, refused.json()["code"]) == (409, "idempotency_in_flight")
