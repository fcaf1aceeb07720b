"""Shows refusals and faults as pages where people look, not programs.

Every address outside of `/api/` is a page's. The gate and the application's exception handlers
make a problem document first (`api.errors`), and pass it through `shown`.
"""

import json
from collections.abc import Callable, Mapping
from typing import Any, Final
from urllib.parse import quote

from litestar import Request
from litestar.types import Scope

from api.errors import ProblemReply
from api.replies import Reply
from api.session_cookie import clear_session_cookie
from api.web.frame import render, safe_path, translated
from api.web.languages import mark

_NO_PAGES: Final = ("/api/", "/assets/")
_SIGN_IN: Final = "/sign-in"
"""Only the bare domain, which has no members, asks for a credential here."""
_KEPT: Final = frozenset((b"retry-after", b"allow"))

TITLES: Final[Mapping[int, tuple[str, str]]] = {
    401: (
        mark("This is not a workspace's address"),
        mark("People sign in at the address of their workspace. An invitation has it."),
    ),
    400: (mark("This address can't be read"), mark("Something in it is not as it should be.")),
    403: (mark("This is not open to you"), mark("Your role does not include it.")),
    404: (
        mark("There is nothing here"),
        mark("The page may have been moved or deleted, or the link is incomplete."),
    ),
    405: (mark("There is nothing here"), mark("This address can't be opened this way.")),
    409: (mark("Somebody was faster"), mark("Load the page again and look at what changed.")),
    410: (mark("This is no longer here"), mark("It was deleted or merged into something else.")),
    413: (mark("This is too large"), mark("Send a smaller file.")),
    429: (mark("Too much at once"), mark("Wait a moment and try again.")),
    500: (
        mark("Something went wrong on our side"),
        mark("It is not your fault, and it has been recorded. Try again in a moment."),
    ),
    503: (mark("Back in a moment"), mark("A part of the service is away. Nothing was lost.")),
}
_OWN_WORDS: Final = frozenset((400, 403, 409, 410, 429))
"""Statuses whose problem says more than we could in general."""


def is_page(scope: Scope) -> bool:
    """Whether a person in a browser asked, by the address."""
    return not scope["path"].startswith(_NO_PAGES)


def shown(reply: Reply[Any], scope: Scope) -> Reply[Any]:
    """Return the refusal `reply` as a page where the address is a page's, else as it is."""
    if not isinstance(reply, ProblemReply) or not is_page(scope):
        return reply
    headers = dict(scope["headers"])
    if reply.status_code == 401 and scope["path"] != _SIGN_IN:
        return _to_sign_in(scope, headers)
    status = 400 if reply.status_code == 422 else reply.status_code
    title, general = TITLES.get(status, TITLES[500 if status >= 500 else 400])
    problem = reply.problem
    kept = [pair for pair in reply.raw_headers if pair[0] in _KEPT]
    detail = problem.detail if status in _OWN_WORDS else translated(scope, general)
    if headers.get(b"hx-request") == b"true":
        # What can't be shown in place is said in a toast; the page stays as it is.
        said = {"toast": {"text": f"{translated(scope, title)}. {detail}", "kind": "error"}}
        kept += [
            (b"hx-reswap", b"none"),
            (b"hx-trigger", json.dumps(said).encode("ascii")),
        ]
    return render(
        scope,
        "problem.html",
        status=reply.status_code,
        headers=kept,
        title=translated(scope, title),
        detail=detail,
        problem=problem,
    )


def shown_by(
    handler: "Callable[[Request[Any, Any, Any], Any], Reply[Any]]",
) -> "Callable[[Request[Any, Any, Any], Any], Reply[Any]]":
    """Return an exception handler whose answers people can read."""

    def handle(request: "Request[Any, Any, Any]", error: Any) -> Reply[Any]:
        return shown(handler(request, error), request.scope)

    return handle


def _to_sign_in(scope: Scope, headers: Mapping[bytes, bytes]) -> Reply[Any]:
    """Lead to the sign-in page and back to here, without the cookie that opens nothing."""
    path = scope["path"]
    if scope["query_string"]:
        path += "?" + scope["query_string"].decode("latin-1")
    back = safe_path(path) if scope.get("method") == "GET" else "/dashboard"
    where = b"/sign-in?next=" + quote(back, safe="/").encode("ascii")
    cleared = [clear_session_cookie(https=https) for https in (True, False)]
    if headers.get(b"hx-request") == b"true":
        return Reply(b"", status=401, headers=[(b"hx-redirect", b"/sign-in"), *cleared])
    return Reply(b"", status=303, headers=[(b"location", where), *cleared])
