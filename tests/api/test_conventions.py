"""What holds for every operation alike: strict input, paging, conditions, headers, sizes, hosts."""

from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import replace
from typing import Any, Final

import httpx
import pytest
import pytest_asyncio

from api.app import Application
from api.v1 import CONTROLLERS
from core.shared.paging import MAX_LIMIT
from tenants.runtime import Runtime
from tests.fixtures.clients import new_client
from tests.fixtures.databases import TestDatabase
from tests.fixtures.examined import Examined
from tests.fixtures.probes.all import all_probes
from tests.fixtures.probes.callers import graph_of, send
from tests.fixtures.probes.calls import Call, Ref
from tests.fixtures.probes.exemptions import EXEMPT
from tests.fixtures.probes.graph import Graph
from tests.fixtures.probes.operations import Operation, document_of, operations
from tests.fixtures.probes.patience import lift_quotas, settings
from tests.fixtures.probes.prober import shape_of
from tests.fixtures.worlds import World

__all__ = ["settings"]

SECURITY_HEADERS: Final = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "x-frame-options": "DENY",
    "cache-control": "no-store",
}
NEVER: Final = ("access-control-allow-origin", "server", "x-powered-by")
ONCE_ONLY: Final = {
    "POST /auth/sign-out": "The session is gone, and with it who asked.",
    "POST /auth/sign-out-everywhere": "The session is gone, and with it who asked.",
    "POST /auth/password": "Every session ends, and with it who asked.",
    "POST /stream/ticket": "Nothing is kept that could be given again: each ticket is another.",
}
"""Changes that are not repeated under an Idempotency-Key, each with the reason."""


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def graph(
    app: Application, runtime: Runtime, world: World, database: TestDatabase
) -> AsyncIterator[Graph]:
    await lift_quotas(database)
    async with graph_of(app, runtime, world, "acme") as made:
        yield made


@pytest.fixture(scope="module")
def document() -> Mapping[str, Any]:
    return document_of(CONTROLLERS)


@pytest.fixture(scope="module")
def found(app: Application, document: Mapping[str, Any]) -> dict[str, Operation]:
    every = operations(app, document)
    return {name: each for name, each in every.items() if name not in EXEMPT}


async def _valid(graph: Graph, operation: Operation) -> Call:
    return await all_probes()[operation.name].prepare(graph)


def _fields(answer: httpx.Response) -> set[str]:
    return {error["field"] for error in answer.json().get("errors", [])}


def _wrong_headers(answer: httpx.Response) -> Iterator[str]:
    headers = answer.headers
    for name, value in SECURITY_HEADERS.items():
        if headers.get(name) != value:
            yield f"{name}: {headers.get(name)}"
    for name in ("x-request-id", "ratelimit", "ratelimit-policy", "content-security-policy"):
        if not headers.get(name):
            yield f"no {name}"
    yield from (f"has {name}" for name in NEVER if name in headers)
    if answer.status_code >= 400:
        body = answer.json()
        if headers["content-type"] != "application/problem+json":
            yield headers["content-type"]
        if body["request_id"] != headers["x-request-id"] or body["status"] != answer.status_code:
            yield f"{body}"


async def test_every_answer_has_the_headers(
    graph: Graph, found: dict[str, Operation], examined: Examined
) -> None:
    wrong, answers = [], 0
    for name, operation in found.items():
        call = await _valid(graph, operation)
        unknown = call
        for place, ref in call.places():
            unknown = unknown.with_at(place, ref.stranger())
        bare = replace(call, session=None, public=False)
        for answer in (
            await send(graph, operation, unknown),
            await send(graph, operation, bare, client=graph.stranger),
            await send(graph, operation, replace(call, query={**call.query, "nonsense": "1"})),
            await send(graph, operation, call),
        ):
            answers += 1
            wrong += [f"{name} {answer.status_code}: {each}" for each in _wrong_headers(answer)]
    assert not wrong, "\n".join(wrong)
    examined("answers", answers)


async def test_unknown_and_repeated_parameters_are_named(
    graph: Graph, found: dict[str, Operation], examined: Examined
) -> None:
    wrong = []
    for name, operation in found.items():
        call = await _valid(graph, operation)
        query = {**call.query, "nonsense": "1", "nul": "a\x00b"}
        answer = await send(graph, operation, replace(call, query=query))
        if answer.status_code != 400 or not {"nonsense", "nul"} <= _fields(answer):
            wrong.append(f"{name}: {answer.status_code} {answer.text}")
        for known in call.query:
            answer = await send(
                graph, operation, replace(call, query={**call.query, known: ["a\x00", "b\x00"]})
            )
            if answer.status_code != 400 or known not in _fields(answer):
                wrong.append(f"{name} {known}: {answer.status_code} {answer.text}")
    assert not wrong, "\n".join(wrong)
    examined("operations", len(found))


def _with_body(found: dict[str, Operation]) -> Iterator[Operation]:
    yield from (each for each in found.values() if each.handler.parsed_data_field is not None)


async def test_wrong_bodies_are_refused_and_every_field_is_named(
    graph: Graph, found: dict[str, Operation], examined: Examined
) -> None:
    wrong, bodies = [], 0
    for operation in _with_body(found):
        call = await _valid(graph, operation)
        assert isinstance(call.body, dict), operation.name
        texts = {
            name: value
            for name, value in call.body.items()
            if isinstance(value, str) and not isinstance(value, Ref)
        }
        tries: list[tuple[Any, set[str], set[int]]] = [
            ({**call.body, "nonsense": 1, "more": 2}, {"nonsense", "more"}, {422}),
            ({name: _no(value) for name, value in call.body.items()}, set(call.body), {422}),
            ([], {""}, {422}),
        ]
        tries += [
            ({**call.body, name: text + "\x00"}, {name}, {422}) for name, text in texts.items()
        ]
        tries += [({**call.body, name: "x" * 200_000}, {name}, {422}) for name in texts]
        for body, fields, statuses in tries:
            answer = await send(graph, operation, replace(call, body=body))
            bodies += 1
            named = {field.split(".")[0] for field in _fields(answer)}
            if answer.status_code not in statuses or not fields <= named:
                wrong.append(f"{operation.name} {fields}: {answer.status_code} {answer.text}")
    assert not wrong, "\n".join(wrong)
    examined("wrong bodies", bodies)


def _no(value: Any) -> Any:
    """Return what no field takes that takes `value`."""
    wrong = {"wrong": [1.5]}
    return [wrong] if isinstance(value, dict) else wrong


async def test_bodies_that_are_no_json_are_refused(
    graph: Graph, found: dict[str, Operation], examined: Examined
) -> None:
    json_type = {"Content-Type": "application/json"}
    tries: list[tuple[bytes, dict[str, str], int]] = [
        (b"{", json_type, 400),
        (b"", json_type, 400),
        (b"\xff\xfe", json_type, 400),
        (b"[" * 100_000, json_type, 400),
        (b"<a/>", {"Content-Type": "application/xml"}, 415),
        (b"x" * 2_000_000, json_type, 413),
    ]
    wrong, bodies = [], 0
    for operation in _with_body(found):
        call = await _valid(graph, operation)
        for content, headers, status in tries:
            bare = replace(call, body=None, content=content, headers={**call.headers, **headers})
            answer = await send(graph, operation, bare)
            bodies += 1
            if answer.status_code != status:
                wrong.append(f"{operation.name} {content[:9]!r}: {answer.status_code}")
    assert not wrong, "\n".join(wrong)
    examined("malformed bodies", bodies)


async def test_every_change_may_be_sent_again(
    graph: Graph, found: dict[str, Operation], examined: Examined
) -> None:
    wrong, changes = [], 0
    for name, operation in found.items():
        if not operation.changes or operation.is_public or name in ONCE_ONLY:
            continue
        call = await _valid(graph, operation)
        key = {"Idempotency-Key": f"again {name}"}
        malformed = await send(graph, operation, call, headers=key)
        key = {"Idempotency-Key": "again-" + "".join(c for c in name if c.isalnum())}
        first, again = [await send(graph, operation, call, headers=key) for _ in range(2)]
        changes += 1
        replayed = again.content == first.content and "idempotency-replayed" in again.headers
        kept_back = again.status_code == 409 and "not_replayable" in again.text
        if malformed.status_code != 400 or not (first.is_success and (replayed or kept_back)):
            wrong.append(f"{name}: {malformed.status_code} {first.text} {again.text}")
    assert not wrong, "\n".join(wrong)
    examined("changes", changes)


async def test_lists_are_paged(
    graph: Graph, found: dict[str, Operation], examined: Examined
) -> None:
    lists = [each for each in found.values() if each.is_list]
    wrong = []
    for operation in lists:
        call = await _valid(graph, operation)
        call = call.unfiltered()
        for limit in ("0", str(MAX_LIMIT + 1), "-1", "many", "1e3", ""):
            answer = await send(
                graph, operation, replace(call, query={**call.query, "limit": limit})
            )
            if answer.status_code != 400 or _fields(answer) != {"limit"}:
                wrong.append(f"{operation.name} limit={limit}: {answer.status_code} {answer.text}")
        for cursor in ("nonsense", "e30", "W10", "x" * 5_000, "bnVsbA"):
            answer = await send(
                graph, operation, replace(call, query={**call.query, "cursor": cursor})
            )
            if answer.status_code != 400 or _fields(answer) != {"cursor"}:
                wrong.append(f"{operation.name} cursor={cursor[:9]}: {answer.text}")
        wrong += [f"{operation.name}: {each}" async for each in _unlike(graph, operation, call)]
    assert not wrong, "\n".join(wrong)
    examined("lists", len(lists))


async def _unlike(graph: Graph, operation: Operation, call: Call) -> AsyncIterator[str]:
    """What differs between a page of two and two pages of one."""
    both = (await send(graph, operation, replace(call, query={**call.query, "limit": "2"}))).json()
    first = await send(graph, operation, replace(call, query={**call.query, "limit": "1"}))
    cursor = first.json()["next_cursor"]
    if cursor is None or 'rel="next"' not in first.headers.get("link", ""):
        yield f"no next page: {first.text}"
        return
    second = await send(
        graph, operation, replace(call, query={**call.query, "limit": "1", "cursor": cursor})
    )
    if first.json()["items"] + second.json()["items"] != both["items"]:
        yield f"{first.text} {second.text} {both}"


async def test_changes_of_what_has_a_version_are_conditional(
    graph: Graph,
    found: dict[str, Operation],
    document: Mapping[str, Any],
    examined: Examined,
) -> None:
    described = {
        name: document["paths"][each.path][each.method.lower()]["responses"]
        for name, each in found.items()
    }
    conditional = [name for name in described if "412" in described[name]]
    patches = {name for name in found if name.startswith("PATCH ")}
    assert patches <= set(conditional), "every PATCH takes If-Match"
    wrong = []
    for name in conditional:
        operation = found[name]
        for tag, status in (
            ('"999999"', 412),
            ('"not-ours"', 412),
            ("999999", 400),
            ('W/"1"', 400),
            ('"1", "2"', 400),
        ):
            call = await _valid(graph, operation)
            given = dict(call.headers) | {"If-Match": tag}
            answer = await send(graph, operation, replace(call, headers=given))
            if answer.status_code != status:
                wrong.append(f"{name} If-Match {tag}: {answer.status_code} {answer.text}")
        if "428" in described[name]:
            call = await _valid(graph, operation)
            answer = await send(graph, operation, replace(call, headers={}))
            if answer.status_code != 428:
                wrong.append(f"{name} without If-Match: {answer.status_code}")
    assert not wrong, "\n".join(wrong)
    examined("conditional changes", len(conditional))


async def test_what_is_known_is_not_sent_again(
    graph: Graph, found: dict[str, Operation], examined: Examined
) -> None:
    tagged = 0
    for operation in found.values():
        if operation.changes:
            continue
        call = await _valid(graph, operation)
        first = await send(graph, operation, call)
        if "etag" in first.headers:
            known = {"If-None-Match": first.headers["etag"]}
            again = await send(graph, operation, call, headers=known)
            assert (again.status_code, again.content) == (304, b""), operation.name
            tagged += 1
    examined("answers with an ETag", tagged)


async def test_head_is_get_without_a_body_and_options_tells_nothing(
    graph: Graph, found: dict[str, Operation], examined: Examined
) -> None:
    wrong = []
    for name, operation in found.items():
        call = await _valid(graph, operation)
        path = operation.path
        for variable, value in call.path.items():
            path = path.replace(f"{{{variable}}}", value)
        if not operation.changes:
            got = await graph.me.get(path, params=dict(call.query))
            head = await graph.me.head(path, params=dict(call.query))
            if head.content or shape_of(head)[0] != got.status_code:
                wrong.append(f"HEAD {name}: {head.status_code}")
        preflight = {"Origin": "https://evil.example", "Access-Control-Request-Method": "POST"}
        options = await graph.stranger.options(path, headers=preflight)
        if [key for key in options.headers if key.startswith("access-control-")]:
            wrong.append(f"OPTIONS {name}: {options.headers}")
        trace = await graph.me.request("TRACE", path)
        if trace.status_code != 405 or "allow" not in trace.headers:
            wrong.append(f"TRACE {name}: {trace.status_code} {trace.headers}")
    assert not wrong, "\n".join(wrong)
    examined("addresses", len(found))


HOSTS_OF_NOBODY: Final = (
    "nobody.localhost:8000",
    "acme.evil.example",
    "1.2.3.4",
    "acme.localhost.evil.example",
    "localhost.acme",
    "acme_.localhost",
    "a b",
)


async def test_an_unknown_host_is_told_nothing(
    app: Application, world: World, examined: Examined
) -> None:
    key = {"Authorization": f"Bearer {world.acme.members['admin'].api_key}"}
    asked = [
        (host, credential, path)
        for host in HOSTS_OF_NOBODY
        for credential in ({}, key)
        for path in ("/api/v1/me", "/api/v1/jobs", "/nothing")
    ]
    async with new_client(app, world, "acme") as client:
        shapes = {
            shape_of(await client.get(path, headers={"Host": host, **credential}), host)
            for host, credential, path in asked
        }
        known = await client.get("/api/v1/me", headers=key)
    assert {(status, text) for status, text, _ in shapes} == {(404, "Not found")}
    assert len(shapes) == 1
    assert known.status_code == 200
    examined("requests to hosts of nobody", len(asked))
