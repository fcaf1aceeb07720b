"""What can be seen of a Redis or Valkey by asking it; changes nothing. Called by `doctor`."""

import msgspec
import redis.asyncio
from redis.exceptions import RedisError

_TIMEOUT_SECONDS = 3.0


class RedisFacts(msgspec.Struct, frozen=True):
    """One server as it is now. None: the server doesn't let this client know."""

    product: str
    """`Redis` or `Valkey`."""
    version: str
    memory_bytes: int
    clients: int
    persistent: bool
    """Whether it writes an append-only file or snapshots."""
    eviction_policy: str | None

    @property
    def major_version(self) -> int:
        """First number of the version."""
        return int(self.version.partition(".")[0])


async def inspect_redis(url: str) -> RedisFacts:
    """Ask the server at `url`. Raises `OSError` or redis-py's `RedisError` when it fails."""
    client = redis.asyncio.Redis.from_url(
        url,
        socket_timeout=_TIMEOUT_SECONDS,
        socket_connect_timeout=_TIMEOUT_SECONDS,
        decode_responses=True,
    )
    try:
        told = await client.info()
        policy: str | None = told.get("maxmemory_policy")
        snapshots = await _setting(client, "save")
    finally:
        await client.aclose()
    valkey = told.get("valkey_version")
    return RedisFacts(
        product="Valkey" if valkey else "Redis",
        version=str(valkey or told["redis_version"]),
        memory_bytes=int(told["used_memory"]),
        clients=int(told["connected_clients"]),
        persistent=bool(told.get("aof_enabled")) or bool(snapshots),
        eviction_policy=policy,
    )


async def _setting(client: redis.asyncio.Redis, name: str) -> str | None:
    try:
        answer = await client.config_get(name)
    except RedisError:  # hosted servers rename or forbid CONFIG
        return None
    value = answer.get(name)
    return None if value is None else str(value)
