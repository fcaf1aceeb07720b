"""The outside world as a test sets it: what answers `context.http`, and what was sent there.

Nothing reaches the network: an address that the test didn't set is an error of the test.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import msgspec

from core.ports.outbound import (
    DEFAULT_MAX_ANSWER_BYTES,
    DEFAULT_TIMEOUT_SECONDS,
    AnswerTooLarge,
    Method,
    OutboundAnswer,
    OutboundRefused,
    OutboundUnavailable,
    OutboundUnreached,
)
from plugins.sdk.hosts import covers


class SentRequest(msgspec.Struct, frozen=True, kw_only=True):
    """A request that the plugin sent."""

    method: str
    url: str
    """Without its query."""
    headers: Mapping[str, str]
    """Names in lower case."""
    params: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        """Return the body as plain data."""
        return msgspec.json.decode(self.body)


Answerer = Callable[[SentRequest], OutboundAnswer | Awaitable[OutboundAnswer]]


class Outside:
    """Answers by method and address."""

    def __init__(self) -> None:
        self.sent: list[SentRequest] = []
        """Every request, oldest first."""
        self._answers: dict[tuple[str, str], Answerer] = {}
        self._is_away = False

    def answer(
        self,
        method: Method,
        url: str,
        *,
        status: int = 200,
        json: Any = msgspec.UNSET,
        body: bytes = b"",
        headers: Mapping[str, str] | None = None,
    ) -> None:
        """Let every request of this method to this address (without its query) be answered so."""
        content = body if json is msgspec.UNSET else msgspec.json.encode(json)
        answer = OutboundAnswer(status, dict(headers or {}), content)
        self.respond(method, url, lambda _: answer)

    def respond(self, method: Method, url: str, answerer: Answerer) -> None:
        """Let `answerer` answer: a function, async or not, that may raise OutboundUnavailable."""
        self._answers[method, url] = answerer

    def be_away(self) -> None:
        """Let nothing answer until further notice."""
        self._is_away = True

    def be_back(self) -> None:
        """Let everything answer again."""
        self._is_away = False

    async def receive(self, request: SentRequest) -> OutboundAnswer:
        """Answer one request. Raises AssertionError when the test didn't say how."""
        self.sent.append(request)
        if self._is_away:
            raise OutboundUnreached(f"{request.url} can't be reached.")
        answerer = self._answers.get((request.method, request.url))
        if answerer is None:
            raise AssertionError(
                f"the plugin called {request.method} {request.url}; say what comes back with "
                f'outside.answer("{request.method}", "{request.url}", ...)'
            )
        answer = answerer(request)
        return answer if isinstance(answer, OutboundAnswer) else await answer


class OutsideHttp:
    """Implements `OutboundHttp` for a plugin that declared these hosts."""

    def __init__(self, outside: Outside, hosts: tuple[str, ...]) -> None:
        self._outside = outside
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
        timeout_seconds: float = DEFAULT_TIMEOUT_SECONDS,  # noqa: ARG002 - nothing takes time here
        max_answer_bytes: int = DEFAULT_MAX_ANSWER_BYTES,
        follow_redirects: bool = False,  # noqa: ARG002 - a test answers with the last answer
    ) -> OutboundAnswer:
        """Send one request. Raises OutboundRefused, OutboundUnavailable and AnswerTooLarge."""
        address = urlsplit(url)
        if address.scheme not in {"http", "https"} or not address.hostname:
            raise OutboundRefused("invalid_url", f"{url} is no address that can be called.")
        if not covers(self._hosts, address.hostname):
            raise OutboundRefused(
                "host_not_declared", f"{address.hostname} isn't among the manifest's hosts."
            )
        given = params.items() if isinstance(params, Mapping) else params or ()
        sent = SentRequest(
            method=method,
            url=address._replace(query="", fragment="").geturl(),
            headers={name.lower(): value for name, value in (headers or {}).items()},
            params={**dict(parse_qsl(address.query, keep_blank_values=True)), **dict(given)},
            body=(content or b"") if json is None else msgspec.json.encode(json),
        )
        answer = await self._outside.receive(sent)
        if len(answer.body) > max_answer_bytes:
            raise AnswerTooLarge(f"The answer of {sent.url} is larger than {max_answer_bytes}.")
        return answer


class NoConnections:
    """Implements `OutboundConnections`: every host is away, unless a test brings its own."""

    async def open_socket(self, host: str, port: int, **_: Any) -> Any:
        """Raise OutboundUnavailable."""
        raise OutboundUnavailable(f"{host}:{port} can't be reached from a test.")

    async def open_connection(self, host: str, port: int, **_: Any) -> Any:
        """Raise OutboundUnavailable."""
        raise OutboundUnavailable(f"{host}:{port} can't be reached from a test.")
