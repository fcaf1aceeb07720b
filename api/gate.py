"""The one middleware: every HTTP request passes here first, and its answer passes here last.

It settles who asks (host, credential), whether they may ask now (forgery, rate), leaves a
TenantScope in the ASGI scope, and adds the headers, the log line and the metrics that every answer
has. It is raw ASGI and makes few objects per request, since every request pays for it.
"""

import time
from collections.abc import Iterable, Mapping
from typing import Any, Final, cast

import structlog
from litestar.types import ASGIApp, HTTPScope, Receive, Send

from api.access import Door, InvalidCredential, UnknownHost
from api.body_limit import BodyTooLarge, LimitedBody, declared_too_large
from api.errors import domain_problem, http_problem, unexpected_problem
from api.forgery import refuse_foreign_upgrade
from api.health import Health
from api.hosts import Origin, Proxies, host_name
from api.limits import Limits, RateLimited
from api.replies import Reply, not_found
from api.request_scope import CLIENT_ADDRESS, HEAD, HTTPS, REQUEST_ID, TENANT_SCOPE
from api.routes import RouteOptions
from api.tracing import CURRENT, Current, request_id_from, trace_id_from
from api.visit import Visit
from api.web.problem_pages import is_page, shown
from core.shared.errors import DomainError
from core.shared.tenant import TenantContext
from tenants.runtime import Runtime

_API: Final = "/api/"
_OWN_NAMES: Final = ("/api/v1/", "/api/docs", "/api/hooks/")
_PINNED: Final = "/api/v1/"
"""What `/api/...` stands for: the version pinned to the key. There is one so far."""
_FILES: Final = "/assets/"
"""What pages load: the same for everybody, so nobody is asked for and nothing is counted."""
_WITHOUT_BODY: Final = frozenset(("GET", "HEAD", "OPTIONS"))
_UNMATCHED: Final = "unmatched"

access_log = structlog.get_logger("api.access")


class Gate:
    """Raw ASGI around `inner`, the routes."""

    def __init__(
        self, inner: ASGIApp, runtime: Runtime, routes: RouteOptions, health: Health
    ) -> None:
        settings = runtime.settings
        self._inner = inner
        self._runtime = runtime
        self._routes = routes
        self._health = health
        self._door = Door(runtime)
        self._proxies = Proxies(settings.trusted_proxies)
        self._limits = Limits(runtime)
        self._metrics = health.metrics
        self._largest_body = settings.max_body_bytes
        self._largest_upload = settings.max_upload_bytes

    async def __call__(self, scope: HTTPScope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        started = time.perf_counter()
        if scope["method"] == "HEAD":
            # A copy is answered as GET; the server goes on to know that no body comes.
            scope = cast("HTTPScope", dict(scope))
        headers = dict(scope["headers"])
        ids = self._runtime.ids
        request_id = request_id_from(headers, ids)
        trace_id = trace_id_from(headers, ids)
        CURRENT.set(Current(request_id, trace_id, None))
        visit = Visit(scope, send, request_id, trace_id)
        visit.leave(REQUEST_ID, request_id)
        if visit.method == "HEAD":
            scope["method"] = "GET"  # RFC 9110: the same answer, without its body
            visit.leave(HEAD, visit.method)
        try:
            refusal = await self._pass(visit, receive, headers)
            if refusal is not None:
                await shown(refusal, scope)(scope, receive, visit.answer)
        finally:
            self._account(visit, time.perf_counter() - started)

    async def _pass(
        self, visit: Visit, receive: Receive, headers: Mapping[bytes, bytes]
    ) -> Reply[Any] | None:
        """Let the request through to the routes, or return the answer that turns it away."""
        scope = visit.scope
        health = await self._health.reply_to(scope, headers)
        if health is not None:
            visit.leave("path_template", scope["path"])
            return health
        try:
            receive = await self._admit(visit, receive, headers)
        except UnknownHost:
            self._metrics.refuse("unknown_host")
            return not_found()
        except Exception as error:  # noqa: BLE001 - whatever it is, the caller gets an answer
            return self._refusal(error, visit)
        await self._inner(scope, receive, visit.answer)
        return None

    def _refusal(self, error: Exception, visit: Visit) -> Reply[Any]:
        if isinstance(error, RateLimited):
            visit.rate_headers = error.headers
        if isinstance(error, DomainError):
            self._metrics.refuse(error.code)
            return domain_problem(error, visit.scope)
        if isinstance(error, BodyTooLarge):
            self._metrics.refuse("body_too_large")
            return http_problem(error, visit.scope)
        return unexpected_problem(error, visit.scope)

    async def _admit(
        self, visit: Visit, receive: Receive, headers: Mapping[bytes, bytes]
    ) -> Receive:
        scope = visit.scope
        origin = self._origin(scope, headers)
        visit.https = origin.https
        server = scope.get("server")
        tenant = await self._door.tenant_at(origin.host, server[0] if server else "")
        path = scope["path"]
        if path.startswith(_API) and not path.startswith(_OWN_NAMES):
            path = scope["path"] = _PINNED + path[len(_API) :]
        if path.startswith(_FILES) and visit.method in _WITHOUT_BODY:
            return receive
        has_options = visit.method not in _WITHOUT_BODY or is_page(scope)
        options = self._routes.of(path, visit.method) if has_options else {}
        guarded = bool(options.get("guarded"))
        lenient = guarded or (bool(options.get("public")) and is_page(scope))
        actor = None
        try:
            caller = await self._door.admit(
                tenant,
                {} if options.get("anonymous") else headers,
                origin,
                visit.method,
                lenient=lenient,
                form=bool(options.get("form")),
            )
            actor = caller.actor
            tenant = caller.tenant
            if caller.by_cookie and b"upgrade" in headers:
                refuse_foreign_upgrade(headers, origin)
        except InvalidCredential:
            await self._count(visit, tenant, origin, guarded=guarded)
            raise
        lease = await self._limits.admit(tenant, actor, origin.client, guarded=guarded)
        visit.rate_headers = lease.headers()
        visit.leave(CLIENT_ADDRESS, origin.client)
        visit.leave(HTTPS, origin.https)
        if tenant is not None and actor is not None:
            visit.tenant_id = str(tenant.id)
            CURRENT.set(Current(visit.request_id, visit.trace_id, visit.tenant_id))
            visit.leave(TENANT_SCOPE, self._runtime.scope(tenant, actor, visit.request_id))
        if visit.method in _WITHOUT_BODY:
            return receive
        limit = self._largest_upload if options.get("upload") else self._largest_body
        if declared_too_large(headers, limit):
            raise BodyTooLarge("The request body is larger than this server accepts.")
        return LimitedBody(receive, limit).receive

    async def _count(
        self, visit: Visit, tenant: TenantContext | None, origin: Origin, *, guarded: bool
    ) -> None:
        """Count a wrong credential against its address, so that guessing is as slow as anything."""
        lease = await self._limits.admit(tenant, None, origin.client, guarded=guarded)
        visit.rate_headers = lease.headers()

    def _origin(self, scope: HTTPScope, headers: Mapping[bytes, bytes]) -> Origin:
        client = scope.get("client")
        authority = headers.get(b"host", b"")
        if _repeated(scope["headers"], b"host"):
            authority = b""
        direct = Origin(
            client=client[0] if client else "",
            host=host_name(authority),
            authority=authority.decode("latin-1"),
            https=scope["scheme"] == "https",
        )
        return self._proxies.look_through(direct, headers) if self._proxies else direct

    def _account(self, visit: Visit, seconds: float) -> None:
        status = visit.status or 500
        route = visit.scope.get("path_template") or _UNMATCHED
        self._metrics.observe(visit.method, route, status, seconds)
        access_log.info(
            "request",
            method=visit.method,
            route=route,
            status=status,
            duration_ms=round(seconds * 1000, 2),
            request_id=visit.request_id,
            trace_id=visit.trace_id,
            tenant_id=visit.tenant_id,
        )


def _repeated(headers: Iterable[tuple[bytes, bytes]], name: bytes) -> bool:
    return [key for key, _ in headers].count(name) > 1
