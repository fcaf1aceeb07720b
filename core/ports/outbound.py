"""The guarded way out: HTTP and plain connections to addresses that the whole internet may reach.

Tenants decide where plugins call (a webhook, a mail server, an identity provider), so every call
might be aimed at our own network. The adapter resolves a name once, refuses unless every answer is
a public address, and connects to what it has checked. A caller sees only the hosts it declared.
"""

import asyncio
import socket
import ssl
from collections.abc import Mapping, Sequence
from typing import Any, Literal, Protocol

import msgspec

from core.shared.errors import Conflict, Unavailable

RefusalReason = Literal[
    "invalid_url",
    "scheme_not_allowed",
    "host_not_declared",
    "port_not_allowed",
    "address_not_public",
    "lookup_failed",
    "redirect_not_allowed",
    "invalid_header",
]
Method = Literal["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]

DEFAULT_TIMEOUT_SECONDS = 15.0
DEFAULT_MAX_ANSWER_BYTES = 1_048_576
MAX_REDIRECTS = 3

ANY_HOST: frozenset[str] = frozenset({"*"})
"""Declared by who calls wherever a tenant says, e.g. webhooks."""


class OutboundRefused(Conflict):
    """The call wasn't made, since it may not be; `reason` says why and a retry won't help.

    `lookup_failed` may pass: the name had no address just now, which is refused rather than tried.
    """

    code = "outbound_refused"
    title = "This address may not be called"

    def __init__(self, reason: RefusalReason, message: str) -> None:
        super().__init__(message, reason=reason)
        self.reason: RefusalReason = reason


class OutboundUnavailable(Unavailable):
    """No connection came about, or it broke; whether the other side acted is unknown."""

    code = "outbound_unavailable"
    title = "The other side can't be reached"


class OutboundTimeout(OutboundUnavailable):
    """The deadline of the whole call passed; whether the other side acted is unknown."""

    code = "outbound_timeout"
    title = "The other side took too long"


class OutboundUnreached(OutboundUnavailable):
    """No connection came about: nothing was sent, so the other side did nothing."""

    code = "outbound_unreached"
    title = "The other side can't be reached"


class AnswerTooLarge(Conflict):
    """The answer is larger than the caller takes; reading it was stopped."""

    code = "answer_too_large"
    title = "The answer is too large"


class OutboundAnswer(msgspec.Struct, frozen=True):
    """What came back, whatever its status."""

    status: int
    headers: Mapping[str, str]
    """Names in lower case; values of a name that came twice are joined by `, `."""
    body: bytes


class OutboundSocket(msgspec.Struct, frozen=True):
    """A connected socket that the caller owns and closes, and to where it is connected."""

    socket: socket.socket
    """Non-blocking; ready for `asyncio.open_connection(sock=...)` or a library that takes one."""
    address: str
    """The checked IP address."""
    port: int


class OutboundStreams(msgspec.Struct, frozen=True):
    """An open connection that the caller closes through `writer`, and to where it leads."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    address: str
    """The checked IP address."""
    port: int


class OutboundHttp(Protocol):
    """HTTP to the hosts that the caller declared."""

    async def request(
        self,
        method: Method,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        params: Mapping[str, str] | Sequence[tuple[str, str]] | None = None,
        json: Any = None,
        content: bytes | None = None,
        timeout_seconds: float = DEFAULT_TIMEOUT_SECONDS,
        max_answer_bytes: int = DEFAULT_MAX_ANSWER_BYTES,
        follow_redirects: bool = False,
    ) -> OutboundAnswer:
        """Send one request and read its whole answer within `timeout_seconds`.

        `json` is encoded by msgspec and excludes `content`. Nothing is sent along but what is
        given: no cookies, no credentials of ours, no proxy. A redirect is an answer like any other
        unless `follow_redirects`: then up to `MAX_REDIRECTS` to the same origin are followed for
        GET and HEAD, each checked anew.
        Raises OutboundRefused, OutboundUnreached, OutboundTimeout, OutboundUnavailable and
        AnswerTooLarge. Nothing was sent only after the first two.
        """
        ...


class OutboundConnections(Protocol):
    """Plain TCP to the hosts that the caller declared, for protocols other than HTTP."""

    async def open_socket(
        self, host: str, port: int, *, timeout_seconds: float = DEFAULT_TIMEOUT_SECONDS
    ) -> OutboundSocket:
        """Connect to a checked address of `host`; the caller speaks TLS itself, with `host`'s name.

        Raises OutboundRefused, OutboundTimeout and OutboundUnavailable.
        """
        ...

    async def open_connection(
        self,
        host: str,
        port: int,
        *,
        tls: bool | ssl.SSLContext = False,
        server_hostname: str | None = None,
        timeout_seconds: float = DEFAULT_TIMEOUT_SECONDS,
    ) -> OutboundStreams:
        """Connect to a checked address of `host`, with TLS from the start if asked for.

        The certificate must be valid for `server_hostname`, which is `host` unless given.
        Raises OutboundRefused, OutboundTimeout and OutboundUnavailable.
        """
        ...
