"""One request on its way through the gate: what is known of it, and how its answer leaves."""

from typing import Any, Final, cast

from litestar.types import HTTPScope, Message, Send

Header = tuple[bytes, bytes]

_SECURITY: Final[tuple[Header, ...]] = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"x-frame-options", b"DENY"),
)
_HSTS: Final[Header] = (b"strict-transport-security", b"max-age=63072000; includeSubDomains")
_CSP: Final[Header] = (
    b"content-security-policy",
    b"default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
)
_NO_STORE: Final[Header] = (b"cache-control", b"no-store")
_OVERRIDABLE: Final = frozenset(
    (_CSP[0], _NO_STORE[0], b"cross-origin-resource-policy", b"referrer-policy")
)


class Visit:
    """Made once per request; `answer` is the `send` that routes get."""

    __slots__ = (
        "_send",
        "https",
        "method",
        "rate_headers",
        "request_id",
        "scope",
        "status",
        "tenant_id",
        "trace_id",
    )

    def __init__(self, scope: HTTPScope, send: Send, request_id: str, trace_id: str) -> None:
        self.scope = scope
        self._send = send
        self.method: str = scope["method"]
        self.request_id = request_id
        self.trace_id = trace_id
        self.tenant_id: str | None = None
        self.https = False
        self.rate_headers: list[Header] = []
        self.status = 0

    def leave(self, key: str, value: Any) -> None:
        """Leave something in the ASGI scope for those behind the gate (api.request_scope reads)."""
        cast("dict[str, Any]", self.scope)[key] = value

    async def answer(self, message: Message) -> None:
        """Send a message of the answer, with the headers that every answer has."""
        if message["type"] == "http.response.start":
            self.status = message["status"]
            message["headers"] = self._complete(list(message["headers"]))
        elif message["type"] == "http.response.body" and self.method == "HEAD":
            message["body"] = b""
        await self._send(message)

    def _complete(self, headers: list[Header]) -> list[Header]:
        own = _OVERRIDABLE.intersection([name for name, _ in headers])
        if own:
            headers += [header for header in (*_SECURITY, _CSP, _NO_STORE) if header[0] not in own]
        else:
            headers += _SECURITY
            headers += (_CSP, _NO_STORE)
        headers.append((b"x-request-id", self.request_id.encode()))
        headers += self.rate_headers
        if self.https:
            headers.append(_HSTS)
        return headers
