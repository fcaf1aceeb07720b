"""Tickets with which a browser opens a WebSocket: good once and for seconds. For `api.v1.stream`.

A browser sends its cookie with every WebSocket that any page opens, and no header of ours. The
ticket shows that a page of ours asked for this one (ASVS 4.4.3 and 4.4.4). It is bound to one
credential of one tenant and is nothing without it.
"""

import asyncio
import hashlib
import secrets
from typing import Any, Final
from uuid import UUID

import structlog
from redis.asyncio import Redis
from redis.exceptions import RedisError

from core.shared.errors import Unavailable

SECONDS: Final = 30
"""How long a ticket is good."""
VALKEY_SECONDS: Final = 1.0
_AWAY: Final = "WebSockets can't be opened by browsers right now. Try again in a moment."

log = structlog.get_logger("plugins.valkey.stream_tickets")


class StreamTickets:
    """Shared by all processes, since the next request may reach another one."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    async def issue(self, tenant_id: UUID, credential_id: UUID) -> str:
        """Return a new ticket. Raises Unavailable when Valkey is away."""
        ticket = secrets.token_urlsafe(24)
        try:
            async with asyncio.timeout(VALKEY_SECONDS):
                await self._redis.set(_name(ticket), _holder(tenant_id, credential_id), ex=SECONDS)
        except (RedisError, OSError, TimeoutError) as error:
            log.warning("valkey_away", error=type(error).__name__)
            raise Unavailable(_AWAY) from error
        return ticket

    async def redeem(self, ticket: str, tenant_id: UUID, credential_id: UUID) -> bool:
        """Use a ticket up; whether it was good for this credential. Raises Unavailable."""
        try:
            async with asyncio.timeout(VALKEY_SECONDS):
                holder: Any = await self._redis.getdel(_name(ticket))
        except (RedisError, OSError, TimeoutError) as error:
            log.warning("valkey_away", error=type(error).__name__)
            raise Unavailable(_AWAY) from error
        return bool(holder == _holder(tenant_id, credential_id))


def _name(ticket: str) -> str:
    digest = hashlib.blake2b(ticket.encode(), digest_size=16).hexdigest()
    return f"intellimatch:stream-ticket:{digest}"


def _holder(tenant_id: UUID, credential_id: UUID) -> bytes:
    return f"{tenant_id}:{credential_id}".encode()
