"""Counts attempts to guess a secret, on Valkey. Bound to `core.ports.throttle.Throttle`."""

import asyncio
import hashlib
from typing import Any, Final

import structlog
from redis.asyncio import Redis
from redis.exceptions import RedisError

from core.shared.errors import Throttled, Unavailable

VALKEY_SECONDS: Final = 1.0
"""Longest wait; the caller is about to hash a password, which takes longer."""

_SCRIPT: Final = """
local clock = redis.call('TIME')
local now = clock[1] * 1000000 + clock[2]
local window = tonumber(ARGV[2]) * 1000000
local interval = window / tonumber(ARGV[1])
local due = math.max(tonumber(redis.call('GET', KEYS[1]) or now), now)
if due + interval - window > now then
  return math.ceil((due + interval - window - now) / 1000000)
end
due = due + interval
redis.call('SET', KEYS[1], string.format('%.0f', due), 'PX', math.ceil((due - now) / 1000))
return 0
"""

log = structlog.get_logger("plugins.valkey.throttle")


class ValkeyThrottle:
    """Implements `Throttle` by GCRA on the server's clock, shared by all processes."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._script = redis.register_script(_SCRIPT)

    async def check(self, key: str, *, limit: int, window_seconds: int) -> None:
        """Count one attempt. Raises Throttled, and Unavailable when Valkey can't be asked."""
        try:
            async with asyncio.timeout(VALKEY_SECONDS):
                answer: Any = await self._script(keys=[_name(key)], args=[limit, window_seconds])
        except (RedisError, OSError, TimeoutError) as error:
            log.warning("valkey_away", error=type(error).__name__)
            raise Unavailable(
                "Attempts can't be counted right now. Try again in a moment."
            ) from error
        if (wait := int(answer)) > 0:
            raise Throttled(f"Too many attempts. Try again in {wait} s.", wait)

    async def forget(self, key: str) -> None:
        """Give back the attempts under `key`; when Valkey is away they come back by themselves."""
        try:
            async with asyncio.timeout(VALKEY_SECONDS):
                await self._redis.delete(_name(key))
        except (RedisError, OSError, TimeoutError) as error:
            log.warning("valkey_away", error=type(error).__name__)


def _name(key: str) -> str:
    return "intellimatch:throttle:" + hashlib.blake2b(key.encode(), digest_size=16).hexdigest()
