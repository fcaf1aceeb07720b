"""Runs commands for mutating routes, at most once per `Idempotency-Key`.

The key is claimed and the answer kept in the command's own transaction, so a client that lost an
answer repeats its request and gets the same one. Refusals are not kept: what failed changed nothing
and may be tried again under the same key.
"""

import hashlib
import re
from collections.abc import Callable, Sequence
from typing import Any, Final, TypeVar

import msgspec
from litestar import Request

from api.conditional import etag
from api.errors import BadRequest
from api.replies import Reply
from core.shared.errors import Conflict, FieldError
from core.shared.usecase import Command
from plugins.postgres.idempotency import Answer, Once
from tenants.scope import TenantScope

R = TypeVar("R")

_KEY: Final = re.compile(r"^[\x21-\x7e]{1,255}$")
_REPLAYED: Final = (b"idempotency-replayed", b"true")
_encode: Final = msgspec.json.Encoder().encode


class IdempotencySecretNotReplayable(Conflict):
    """The first answer held a secret, which is shown once and kept nowhere."""

    code = "idempotency_secret_not_replayable"
    title = "The first answer can't be given again"


def _same(view: Any) -> Any:
    return view


async def mutate(
    request: "Request[Any, Any, Any]",
    tenant_scope: TenantScope,
    command: Command[R],
    *,
    status: int = 200,
    location: Callable[[R], str] | None = None,
    present: Callable[[R], Any] = _same,
    secret: bool = False,
    content: bytes | None = None,
) -> "Reply[Any]":
    """Run `command` and return its view as the answer.

    `location` makes the Location header of something created; a view with a `version` gets its
    ETag. `present` maps the view to what is sent. With `secret` the answer is sent but not stored,
    and a repeated request is told so. `content` stands for the body where the route read it as a
    stream.
    """
    once = await _once(request, tenant_scope, content)

    def respond(view: R) -> Answer:
        return _answer(view, status, location, present)

    if once is None:
        return _reply(respond(await tenant_scope.execute(command)))
    return await _execute_once(tenant_scope, command, once, respond, secret=secret)


async def _execute_once(
    tenant_scope: TenantScope,
    command: Command[R],
    once: Once,
    respond: Callable[[R], Answer],
    *,
    secret: bool,
) -> "Reply[Any]":
    fresh: list[Answer] = []

    def respond_and_remember(view: R) -> Answer:
        answer = respond(view)
        fresh[:] = [answer]
        return Answer(answer.status, answer.headers, b"") if secret else answer

    kept = await tenant_scope.execute_once(command, once, respond_and_remember)
    if fresh:
        return _reply(fresh[0])
    if secret:
        raise IdempotencySecretNotReplayable(
            "This request was carried out before. Its answer held a secret, which is shown once.",
            **kept.headers,
        )
    return _reply(kept, _REPLAYED)


def _answer(
    view: Any, status: int, location: Callable[[Any], str] | None, present: Callable[[Any], Any]
) -> Answer:
    headers: dict[str, str] = {}
    version = getattr(view, "version", None)
    if isinstance(version, int):
        headers["etag"] = etag(version)
    if location is not None:
        headers["location"] = location(view)
    shown = None if status == 204 else present(view)
    return Answer(status, headers, b"" if status == 204 else _encode(shown))


def _reply(answer: Answer, *extra: tuple[bytes, bytes]) -> "Reply[Any]":
    headers: Sequence[tuple[bytes, bytes]] = [
        (name.encode("ascii"), value.encode("latin-1")) for name, value in answer.headers.items()
    ]
    return Reply(answer.body, status=answer.status, headers=[*headers, *extra])


async def _once(
    request: "Request[Any, Any, Any]", tenant_scope: TenantScope, content: bytes | None
) -> Once | None:
    """Name the request by its key; None without a key.

    A stranger's key is ignored: all strangers share one name, and would get each other's answers.
    """
    key = request.headers.get("idempotency-key")
    if key is None:
        return None
    if not _KEY.match(key):
        raise BadRequest(
            FieldError(
                "Idempotency-Key", "Send 1 to 255 visible ASCII characters.", "invalid_header"
            ),
            message="The Idempotency-Key is not valid.",
        )
    actor = tenant_scope.actor
    if actor.role is None:
        return None
    scope = request.scope
    body = await request.body() if content is None else content
    parts = (
        scope["method"].encode(),
        scope["path"].encode(),
        scope["query_string"],
        request.headers.get("if-match", "").encode(),
        body,
    )
    digest = hashlib.sha256()
    for part in parts:
        digest.update(len(part).to_bytes(8, "big"))
        digest.update(part)
    return Once(
        credential=f"{actor.kind}:{actor.id}",
        route=f"{scope['method']} {scope['path_template']}",
        key=key,
        fingerprint=digest.digest(),
    )
