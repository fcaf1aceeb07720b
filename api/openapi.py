"""Makes the OpenAPI 3.1 document of the API from its routes.

Paths and parameters come from the framework; schemas from msgspec, which made the Structs and knows
every bound in them; what every route has (security, problems, headers, keys) is added here.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from importlib.metadata import version
from typing import Any, Final, get_args, get_origin

import msgspec
from litestar import Litestar
from litestar.handlers import HTTPRouteHandler
from litestar.openapi import OpenAPIConfig
from litestar.routes import HTTPRoute
from litestar.types import ControllerRouterHandler

from api.errors import Problem
from api.openapi_examples import example_of_schema
from api.openapi_parts import (
    HEADERS,
    PARAMETERS,
    SECURITY_SCHEMES,
    Json,
    headers,
    problem_ref,
    problem_responses,
)
from api.replies import Reply

DESCRIPTION: Final = """\
Hire with IntelliMatch from your own programs.

Lists are paged by `cursor`; errors are problem documents (RFC 9457) with a stable `code`; a change
may carry an `Idempotency-Key`; times are RFC 3339 in UTC. Paths without a version (`/api/...`)
follow the version that is pinned to your key.
"""
_REF: Final = "#/components/schemas/{name}"
_PARAMETER_IN_PATH: Final = re.compile(r"\{([^}:]+):[^}]+\}")
_FILE: Final = {"schema": {"type": "string", "format": "binary"}}
_CHANGES: Final = frozenset(("post", "put", "patch", "delete"))


class Operation(msgspec.Struct, frozen=True):
    """One route with one method."""

    path: str
    """As OpenAPI writes it: `/api/v1/jobs/{job_id}`."""
    method: str
    handler: HTTPRouteHandler

    @property
    def is_public(self) -> bool:
        """Whether it takes requests without a credential."""
        return bool(self.handler.opt.get("public"))

    @property
    def body_type(self) -> Any:
        """The type of the JSON body; None without one."""
        field = self.handler.parsed_data_field
        return self.handler.opt.get("body_type") if field is None else field.raw

    @property
    def answer_type(self) -> Any:
        """The type of what a success answers; None without a body."""
        inner = self._answer
        return None if inner in (None, type(None), bytes) else inner

    @property
    def answers_file(self) -> bool:
        """Whether a success answers bytes that aren't JSON (`opt["produces"]` says which)."""
        return self._answer is bytes

    @property
    def _answer(self) -> Any:
        annotation = self.handler.parsed_fn_signature.return_type.raw
        return get_args(annotation)[0] if get_origin(annotation) is Reply else annotation


def operations_of(app: Litestar) -> Iterator[Operation]:
    """Yield every operation that the document describes."""
    for route in app.routes:
        if not isinstance(route, HTTPRoute):
            continue
        path = _PARAMETER_IN_PATH.sub(r"{\1}", route.path)
        for method, (handler, _) in route.route_handler_map.items():
            if handler.resolve_include_in_schema():
                yield Operation(path, method.lower(), handler)


def build_document(routes: Sequence[ControllerRouterHandler]) -> Json:
    """Return the document that describes `routes`. Slow; made once."""
    app = Litestar(
        route_handlers=list(routes),
        openapi_config=OpenAPIConfig(title="IntelliMatch", version=version("intellimatch")),
        logging_config=None,
    )
    drafted: Mapping[str, Any] = app.openapi_schema.to_schema()["paths"]
    operations = list(operations_of(app))
    types = {
        kind: None
        for operation in operations
        for kind in (operation.body_type, operation.answer_type)
        if kind is not None
    }
    schemas, components = msgspec.json.schema_components([*types, Problem], ref_template=_REF)
    schema_of = dict(zip(types, schemas, strict=False))
    for component in components.values():
        _mark_times(component)
    paths: Json = {}
    for operation in operations:
        draft = drafted[operation.path][operation.method]
        complete = _complete(operation, draft, schema_of, components)
        paths.setdefault(operation.path, {})[operation.method] = complete
        if operation.handler.opt.get("also_unversioned"):
            path = operation.path.replace("/v1", "", 1)
            paths.setdefault(path, {})[operation.method] = _unversioned(operation, complete)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "IntelliMatch API",
            "version": version("intellimatch"),
            "description": DESCRIPTION,
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "/", "description": "The workspace whose host served this document"}],
        "security": [{"api_key": []}, {"session": []}],
        "paths": paths,
        "components": {
            "schemas": components,
            "responses": problem_responses(),
            "headers": HEADERS,
            "parameters": PARAMETERS,
            "securitySchemes": SECURITY_SCHEMES,
        },
    }


def _complete(
    operation: Operation, draft: Json, schema_of: Mapping[Any, Json], components: Json
) -> Json:
    declared = {int(status) for status in draft["responses"]}
    success = operation.handler.status_code
    answer = operation.answer_type
    versioned = answer is not None and "version" in _properties(schema_of[answer], components)
    complete: Json = {
        "operationId": draft["operationId"],
        "summary": draft.get("summary", ""),
        "tags": draft.get("tags", []),
        "parameters": _parameters(operation, draft, declared, versioned=versioned),
        "responses": {},
    }
    if description := operation.handler.description or draft.get("description"):
        complete["description"] = description
    if operation.is_public:
        complete["security"] = []
    if operation.body_type is not None:
        drafted = draft.get("requestBody", {"content": {"application/json": None}})
        complete["requestBody"] = {
            "required": True,
            "content": _content(drafted["content"], schema_of[operation.body_type], components),
        }
    elif "body" in operation.handler.parsed_fn_signature.parameters:
        media_type = operation.handler.opt.get("consumes", "application/octet-stream")
        complete["requestBody"] = {"required": True, "content": {media_type: _FILE}}
    responses = complete["responses"]
    responses[str(success)] = _success(operation, schema_of, components, versioned=versioned)
    if versioned and operation.method == "get":
        responses["304"] = {"description": "You have it already.", "headers": headers("ETag")}
    for status in sorted((declared - {success}) | _statuses(operation, complete)):
        responses[str(status)] = problem_ref(status)
    if not complete["parameters"]:
        del complete["parameters"]
    return complete


def _unversioned(operation: Operation, complete: Json) -> Json:
    """Describe the same path without the version, which the gate takes for the pinned one."""
    return complete | {
        "operationId": f"{complete['operationId']}Unversioned",
        "description": f"As `{operation.path}`, in the version that is pinned to your key.",
    }


def _statuses(operation: Operation, complete: Json) -> set[int]:
    """Return the problems that follow from an operation's shape."""
    statuses = {400, 401, 429, 500, 503}
    if operation.method in _CHANGES or not operation.is_public:
        statuses.add(403)
    if operation.method in _CHANGES and not operation.is_public:
        statuses.add(409)
    if operation.method in _CHANGES:
        statuses.add(413)
    if "requestBody" in complete:
        statuses |= {415, 422}
    if "{" in operation.path:
        statuses.add(404)
    return statuses


def _success(
    operation: Operation,
    schema_of: Mapping[Any, Json],
    components: Json,
    *,
    versioned: bool,
) -> Json:
    names: list[str] = ["ETag"] if versioned else []
    if operation.handler.status_code == 201:
        names.append("Location")
    if operation.method in _CHANGES and not operation.is_public:
        names.append("Idempotency-Replayed")
    answer = operation.answer_type
    if answer is not None and "next_cursor" in _properties(schema_of[answer], components):
        names.append("Link")
    response: Json = {
        "description": operation.handler.response_description or "Done.",
        "headers": headers(*names),
    }
    if answer is not None:
        response["content"] = _content({"application/json": None}, schema_of[answer], components)
    elif operation.answers_file:
        media_type = operation.handler.opt.get("produces", "application/octet-stream")
        response["content"] = {media_type: _FILE}
    return response


def _content(media_types: Mapping[str, Any], schema: Json, components: Json) -> Json:
    return {
        media_type: {"schema": schema, "example": example_of_schema(schema, components)}
        for media_type in media_types
    }


def _parameters(
    operation: Operation, draft: Json, declared: set[int], *, versioned: bool
) -> list[Json]:
    found = [_parameter(parameter) for parameter in draft.get("parameters", [])]
    names: list[str] = []
    if operation.method in _CHANGES and not operation.is_public:
        names.append("IdempotencyKey")
    if 428 in declared:
        names.append("IfMatchRequired")
    elif 412 in declared:
        names.append("IfMatch")
    if versioned and operation.method == "get":
        names.append("IfNoneMatch")
    return [*found, *({"$ref": f"#/components/parameters/{name}"} for name in names)]


def _parameter(draft: Json) -> Json:
    schema = dict(draft["schema"])
    choices = [choice for choice in schema.get("oneOf", []) if choice != {"type": "null"}]
    if len(choices) == 1:
        del schema["oneOf"]
        schema |= choices[0]
    if isinstance(schema.get("type"), list):
        # What isn't sent is absent; a query has no null.
        (schema["type"],) = [kind for kind in schema["type"] if kind != "null"]
        if "enum" in schema:
            schema["enum"] = [value for value in schema["enum"] if value is not None]
    for bound in ("minimum", "maximum"):
        if bound in schema and schema[bound] == int(schema[bound]):
            schema[bound] = int(schema[bound])
    parameter = {
        "name": draft["name"],
        "in": draft["in"],
        "required": draft["required"],
        "schema": schema,
    }
    if description := draft.get("description"):
        schema.pop("description", None)
        parameter["description"] = description
    return parameter


def _mark_times(schema: Json) -> None:
    """Say that what is named `..._at` is a time: msgspec says so only of types with a zone."""
    for name, member in schema.get("properties", {}).items():
        for choice in (member, *member.get("anyOf", ())):
            if name.endswith("_at") and choice.get("type") == "string":
                choice.setdefault("format", "date-time")


def _properties(schema: Json, components: Json) -> Json:
    if reference := schema.get("$ref"):
        schema = components[reference.rpartition("/")[2]]
    properties: Json = schema.get("properties", {})
    return properties
