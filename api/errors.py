"""Problem documents (RFC 9457): what every refusal looks like on the wire, and its status.

The gate and the application's exception handlers answer through `problem`; controllers raise the
domain's errors and never name a status.
"""

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any, Final

import msgspec
import structlog
from litestar import Request
from litestar.exceptions import HTTPException, ValidationException
from litestar.types import Scope

from api.replies import Reply
from api.request_scope import request_id_of
from core.shared.errors import (
    Conflict,
    DomainError,
    FeatureNotIncluded,
    FieldError,
    Forbidden,
    Gone,
    InvalidInput,
    NotFound,
    PreconditionFailed,
    QuotaExceeded,
    Throttled,
    Unauthenticated,
    Unavailable,
    UpstreamFailed,
)

PROBLEM_JSON: Final = b"application/problem+json"
RETRY_AFTER_SECONDS: Final = 2
"""What a client is told to wait when something is away; engines restart in about that time."""

log = structlog.get_logger("api.errors")
_encode = msgspec.json.Encoder().encode


class Problem(msgspec.Struct, frozen=True):
    """The shape of every error. Further members give facts of the particular `code`."""

    type: str
    """`urn:intellimatch:problem:` and the code; stable."""
    title: str
    status: int
    detail: str
    """What happened and what to do, for people."""
    code: str
    """Stable; programs decide by this."""
    instance: str
    """Names this one occurrence."""
    request_id: str
    """Quote it when you ask for help."""
    errors: Sequence[FieldError] = ()
    """Every wrong field of the input at once."""


class BadRequest(InvalidInput):
    """The request itself is malformed: its syntax, headers or query."""

    code = "bad_request"
    title = "The request is malformed"


class UnsupportedMediaType(DomainError):
    """The body isn't in a format that this route reads."""

    code = "unsupported_media_type"
    title = "Send JSON"


class UpgradeRequired(DomainError):
    """This address speaks WebSocket only."""

    code = "upgrade_required"
    title = "Connect with a WebSocket"


class PreconditionRequired(DomainError):
    """The route refuses to change something without `If-Match`."""

    code = "precondition_required"
    title = "If-Match is required"


STATUS_OF: Final[Mapping[type[DomainError], int]] = {
    BadRequest: 400,
    Unauthenticated: 401,
    Forbidden: 403,
    FeatureNotIncluded: 403,
    QuotaExceeded: 403,
    Gone: 410,
    NotFound: 404,
    Conflict: 409,
    PreconditionFailed: 412,
    UnsupportedMediaType: 415,
    InvalidInput: 422,
    UpgradeRequired: 426,
    PreconditionRequired: 428,
    Throttled: 429,
    Unavailable: 503,
    UpstreamFailed: 502,
}
"""The status of each kind; a slice's own error takes that of the kind it derives from."""

_METHODS_WITH_BODY = ("POST", "PUT", "PATCH")
_OVERLOADED: Final = {"55P03": 409, "57014": 503, "53300": 503}
"""SQLSTATEs that are nobody's fault: lock not available, query cancelled, too many connections."""
_UNSTORABLE: Final = ("22021", "22P05", "22003", "22008")
"""SQLSTATEs of values that PostgreSQL can't hold; validation should have named the field before."""


class ProblemReply(Reply[Problem]):
    """A problem document as an answer, with what it says, so that pages can say it their way."""

    def __init__(self, shown: Problem, body: bytes, headers: Sequence[tuple[bytes, bytes]]) -> None:
        super().__init__(body, status=shown.status, headers=headers, content_type=PROBLEM_JSON)
        self.problem = shown


def status_of(error: DomainError) -> int:
    """Return the HTTP status for a refusal of the domain."""
    for kind in type(error).__mro__:
        if kind in STATUS_OF:
            return STATUS_OF[kind]
    raise TypeError(f"{type(error).__name__} derives from no kind that has a status")


def problem(
    status: int,
    code: str,
    title: str,
    detail: str,
    *,
    request_id: str,
    errors: Sequence[FieldError] = (),
    details: Mapping[str, Any] | None = None,
    headers: Sequence[tuple[bytes, bytes]] = (),
) -> ProblemReply:
    """Return a problem document as an answer."""
    shown = Problem(
        type=f"urn:intellimatch:problem:{code}",
        title=title,
        status=status,
        detail=detail,
        code=code,
        instance=f"urn:intellimatch:request:{request_id}",
        request_id=request_id,
        errors=errors,
    )
    members = {**(details or {}), **msgspec.structs.asdict(shown)}
    if not errors:
        del members["errors"]
    return ProblemReply(shown, _encode(members), headers)


def domain_problem(error: DomainError, scope: Scope) -> Reply[Problem]:
    """Return the problem document for a refusal of the domain."""
    status = status_of(error)
    if status == 422 and scope.get("method") not in _METHODS_WITH_BODY:
        status = 400  # nothing but the query can be wrong where there is no body
    headers: list[tuple[bytes, bytes]] = []
    if status == 401:
        headers.append((b"www-authenticate", b'Bearer realm="IntelliMatch"'))
    elif isinstance(error, Throttled):
        headers.append((b"retry-after", str(error.retry_after).encode()))
    elif status == 426:
        headers += [(b"upgrade", b"websocket"), (b"connection", b"upgrade")]
    elif status == 503:
        headers.append((b"retry-after", str(RETRY_AFTER_SECONDS).encode()))
    return problem(
        status,
        error.code,
        error.title,
        error.message,
        request_id=request_id_of(scope),
        errors=error.fields if isinstance(error, InvalidInput) else (),
        details=error.details,
        headers=headers,
    )


def http_problem(error: HTTPException, scope: Scope) -> Reply[Problem]:
    """Return the problem document for what the framework refused: no such route, wrong method."""
    if error.status_code >= 500:
        return unexpected_problem(error, scope)
    if isinstance(error, ValidationException):
        return domain_problem(_bad_parameters(error), scope)
    phrase = HTTPStatus(error.status_code).phrase
    return problem(
        error.status_code,
        phrase.lower().replace(" ", "_"),
        phrase,
        _DETAILS.get(error.status_code, error.detail),
        request_id=request_id_of(scope),
        headers=[
            (name.lower().encode("latin-1"), value.encode("latin-1"))
            for name, value in (error.headers or {}).items()
        ],
    )


_DETAILS: Final = {
    404: "There is nothing at this address.",
    405: "This address does not answer this method; Allow names those it does.",
    413: "The request body is larger than this server accepts.",
}


def unexpected_problem(error: Exception, scope: Scope) -> Reply[Problem]:
    """Return the problem document for a fault of ours: the log knows more, by the request id."""
    request_id = request_id_of(scope)
    sqlstate = getattr(getattr(error, "orig", error), "sqlstate", None)
    if isinstance(sqlstate, str) and (refusal := _from_sqlstate(sqlstate)) is not None:
        log.warning("database_refused", request_id=request_id, sqlstate=sqlstate)
        return domain_problem(refusal, scope)
    log.error("unexpected_error", request_id=request_id, exc_info=error)
    return problem(
        500,
        "internal_error",
        "Something went wrong on our side",
        "The request failed through no fault of yours. Quote the request id when you report it.",
        request_id=request_id,
    )


def _from_sqlstate(sqlstate: str) -> DomainError | None:
    status = _OVERLOADED.get(sqlstate)
    if status == 409:
        return Conflict("Someone else is changing the same thing right now. Try again.")
    if status == 503:
        return Unavailable("The database took too long. Nothing was changed; try again.")
    if sqlstate in _UNSTORABLE:
        return InvalidInput(message="A value holds a character or number that can't be stored.")
    return None


def _bad_parameters(error: ValidationException) -> BadRequest:
    found = error.extra if isinstance(error.extra, list) else []
    if any(item.get("key") == "data" for item in found):
        return BadRequest(
            FieldError("", "This route needs a JSON body.", "missing"),
            message="This route needs a JSON body.",
        )
    return BadRequest(
        *(
            FieldError(str(item.get("key", "")), str(item["message"]), "invalid_parameter")
            for item in found
        ),
        message="Some parameters are not valid." if found else error.detail.split(" for url")[0],
    )


def _on_domain_error(request: "Request[Any, Any, Any]", error: DomainError) -> Reply[Problem]:
    return domain_problem(error, request.scope)


def _on_http_exception(request: "Request[Any, Any, Any]", error: HTTPException) -> Reply[Problem]:
    return http_problem(error, request.scope)


def _on_unexpected(request: "Request[Any, Any, Any]", error: Exception) -> Reply[Problem]:
    return unexpected_problem(error, request.scope)


EXCEPTION_HANDLERS: Final[dict[int | type[Exception], Any]] = {
    DomainError: _on_domain_error,
    HTTPException: _on_http_exception,
    Exception: _on_unexpected,
}
