"""Keeps figures of tenants for a minute, on Valkey. Bound to `core.analytics.ports.FigureShelf`."""

import asyncio
import hashlib
from typing import Any, Final

import structlog
from redis.asyncio import Redis
from redis.exceptions import RedisError

from core.shared.ids import TenantId

KEPT_SECONDS: Final = 60

_VALKEY_SECONDS: Final = 1.0

log = structlog.get_logger("plugins.valkey.figure_shelf")


class ValkeyFigureShelf:
    """Implements `FigureShelf` for one tenant; while Valkey is away, nothing is kept."""

    def __init__(self, redis: Redis, tenant_id: TenantId) -> None:
        self._redis = redis
        self._tenant_id = tenant_id

    async def taken(self, key: bytes) -> bytes | None:
        """Return what was put there."""
        try:
            async with asyncio.timeout(_VALKEY_SECONDS):
                found: Any = await self._redis.get(self._name(key))
        except (RedisError, OSError, TimeoutError) as error:
            log.warning("valkey_away", error=type(error).__name__)
            return None
        return found if isinstance(found, bytes) else None

    async def put(self, key: bytes, figures: bytes) -> None:
        """Keep it."""
        try:
            async with asyncio.timeout(_VALKEY_SECONDS):
                await self._redis.set(self._name(key), figures, ex=KEPT_SECONDS)
        except (RedisError, OSError, TimeoutError) as error:
            log.warning("valkey_away", error=type(error).__name__)

    def _name(self, key: bytes) -> str:
        return f"intellimatch:figures:{self._tenant_id}:{hashlib.sha256(key).hexdigest()}"
