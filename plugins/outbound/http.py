"""HTTP through the guard, on one aiohttp session per process. Made by `network`."""

import asyncio
import socket
import ssl
import zlib
from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final

import aiohttp
import msgspec
from aiohttp.abc import AbstractResolver, ResolveResult
from yarl import URL

from core.ports.outbound import (
    DEFAULT_MAX_ANSWER_BYTES,
    DEFAULT_TIMEOUT_SECONDS,
    MAX_REDIRECTS,
    AnswerTooLarge,
    Method,
    OutboundAnswer,
    OutboundRefused,
    OutboundTimeout,
    OutboundUnavailable,
    OutboundUnreached,
)
from plugins.outbound.lookup import Guard
from plugins.outbound.targets import read_url, require_declared

PORTS: Final = frozenset({80, 443})
_CONNECTIONS: Final = 500
_CONNECTIONS_PER_HOST: Final = 50
_KEPT_OPEN_SECONDS: Final = 15.0
_CONNECT_SECONDS: Final = 8.0
"""Shorter than callers wait for the whole call, so that they learn that nothing was sent."""
_CHUNK: Final = 65_536
_REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})
_ENCODINGS: Final = {"gzip": zlib.MAX_WBITS | 16, "x-gzip": zlib.MAX_WBITS | 16, "deflate": 15}
_OWN_HEADERS: Final = frozenset(
    {
        "connection",
        "content-length",
        "expect",
        "host",
        "keep-alive",
        "proxy-authorization",
        "proxy-connection",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    }
)
"""What decides where a request goes or ends is ours to say."""

_USER_AGENT: Final = "IntelliMatch"


class GuardedSession:
    """The process's connections. Nothing from the environment, no cookies, no cached names."""

    def __init__(self, guard: Guard, ports: Collection[int], trust: ssl.SSLContext | None) -> None:
        self._guard = guard
        self._ports = PORTS.union(ports)
        self._trust = trust
        self._session: aiohttp.ClientSession | None = None

    async def close(self) -> None:
        """Close every connection."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    def check(self, url: URL, hosts: Collection[str]) -> None:
        """Raise OutboundRefused for a host or port that isn't the caller's to call."""
        host, port = url.raw_host or "", url.port
        require_declared(host, hosts)
        if port not in self._ports:
            raise OutboundRefused("port_not_allowed", f"Port {port} may not be called.")

    async def send(
        self, method: Method, url: URL, headers: Mapping[str, str], content: bytes | None, most: int
    ) -> OutboundAnswer:
        """Send one request and read the answer, decoded, up to `most` bytes."""
        host = url.raw_host or ""
        # A name is looked up when a connection to it is made; one that is kept open was checked
        # then. An address is looked up by nobody.
        self._guard.require_allowed_if_address(host)
        async with self._opened().request(
            method, url, headers=headers, data=content, allow_redirects=False
        ) as answer:
            body = await _body(answer, most, host)
            return OutboundAnswer(answer.status, _joined(answer), body)

    def _opened(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(
                    resolver=_GuardedResolver(self._guard),
                    use_dns_cache=False,
                    socket_factory=self._make_socket,
                    ssl=True if self._trust is None else self._trust,
                    limit=_CONNECTIONS,
                    limit_per_host=_CONNECTIONS_PER_HOST,
                    keepalive_timeout=_KEPT_OPEN_SECONDS,
                ),
                cookie_jar=aiohttp.DummyCookieJar(),
                timeout=aiohttp.ClientTimeout(total=None, sock_connect=_CONNECT_SECONDS),
                auto_decompress=False,
                trust_env=False,
                headers={"User-Agent": _USER_AGENT, "Accept-Encoding": "identity"},
            )
        return self._session

    def _make_socket(self, place: Any) -> socket.socket:
        """Check the very address that is about to be connected to, whoever found it."""
        family, kind, protocol, _, address = place
        self._guard.require_allowed(str(address[0]), str(address[0]))
        return socket.socket(family, kind, protocol)


class GuardedHttp:
    """Implements `core.ports.outbound.OutboundHttp` for a caller that declared `hosts`."""

    def __init__(self, session: GuardedSession, hosts: Collection[str]) -> None:
        self._session = session
        self._hosts = hosts

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
        """Send one request and read its whole answer."""
        if json is not None and content is not None:
            raise ValueError("a request has either json or content")
        target = read_url(url)
        if params:
            target = target.update_query(params)
        sent = _checked_headers(headers or {})
        if json is not None:
            content = msgspec.json.encode(json)
            sent.setdefault("content-type", "application/json")
        try:
            async with asyncio.timeout(timeout_seconds):
                return await self._follow(
                    method,
                    target,
                    sent,
                    content,
                    max_answer_bytes,
                    redirects=MAX_REDIRECTS if follow_redirects else 0,
                )
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as error:
            raise OutboundUnreached(_explained(target.raw_host or "", error)) from error
        except TimeoutError as error:
            raise OutboundTimeout(
                f"{target.raw_host} didn't answer within {timeout_seconds:g} seconds."
            ) from error
        except (aiohttp.ClientError, OSError, EOFError, zlib.error) as error:
            raise OutboundUnavailable(_explained(target.raw_host or "", error)) from error

    async def _follow(
        self,
        method: Method,
        url: URL,
        headers: Mapping[str, str],
        content: bytes | None,
        most: int,
        *,
        redirects: int,
    ) -> OutboundAnswer:
        for left in range(redirects, -1, -1):
            self._session.check(url, self._hosts)
            answer = await self._session.send(method, url, headers, content, most)
            location = answer.headers.get("location")
            if not redirects or answer.status not in _REDIRECTS or location is None:
                return answer
            if method not in {"GET", "HEAD"}:
                return answer
            if not left:
                break
            url = _redirected(url, location)
        raise OutboundRefused("redirect_not_allowed", f"{url.raw_host} redirects again and again.")


class _GuardedResolver(AbstractResolver):
    """Asked by aiohttp once for each new connection: it connects to what is returned here."""

    def __init__(self, guard: Guard) -> None:
        self._guard = guard

    async def resolve(
        self,
        host: str,
        port: int = 0,
        family: socket.AddressFamily = socket.AF_UNSPEC,  # noqa: ARG002 - aiohttp's signature
    ) -> list[ResolveResult]:
        """Return checked addresses. Raises OutboundRefused."""
        return [
            ResolveResult(
                hostname=host,
                host=address,
                port=port,
                family=socket.AF_INET6 if ":" in address else socket.AF_INET,
                proto=socket.IPPROTO_TCP,
                flags=socket.AI_NUMERICHOST | socket.AI_NUMERICSERV,
            )
            for address in await self._guard.resolve(host, port)
        ]

    async def close(self) -> None:
        """Nothing is held."""


def _redirected(url: URL, location: str) -> URL:
    try:
        target = read_url(str(url.join(URL(location))))
    except ValueError as error:
        raise OutboundRefused(
            "redirect_not_allowed", f"{url.raw_host} redirects to what is no address."
        ) from error
    if target.origin() != url.origin():
        raise OutboundRefused("redirect_not_allowed", f"{url.raw_host} redirects to another host.")
    return target


def _checked_headers(given: Mapping[str, str]) -> dict[str, str]:
    headers = {name.lower(): value for name, value in given.items()}
    for name, value in headers.items():
        if name in _OWN_HEADERS:
            raise OutboundRefused("invalid_header", f"The header {name} can't be set.")
        if not _is_token(name) or any(ord(each) < 32 or ord(each) == 127 for each in value):
            raise OutboundRefused("invalid_header", "A header holds what no header may hold.")
    return headers


def _is_token(name: str) -> bool:
    return bool(name) and name.isascii() and name.replace("-", "").replace("_", "").isalnum()


async def _body(answer: aiohttp.ClientResponse, most: int, host: str) -> bytes:
    """Read the answer and decode it, both only as far as `most` bytes."""
    encoding = answer.headers.get("Content-Encoding", "identity").strip().lower()
    window = _ENCODINGS.get(encoding)
    if window is None and encoding not in {"", "identity"}:
        raise OutboundUnavailable(f"{host} answers in an encoding that nobody asked for.")
    if answer.content_length is not None and answer.content_length > most:
        raise _too_large(host, most)
    unpacked = None if window is None else zlib.decompressobj(window)
    body = bytearray()
    async for chunk in answer.content.iter_chunked(_CHUNK):
        # One byte more than is allowed is enough to know, however much a chunk unpacks to.
        body += chunk if unpacked is None else unpacked.decompress(chunk, most - len(body) + 1)
        if len(body) > most:
            raise _too_large(host, most)
    return bytes(body)


def _joined(answer: aiohttp.ClientResponse) -> dict[str, str]:
    joined: dict[str, str] = {}
    for name, value in answer.headers.items():
        key = name.lower()
        joined[key] = f"{joined[key]}, {value}" if key in joined else value
    return joined


def _too_large(host: str, most: int) -> AnswerTooLarge:
    return AnswerTooLarge(f"{host} answers with more than {most} bytes.", max_answer_bytes=most)


def _explained(host: str, error: Exception) -> str:
    if isinstance(error, aiohttp.ClientConnectorCertificateError | ssl.SSLCertVerificationError):
        return f"{host} has no valid certificate."
    if isinstance(error, aiohttp.ClientSSLError | ssl.SSLError):
        return f"{host} speaks no TLS that we do."
    if isinstance(error, aiohttp.ClientConnectorError | aiohttp.ConnectionTimeoutError):
        return f"{host} can't be reached."
    return f"{host} broke off, or answered what isn't HTTP."
