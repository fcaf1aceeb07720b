"""Turns HTTP requests into what plugins are given, and their answers into HTTP, both cut to what is
safe: no credential goes in, and no header that is the platform's own to set comes out.
"""

import re
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import parse_qsl

import msgspec
from litestar import Request

from api.errors import BadRequest
from api.replies import Reply
from core.shared.errors import FieldError, UpstreamFailed
from tenants.plugins.wire import Request as PluginRequest
from tenants.plugins.wire import Response as PluginResponse
from tenants.scope import TenantScope

_CREDENTIALS: Final = frozenset({"authorization", "cookie", "proxy-authorization"})
_MOST_HEADERS: Final = 100
_MOST_PARAMETERS: Final = 100
_LONGEST_PATH: Final = 2_000
_SENT: Final = frozenset(
    {
        "content-disposition",
        "content-language",
        "etag",
        "last-modified",
        "link",
        "location",
        "retry-after",
    }
)
"""Headers that a plugin may set; `x-` is free to it."""
_OURS: Final = frozenset({"x-content-type-options", "x-frame-options"})
_NAME: Final = re.compile(r"[a-z0-9\-]{1,60}")
_VALUE: Final = re.compile(r"[\x20-\x7e]{0,2000}")
_CONTENT_TYPE: Final = re.compile(r"[a-z]+/[a-z0-9.+\-]+(; ?charset=[a-z0-9\-]+)?", re.IGNORECASE)
_AS_FILES: Final = ("text/html", "application/xhtml", "image/svg", "text/xml", "application/xml")
"""Types in which a browser runs scripts, in our origin: shown as files only."""


async def any_parameters(request: "Request[Any, Any, Any]") -> None:
    """Let every query parameter through: what they mean is the plugin's affair."""


def plain_headers(request: "Request[Any, Any, Any]", *, credentials: bool) -> dict[str, str]:
    """Return the request's headers. `credentials` are only those that aren't for us."""
    found = list(request.headers.items())[:_MOST_HEADERS]
    hidden = {"cookie"} if credentials else _CREDENTIALS
    return {name.lower(): value for name, value in found if name.lower() not in hidden}


def plain_query(request: "Request[Any, Any, Any]") -> dict[str, str]:
    """Return the query, the last of parameters that come twice. Raises BadRequest."""
    try:
        pairs = parse_qsl(
            request.scope["query_string"].decode("ascii"),
            keep_blank_values=True,
            errors="strict",
            max_num_fields=_MOST_PARAMETERS,
        )
    except ValueError as error:
        raise BadRequest(
            FieldError("", "Send parameters percent-encoded in UTF-8.", "malformed_query"),
            message="The query can't be read.",
        ) from error
    return dict(pairs)


async def plugin_request(
    request: "Request[Any, Any, Any]", scope: TenantScope, path: str, body: bytes | None = None
) -> PluginRequest:
    """Return what a route or page is asked with."""
    below = "/" + path.strip("/")
    if len(below) > _LONGEST_PATH or "\x00" in below:
        raise BadRequest(message="The path can't be read.")
    return PluginRequest(
        method=str(request.method),
        path=below,
        query=plain_query(request),
        headers=plain_headers(request, credentials=False),
        body=await request.body() if body is None else body,
        actor_name=scope.actor.name,
        member_id=scope.actor.member_id,
    )


def plugin_reply(answer: PluginResponse, plugin_id: str) -> Reply[bytes]:
    """Return a plugin's answer as ours. Raises UpstreamFailed when it can't be sent."""
    content_type = answer.content_type.strip()
    if not _CONTENT_TYPE.fullmatch(content_type):
        raise UpstreamFailed("The plugin's answer has no usable content type.", plugin=plugin_id)
    headers = [*_headers(answer.headers, plugin_id)]
    if content_type.lower().startswith(_AS_FILES):
        headers.append((b"content-security-policy", b"default-src 'none'; sandbox"))
        if "content-disposition" not in {name.lower() for name in answer.headers}:
            headers.append((b"content-disposition", b"attachment"))
    if isinstance(answer.body, bytes):
        body = answer.body
    elif answer.body is None and answer.status in {204, 304}:
        body = b""
    else:
        body = msgspec.json.encode(answer.body)
    return Reply(
        body, status=answer.status, headers=headers, content_type=content_type.encode("ascii")
    )


def _headers(given: Mapping[str, str], plugin_id: str) -> list[tuple[bytes, bytes]]:
    sent = []
    for name, value in given.items():
        lowered = name.lower()
        allowed = lowered in _SENT or lowered.startswith("x-")
        if not allowed or lowered in _OURS:
            continue
        if not _NAME.fullmatch(lowered) or not _VALUE.fullmatch(value):
            raise UpstreamFailed(
                f"The plugin's answer has a header {name[:60]!r} that can't be sent.",
                plugin=plugin_id,
            )
        sent.append((lowered.encode("ascii"), value.encode("ascii")))
    return sent
