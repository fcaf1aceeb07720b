"""The rate limiter and the throttle on a real Valkey, alone, together and without it."""

import asyncio
import time
from collections.abc import AsyncIterator
from uuid import uuid4

import pytest
import pytest_asyncio
from redis.asyncio import Redis

from core.shared.errors import Throttled, Unavailable
from plugins.valkey.rate_limit import Lease, Policy, RateLimiter, Refusal, Subject
from plugins.valkey.throttle import ValkeyThrottle
from tests.fixtures.engines import TestEngines

pytestmark = pytest.mark.asyncio(loop_scope="session")


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def valkey(engines: TestEngines) -> AsyncIterator[Redis]:
    async with Redis.from_url(engines.redis_url) as opened:
        yield opened


def subject(*bursts: int, per_minute: int = 60) -> Subject:
    names = ("plan", "credential")[-len(bursts) :]
    policies = tuple(
        Policy(name, per_minute, burst) for name, burst in zip(names, bursts, strict=True)
    )
    return Subject(uuid4().hex, "key", policies)


async def spent(limiter: RateLimiter, who: Subject, requests: int) -> int:
    taken = await asyncio.gather(*(limiter.take(who) for _ in range(requests)))
    return sum(isinstance(one, Lease) for one in taken)


async def test_a_burst_is_granted_and_not_one_more(valkey: Redis) -> None:
    limiter, who = RateLimiter(valkey), subject(1000, 100)
    assert await spent(limiter, who, 300) == 100
    refused = await limiter.take(who)
    assert isinstance(refused, Refusal)
    assert refused.retry_after == 1


async def test_the_tighter_policy_decides_and_the_other_is_not_charged(valkey: Redis) -> None:
    limiter, who = RateLimiter(valkey), subject(10, 1000)
    assert await spent(limiter, who, 50) == 10
    other = Subject(who.tenant, "another key", who.policies)
    assert await spent(limiter, other, 5) == 0, "the plan is shared by the tenant's keys"
    stranger = Subject(uuid4().hex, "key", who.policies)
    assert await spent(limiter, stranger, 5) == 5


async def test_processes_together_get_at_most_the_limit_and_a_lease_each(valkey: Redis) -> None:
    limiters, who = [RateLimiter(valkey) for _ in range(4)], subject(200)
    began = time.monotonic()
    granted = sum(await asyncio.gather(*(spent(limiter, who, 100) for limiter in limiters)))
    # Some permits of the minute came back while this ran, at one a second.
    assert 200 - 4 * 10 <= granted <= 200 + 4 + (time.monotonic() - began)


async def test_permits_come_back_with_time(valkey: Redis) -> None:
    limiter, who = RateLimiter(valkey), subject(2, per_minute=60)
    assert await spent(limiter, who, 5) == 2
    await asyncio.sleep(1.1)
    assert await spent(limiter, who, 5) == 1


async def test_a_lease_ends(valkey: Redis) -> None:
    now = 0.0
    limiter, who = RateLimiter(valkey, lambda: now), subject(100)
    await limiter.take(who)
    assert limiter.spend(who.tenant, who.credential) is not None
    now = 1.5
    assert limiter.spend(who.tenant, who.credential) is None


async def test_keys_carry_the_tenant_expire_and_name_nobody(valkey: Redis) -> None:
    limiter = RateLimiter(valkey)
    who = Subject(uuid4().hex, "address:203.0.113.9", (Policy("plan", 60, 5), Policy("own", 60, 5)))
    await limiter.take(who)
    keys = [
        key.decode() if isinstance(key, bytes) else key
        for key in await valkey.keys(f"*{who.tenant}*")
    ]
    assert len(keys) == 2
    for key in keys:
        assert "203.0.113.9" not in key
        assert f"{{{who.tenant}}}" in key
        assert 0 < await valkey.pttl(key) <= 6000


async def test_without_valkey_the_same_limit_holds_in_the_process() -> None:
    async with Redis.from_url("redis://127.0.0.1:1/0") as nowhere:
        limiter, who = RateLimiter(nowhere), subject(50, 20)
        assert await spent(limiter, who, 60) == 20
        with pytest.raises(Unavailable):
            await RateLimiter(nowhere).take(subject(5), fail_closed=True)


async def test_the_throttle_stops_guessing_and_can_forget(valkey: Redis) -> None:
    throttle, key = ValkeyThrottle(valkey), f"sign-in:{uuid4()}@example.com"
    for _ in range(3):
        await throttle.check(key, limit=3, window_seconds=60)
    with pytest.raises(Throttled) as refused:
        await throttle.check(key, limit=3, window_seconds=60)
    assert 0 < refused.value.retry_after <= 20
    await throttle.check(key + "x", limit=3, window_seconds=60)
    await throttle.forget(key)
    await throttle.check(key, limit=3, window_seconds=60)
    assert not [name for name in await valkey.keys("*throttle*") if b"example.com" in name]


async def test_the_throttle_fails_closed() -> None:
    async with Redis.from_url("redis://127.0.0.1:1/0") as nowhere:
        with pytest.raises(Unavailable):
            await ValkeyThrottle(nowhere).check("key", limit=3, window_seconds=60)
