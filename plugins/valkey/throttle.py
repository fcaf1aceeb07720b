"""Slows down guessing: attempts counted in Valkey by GCRA, on its clock, for all processes.

Implements `core.ports.throttle.Throttle`. Without Valkey nobody may try: what guards a password
never guesses in the caller's favour (facts part 4).
"""

import asyncio
import hashlib
from typing import Final

import structlog
from redis.asyncio import Redis
from redis.exceptions import RedisError

from core.shared.errors import Throttled, Unavailable

_SECONDS: Final = 1.0
"""Longest wait for Valkey."""

# One theoretical arrival time per key; an attempt moves it on by window / limit.
_SCRIPT: Final = """
local clock = redis.call('TIME')
local now = clock[1] * 1000000 + clock[2]
local interval = tonumber(ARGV[1])
local window = tonumber(ARGV[2])
local due = math.max(tonumber(redis.call('GET', KEYS[1]) or now), now) + interval
if due - now > window then return math.ceil((due - now - window) / 1000000) end
redis.call('SET', KEYS[1], string.format('%.0f', due), 'PX', math.ceil((due - now) / 1000))
return 0
"""

log = structlog.get_logger("plugins.valkey.throttle")


class ValkeyThrottle:
    """Counts attempts per key."""

    def __init__(self, redis: "Redis") -> None:
        self._redis = redis
        self._script = redis.register_script(_SCRIPT)

    async def check(self, key: str, *, limit: int, window_seconds: int) -> None:
        """Count one attempt. Raises Throttled, and Unavailable when attempts can't be counted."""
        window_us = window_seconds * 1_000_000
        # Rounded down, so that rounding can't take the last of the attempts.
        interval_us = max(1, window_us // limit)
        try:
            async with asyncio.timeout(_SECONDS):
                wait = int(await self._script(keys=[_name(key)], args=[interval_us, window_us]))
        except (RedisError, OSError, TimeoutError) as error:
            raise _uncounted(error) from error
        if wait > 0:
            raise Throttled(f"Too many attempts. Try again in {wait} seconds.", wait)

    async def forget(self, key: str) -> None:
        """Give back every attempt under `key`."""
        try:
            async with asyncio.timeout(_SECONDS):
                await self._redis.delete(_name(key))
        except (RedisError, OSError, TimeoutError) as error:
            raise _uncounted(error) from error


def _name(key: str) -> str:
    # A key may hold an e-mail address, which must not be read out of Valkey.
    return f"intellimatch:throttle:{hashlib.blake2b(key.encode(), digest_size=16).hexdigest()}"


def _uncounted(error: BaseException) -> Unavailable:
    log.warning("valkey_away", error=type(error).__name__)
    return Unavailable("Attempts can't be counted right now. Try again in a moment.")
