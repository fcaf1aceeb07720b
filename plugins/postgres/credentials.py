"""Whom a session or an API key stands for. Asked by `tenants.identities`, which caches the answers.

That a credential was used is written at most once a minute and after the answer, so that the
request doesn't wait for it.
"""

import asyncio
from datetime import timedelta
from typing import Any, Final

import structlog

from core.identity.tokens import Pepper, tenant_of_api_key, tenant_of_session_token
from core.shared.actor import Actor
from core.shared.clock import Clock, UtcDatetime
from core.shared.errors import DomainError
from core.shared.tenant import TenantContext
from plugins.postgres.database import Database
from plugins.postgres.tenants import tenant_context

IDLE: Final = timedelta(days=3)
"""A session that isn't used for this long ends, even when its lifetime would allow more."""

_TOUCH_AFTER = timedelta(minutes=1)

Holder = tuple[TenantContext, Actor, UtcDatetime | None]
"""Whom a credential stands for, and when it ends by itself unless it is used before."""

log = structlog.get_logger(__name__)


class Credentials:
    """Looks credentials up by their hash, under the tenant that they name."""

    def __init__(self, database: Database, secret_key: str, clock: Clock) -> None:
        self._database = database
        self._pepper = Pepper(secret_key)
        self._clock = clock
        self._touching: set[asyncio.Task[None]] = set()

    async def by_api_key(self, key: str) -> Holder | None:
        """Return the holder of `key`; None when it is unknown, expired or revoked."""
        tenant_id = tenant_of_api_key(key)
        if tenant_id is None:
            return None
        now = self._clock.now()
        digest = self._pepper.digest("api_key", key)
        rows = await self._database.reader(tenant_id).call("identify_api_key_v2", digest, now)
        if not rows:
            return None
        row = rows[0]
        tenant = tenant_context(row)
        if _is_stale(row["last_used_at"], now):
            self._touch(tenant, "touch_api_key_v1", row["api_key_id"], now)
        actor = Actor(
            tenant_id=tenant.id,
            kind="api_key",
            id=row["api_key_id"],
            role=row["role"],
            member_id=row["member_id"],
            account_id=row["account_id"],
            scopes=frozenset(row["scopes"]),
            name=row["member_name"],
        )
        return tenant, actor, row["ends_at"]

    async def by_session(self, token: str) -> Holder | None:
        """Return the holder of a session; None when it is unknown or has ended."""
        tenant_id = tenant_of_session_token(token)
        if tenant_id is None:
            return None
        now = self._clock.now()
        digest = self._pepper.digest("session", token)
        rows = await self._database.reader(tenant_id).call("identify_session_v2", digest, now)
        if not rows:
            return None
        row = rows[0]
        tenant = tenant_context(row)
        if _is_stale(row["last_used_at"], now):
            self._touch(tenant, "touch_session_v1", row["session_id"], now, now + IDLE)
        actor = Actor(
            tenant_id=tenant.id,
            kind="member",
            id=row["session_id"],
            role=row["role"],
            member_id=row["member_id"],
            account_id=row["account_id"],
            name=row["member_name"],
        )
        return tenant, actor, row["ends_at"]

    async def close(self) -> None:
        """Wait until every use that was seen is written."""
        while self._touching:
            await asyncio.gather(*self._touching)

    def _touch(self, tenant: TenantContext, function: str, *arguments: Any) -> None:
        task = asyncio.create_task(self._write_touch(tenant, function, arguments))
        self._touching.add(task)
        task.add_done_callback(self._touching.discard)

    async def _write_touch(
        self, tenant: TenantContext, function: str, arguments: tuple[Any, ...]
    ) -> None:
        try:
            await self._database.reader(tenant.id).call(function, *arguments)
        except (DomainError, OSError) as error:
            # The next use writes it; nothing depends on this one.
            log.warning("last_use_not_written", error=type(error).__name__)


def _is_stale(last_used_at: UtcDatetime | None, now: UtcDatetime) -> bool:
    return last_used_at is None or now - last_used_at > _TOUCH_AFTER
