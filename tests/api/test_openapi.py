"""The OpenAPI document: valid, complete, and true to the routes there are."""

import re
from collections.abc import Iterator
from typing import Any

import httpx
import jsonschema_rs
import pytest
from litestar import Controller, Litestar, get
from litestar.routes import HTTPRoute

from api.app import create_app, version_1
from api.openapi import Operation, build_document, operations_of
from api.v1 import CONTROLLERS
from api.validation import decode_body
from tenants.runtime import Runtime
from tests.fixtures.clients import new_client
from tests.fixtures.examined import Examined
from tests.fixtures.notes import NotesController, register_notes
from tests.fixtures.worlds import World

register_notes()
Json = dict[str, Any]
METHODS = {"get", "post", "put", "patch", "delete"}


@pytest.fixture(scope="module")
def document() -> Json:
    return build_document([version_1(CONTROLLERS)])


def operations(document: Json) -> Iterator[tuple[str, str, Json]]:
    for path, item in document["paths"].items():
        for method, operation in item.items():
            assert method in METHODS
            yield path, method, operation


def findings(document: Json) -> list[str]:
    """What is missing or contradicts itself."""
    found: list[str] = []
    known: set[str] = set()
    for path, method, operation in operations(document):
        place = f"{method} {path}"
        parts = ("operationId", "summary", "tags", "responses")
        found += [f"{place}: no {part}" for part in parts if not operation.get(part)]
        if operation.get("operationId") in known:
            found.append(f"{place}: operationId twice")
        known.add(operation.get("operationId", ""))
        if "_" in operation.get("operationId", ""):
            found.append(f"{place}: operationId not in camelCase")
        in_path = {p["name"] for p in operation.get("parameters", []) if p.get("in") == "path"}
        if in_path != set(re.findall(r"{(\w+)}", path)):
            found.append(f"{place}: path parameters")
        statuses = set(operation["responses"])
        wanted = {"400", "401", "429", "500", "503"} | (
            {"415", "422"} if "requestBody" in operation else set()
        )
        found += [f"{place}: no {status}" for status in sorted(wanted - statuses)]
        if not any(status.startswith("2") or status == "101" for status in statuses):
            found.append(f"{place}: no success")
    found += [f"dangling {name}" for name in dangling(document)]
    return found


def dangling(document: Json) -> Iterator[str]:
    for reference in references(document):
        target: Any = document
        for step in reference.removeprefix("#/").split("/"):
            target = target.get(step) if isinstance(target, dict) else None
        if target is None:
            yield reference


def references(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        if isinstance(node.get("$ref"), str):
            yield node["$ref"]
        for member in node.values():
            yield from references(member)
    elif isinstance(node, list):
        for member in node:
            yield from references(member)


def test_the_document_is_complete(document: Json, examined: Examined) -> None:
    assert findings(document) == []
    examined("operations", len(list(operations(document))))


@pytest.mark.parametrize("mutant", ["operationId", "422", "$ref", "parameter"])
def test_a_planted_gap_is_found(mutant: str) -> None:
    planted = build_document([version_1([NotesController])])
    operation = planted["paths"]["/api/v1/notes/{note_id}"]["patch"]
    assert findings(planted) == []
    if mutant == "operationId":
        del operation["operationId"]
    elif mutant == "422":
        del operation["responses"]["422"]
    elif mutant == "$ref":
        del planted["components"]["schemas"]["NoteView"]
    else:
        operation["parameters"] = operation["parameters"][1:]
    assert findings(planted) != []


def test_each_schema_is_valid_and_its_example_fits(document: Json, examined: Examined) -> None:
    wrong: list[str] = []
    count = 0
    for path, method, operation in operations(document):
        contents = [operation.get("requestBody", {}).get("content", {})]
        contents += [r.get("content", {}) for r in operation["responses"].values()]
        for media_type, content in ((m, c) for each in contents for m, c in each.items()):
            if "json" not in media_type:
                continue
            schema = {**content["schema"], "components": document["components"]}
            validator = jsonschema_rs.Draft202012Validator(schema)
            count += 1
            wrong += [
                f"{method} {path}: {error.message} at {error.instance_path}"
                for error in validator.iter_errors(content["example"])
            ]
    assert wrong == []
    examined("examples", count)


def test_each_request_example_is_taken(document: Json, examined: Examined) -> None:
    count = 0
    for operation in current_operations():
        if operation.body_type is None:
            continue
        described = document["paths"][operation.path][operation.method]["requestBody"]["content"]
        example = described["application/json"]["example"]
        decode_body(httpx.Request("POST", "http://x", json=example).content, operation.body_type)
        count += 1
    examined("request bodies", count)


def current_operations() -> list[Operation]:
    return list(operations_of(Litestar([version_1(CONTROLLERS)], openapi_config=None)))


PLUGINS_OWN = "/api/v1/plugins/{plugin_id}/x"
"""Which routes there are below differs from workspace to workspace: plugins bring them."""


@pytest.mark.asyncio(loop_scope="session")
async def test_each_route_is_in_the_document_that_is_served(
    runtime: Runtime, world: World, examined: Examined
) -> None:
    app = create_app(runtime)
    async with new_client(app, world, "acme") as client:
        served = (await client.get("/api/v1/openapi.json")).json()
    described = {(path, method) for path, method, _ in operations(served)}
    routed = {
        (re.sub(r"{(\w+):\w+}", r"{\1}", route.path), method.lower())
        for route in app.routes
        if isinstance(route, HTTPRoute)
        for method in route.route_handler_map
        if method != "OPTIONS"
    }
    unversioned = {each for each in described if not each[0].startswith("/api/v1/")}
    undocumented = {
        (path, method)
        for path, method in routed - described
        if path.startswith("/api/v1/")
        and path != "/api/v1/openapi.json"
        and not path.startswith(PLUGINS_OWN)
    }
    assert undocumented == set()
    # The gate takes a path without a version for the same one of the pinned version.
    versioned = {(path.replace("/api/", "/api/v1/", 1), method) for path, method in unversioned}
    assert described - unversioned <= routed
    assert versioned <= described
    assert {path for path, _ in unversioned} >= {
        "/api/notifications",
        "/api/notifications/read",
        "/api/notifications/settings",
    }
    examined("routes", len(routed))


def test_a_public_route_says_so() -> None:
    class Open(Controller):
        path = "/open"
        tags = ("Open",)

        @get(operation_id="open", summary="Open", opt={"public": True})
        async def show(self) -> dict[str, str]:
            return {}

    built = build_document([version_1([Open])])
    assert built["paths"]["/api/v1/open"]["get"]["security"] == []
    assert built["security"] == [{"api_key": []}, {"session": []}]
