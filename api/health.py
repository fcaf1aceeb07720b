"""Is this process alive, and is it fit to take requests? Asked by orchestrators and by `doctor`.

Liveness touches nothing: a process is not killed because a database is away. Readiness asks
PostgreSQL, Valkey and the migrations, and says no from the moment a shutdown begins, which is
before the listener closes, so that load balancers look elsewhere first.
"""

import asyncio
import hmac
from collections.abc import Mapping
from typing import Any, Final

import msgspec
import structlog
from litestar.types import Scope

from api.metrics import CONTENT_TYPE, Metrics
from api.replies import Reply, not_found
from plugins.postgres.readiness import assert_answering, assert_migrated
from tenants.runtime import Runtime

CHECK_SECONDS: Final = 2.0
_LOOPBACK: Final = ("127.0.0.1", "::1")
_FORWARDED: Final = (b"forwarded", b"x-forwarded-for", b"x-forwarded-host", b"x-real-ip", b"via")

log = structlog.get_logger("api.health")
_encode = msgspec.json.Encoder().encode


class Health:
    """Answers `/health/live`, `/health/ready` and `/metrics`, whatever the host."""

    def __init__(self, runtime: Runtime, metrics: Metrics) -> None:
        self._runtime = runtime
        self.metrics = metrics
        self._draining = False

    def drain(self) -> None:
        """Say from now on that this process isn't ready."""
        self._draining = True

    async def reply_to(self, scope: Scope, headers: Mapping[bytes, bytes]) -> Reply[Any] | None:
        """Return the answer when the request is for one of these addresses, else None."""
        path = scope["path"]
        if path == "/health/live":
            return Reply(b'{"status":"alive"}')
        if path == "/health/ready":
            return await self._ready()
        if path == "/metrics":
            if self._may_see_metrics(scope, headers):
                return Reply(self.metrics.render(), content_type=CONTENT_TYPE)
            return not_found()
        return None

    async def _ready(self) -> Reply[Any]:
        if self._draining:
            return Reply(_encode({"status": "draining"}), status=503)
        names = ("postgres", "valkey", "migrations")
        checks = (self._postgres(), self._valkey(), self._migrations())
        results = await asyncio.gather(*checks, return_exceptions=True)
        states = {}
        for name, result in zip(names, results, strict=True):
            states[name] = "ok" if result is None else "failed"
            if isinstance(result, BaseException):
                log.warning("not_ready", check=name, error=type(result).__name__)
        ready = all(state == "ok" for state in states.values())
        body = {"status": "ready" if ready else "not_ready", "checks": states}
        return Reply(_encode(body), status=200 if ready else 503)

    async def _postgres(self) -> None:
        async with asyncio.timeout(CHECK_SECONDS):
            await assert_answering(self._runtime.database)

    async def _valkey(self) -> None:
        async with asyncio.timeout(CHECK_SECONDS):
            await self._runtime.redis.ping()

    async def _migrations(self) -> None:
        async with asyncio.timeout(CHECK_SECONDS):
            await assert_migrated(self._runtime.database)

    def _may_see_metrics(self, scope: Scope, headers: Mapping[bytes, bytes]) -> bool:
        token = self._runtime.settings.metrics_token
        if token is not None:
            given = headers.get(b"authorization", b"")
            return hmac.compare_digest(given, b"Bearer " + token.encode())
        client = scope.get("client")
        return (
            client is not None
            and client[0] in _LOOPBACK
            and not any(name in headers for name in _FORWARDED)
        )
