"""Documents the problems a route can answer with: `responses=problems(403, 404)` on its handler.

What follows from a route's shape (400, 401, 413, 415, 422, 429, 500, 503, and 409 for reused
Idempotency-Keys) is added to every operation when the OpenAPI document is made.
"""

from http import HTTPStatus
from typing import Final

from litestar.openapi.datastructures import ResponseSpec
from litestar.openapi.spec import Example

from api.errors import Problem

MEANINGS: Final = {
    400: ("bad_request", "The request's syntax, headers or parameters are malformed."),
    401: ("unauthenticated", "No valid API key or session was sent."),
    403: ("forbidden", "The role, the key's scopes, the plan or its quota don't allow this."),
    404: ("not_found", "There is no such thing in this workspace."),
    405: ("method_not_allowed", "This address doesn't answer this method."),
    409: (
        "conflict",
        "The request contradicts the present state, or its Idempotency-Key is taken.",
    ),
    410: ("gone", "It was merged into another, which `merged_into` names."),
    412: ("precondition_failed", "It was changed since the version in If-Match."),
    413: ("request_entity_too_large", "The body is larger than is accepted."),
    415: ("unsupported_media_type", "The body isn't in a format that this route reads."),
    422: ("invalid_input", "Some fields are not valid; `errors` names each of them."),
    426: ("upgrade_required", "This address speaks WebSocket only."),
    428: ("precondition_required", "Send If-Match."),
    429: ("rate_limited", "Too many requests; Retry-After says when to come back."),
    500: ("internal_error", "A fault of ours; quote the request id."),
    503: ("unavailable", "Something this needs is away; nothing was done, try again."),
}
"""Status to an example's code and the description in the OpenAPI document."""


def problems(*statuses: int) -> dict[int, ResponseSpec]:
    """Return the `responses` of a handler that can answer with these problems."""
    return {status: _response(status) for status in statuses}


def example_of(status: int) -> dict[str, object]:
    """Return a problem document as it looks for a status."""
    code, meaning = MEANINGS[status]
    shown: dict[str, object] = {
        "type": f"urn:intellimatch:problem:{code}",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": meaning,
        "code": code,
        "instance": "urn:intellimatch:request:019aa5d2-7c1e-7b8e-9d55-3f1f0e6f2c11",
        "request_id": "019aa5d2-7c1e-7b8e-9d55-3f1f0e6f2c11",
    }
    if status in {400, 422}:
        shown["errors"] = [
            {"field": "title", "message": "This field is required.", "code": "missing"}
        ]
    return shown


def _response(status: int) -> ResponseSpec:
    code, meaning = MEANINGS[status]
    return ResponseSpec(
        data_container=Problem,
        description=meaning,
        media_type="application/problem+json",
        generate_examples=False,
        examples=[Example(id=code, summary=meaning, value=example_of(status))],
    )
