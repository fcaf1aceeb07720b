"""The parts of the OpenAPI document that no route declares because every route has them."""

from http import HTTPStatus
from typing import Any, Final

from api.problems import MEANINGS, example_of
from api.session_cookie import HTTP_NAME

Json = dict[str, Any]

PROBLEM_REF: Final = {"$ref": "#/components/schemas/Problem"}
_REQUEST_ID: Final = "019aa5d2-7c1e-7b8e-9d55-3f1f0e6f2c11"


def _header(description: str, example: str) -> Json:
    return {"description": description, "schema": {"type": "string"}, "example": example}


HEADERS: Final[dict[str, Json]] = {
    "X-Request-Id": _header(
        "Names this request in our logs; your own if you sent one.", _REQUEST_ID
    ),
    "RateLimit": _header(
        "What is left of each limit, and the seconds until it is whole "
        "(draft-ietf-httpapi-ratelimit-headers-10).",
        '"plan";r=5994;t=1, "credential";r=294;t=1',
    ),
    "RateLimit-Policy": _header(
        "The limits of your plan and of your credential: requests and window in seconds.",
        '"plan";q=6000;w=60, "credential";q=300;w=15',
    ),
    "Retry-After": _header("Seconds to wait before trying again.", "2"),
    "WWW-Authenticate": _header("How to authenticate.", 'Bearer realm="IntelliMatch"'),
    "ETag": _header("The version; send it back in If-Match when you change this.", '"3"'),
    "Location": _header("Address of what was created.", f"/api/v1/jobs/{_REQUEST_ID}"),
    "Link": _header(
        "Address of the next page (RFC 8288); absent on the last.",
        '</api/v1/jobs?cursor=WyIwMTlh>; rel="next"',
    ),
    "Idempotency-Replayed": _header(
        "`true` when this is the answer to an earlier request.", "true"
    ),
}

PARAMETERS: Final[dict[str, Json]] = {
    "IdempotencyKey": {
        "name": "Idempotency-Key",
        "in": "header",
        "required": False,
        "description": "Any text you make up for this change. The same key with the same request "
        "gives the same answer and changes nothing again; with another request it is refused.",
        "schema": {"type": "string", "pattern": "^[!-~]{1,255}$"},
        "example": "6f1f0e6f-2c11-4e8b-9d55-7c1e3f019aa5",
    },
    "IfMatch": {
        "name": "If-Match",
        "in": "header",
        "required": False,
        "description": "The ETag you read. A change of another version is refused with 412. "
        "`*` stands for any version.",
        "schema": {"type": "string", "pattern": r'^("(0|[1-9][0-9]{0,17})"|\*)$'},
        "example": '"3"',
    },
    "IfNoneMatch": {
        "name": "If-None-Match",
        "in": "header",
        "required": False,
        "description": "The ETag you have; answered with 304 while it is the present one.",
        "schema": {"type": "string"},
        "example": '"3"',
    },
}
PARAMETERS["IfMatchRequired"] = {**PARAMETERS["IfMatch"], "required": True}

SECURITY_SCHEMES: Final[dict[str, Json]] = {
    "api_key": {
        "type": "http",
        "scheme": "bearer",
        "description": "An API key of this workspace, made under /api/v1/api-keys.",
    },
    "session": {
        "type": "apiKey",
        "in": "cookie",
        "name": HTTP_NAME,
        "description": "A signed-in browser's session; over https the cookie is "
        "`__Host-intellimatch`. Changes also need the header `X-Intellimatch-Request: 1` and an "
        "Origin of this site.",
    },
}

_ALWAYS: Final = ("X-Request-Id", "RateLimit", "RateLimit-Policy")
_FURTHER: Final = {401: ("WWW-Authenticate",), 429: ("Retry-After",), 503: ("Retry-After",)}


def headers(*names: str) -> Json:
    """Return references to the headers of an answer."""
    return {name: {"$ref": f"#/components/headers/{name}"} for name in (*_ALWAYS, *names)}


def problem_responses() -> dict[str, Json]:
    """Return the reusable problem responses by name."""
    return {f"Problem{status}": _problem_response(status) for status in MEANINGS}


def problem_ref(status: int) -> Json:
    """Return the reference to the problem response of a status."""
    return {"$ref": f"#/components/responses/Problem{status}"}


def _problem_response(status: int) -> Json:
    code, meaning = MEANINGS[status]
    return {
        "description": meaning,
        "headers": headers(*_FURTHER.get(status, ())),
        "content": {
            "application/problem+json": {
                "schema": PROBLEM_REF,
                "examples": {
                    code: {"summary": HTTPStatus(status).phrase, "value": example_of(status)}
                },
            }
        },
    }
