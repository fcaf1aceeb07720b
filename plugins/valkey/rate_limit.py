"""Rate limits that all processes share, kept in Valkey and spent from local leases.

The gate asks before each request. GCRA (the generic cell rate algorithm, ITU-T I.371) runs in Lua
on the server's clock, over every policy of the caller at once: a request counts against all or
none.

To spare a round trip per request, a process takes a few permits at once and spends them on its own
for at most `LEASE_SECONDS`. Permits count when they are leased, so callers never get more than the
limit plus one lease per process; what a lease leaves unspent is lost to the caller. While Valkey is
away the same algorithm runs within the process, unless the caller asks to fail closed.
"""

import asyncio
import hashlib
import time
from collections.abc import Callable, Sequence
from typing import Any, Final

import msgspec
import structlog
from cachetools import LRUCache
from redis.asyncio import Redis
from redis.exceptions import RedisError

from core.shared.errors import Unavailable

LEASE_SECONDS: Final = 1.0
LARGEST_LEASE: Final = 64
LEASE_SHARE: Final = 20
"""A lease is at most this part of the smallest burst: a twentieth."""
VALKEY_SECONDS: Final = 0.25
"""Longest wait for Valkey; a limiter must not be slower than what it guards."""
PAUSE_SECONDS: Final = 1.0
"""How long Valkey is left alone after it failed."""
MOST_CALLERS: Final = 50_000

_SCRIPT: Final = """
local clock = redis.call('TIME')
local now = clock[1] * 1000000 + clock[2]
local granted = tonumber(ARGV[1])
local wait = 0
local policies = {}
for i, key in ipairs(KEYS) do
  local interval = tonumber(ARGV[2 * i])
  local tolerance = tonumber(ARGV[2 * i + 1]) * interval
  local due = math.max(tonumber(redis.call('GET', key) or now), now)
  local free = math.floor((now + tolerance - due) / interval)
  granted = math.min(granted, free)
  if free < 1 then wait = math.max(wait, due + interval - tolerance - now) end
  policies[i] = {key, interval, tolerance, due}
end
if granted < 0 then granted = 0 end
local answer = {granted, math.ceil(wait)}
for i, policy in ipairs(policies) do
  local due = policy[4] + granted * policy[2]
  if granted > 0 then
    redis.call('SET', policy[1], string.format('%.0f', due), 'PX',
      math.max(1, math.ceil((due - now) / 1000)))
  end
  answer[#answer + 1] = math.max(0, math.floor((now + policy[3] - due) / policy[2]))
  answer[#answer + 1] = math.ceil(math.max(0, due - now))
end
return answer
"""

log = structlog.get_logger("plugins.valkey.rate_limit")


class Policy(msgspec.Struct, frozen=True):
    """One limit: `per_minute` on average, `burst` at once."""

    name: str
    per_minute: int
    burst: int

    @property
    def interval_us(self) -> int:
        """Microseconds in which one permit comes back."""
        return max(1, 60_000_000 // self.per_minute)


class Subject(msgspec.Struct, frozen=True):
    """Who is limited. The tenant is the hash tag, so that a cluster keeps its keys on one node."""

    tenant: str
    credential: str
    policies: tuple[Policy, ...]
    """The first is the tenant's and shared, the second the credential's own."""

    @property
    def keys(self) -> list[str]:
        """Return the key of each policy; what is personal in a credential is hashed."""
        digest = hashlib.blake2b(self.credential.encode(), digest_size=16).hexdigest()
        own = f"intellimatch:rate:{{{self.tenant}}}:{digest}"
        shared = f"intellimatch:rate:{{{self.tenant}}}"
        return [shared, own][-len(self.policies) :]


class Lease:
    """Permits in hand. `spend` until it says no, then ask for another."""

    __slots__ = ("_headers", "ends", "left", "remaining", "resets", "subject")

    def __init__(
        self,
        subject: Subject,
        left: int,
        ends: float,
        remaining: Sequence[int],
        resets: Sequence[int],
    ) -> None:
        self.subject = subject
        self.left = left
        self.ends = ends
        self.remaining = remaining
        """What each policy has left beside this lease, when it was given."""
        self.resets = resets
        """Seconds until each policy is whole again."""
        names = ", ".join(f'"{p.name}";q={p.burst};w={_window(p)}' for p in subject.policies)
        self._headers = names.encode()

    def headers(self) -> list[tuple[bytes, bytes]]:
        """Return `RateLimit-Policy` and `RateLimit` (draft-ietf-httpapi-ratelimit-headers-10).

        `q` is the burst, `w` the seconds in which it comes back, `r` what is left, `t` the seconds
        until it is whole.
        """
        state = ", ".join(
            f'"{policy.name}";r={left + self.left};t={reset}'
            for policy, left, reset in zip(
                self.subject.policies, self.remaining, self.resets, strict=True
            )
        )
        return [(b"ratelimit-policy", self._headers), (b"ratelimit", state.encode())]


class Refusal(msgspec.Struct, frozen=True):
    """No permit is left; `retry_after` seconds until there is one."""

    retry_after: int
    headers: list[tuple[bytes, bytes]]


def _window(policy: Policy) -> int:
    return max(1, -(-policy.burst * policy.interval_us // 1_000_000))


class RateLimiter:
    """Gives leases. One per process."""

    def __init__(self, redis: "Redis", monotonic: Callable[[], float] = time.monotonic) -> None:
        self._script = redis.register_script(_SCRIPT)
        self._monotonic = monotonic
        self._leases: dict[tuple[str, str], Lease] = {}
        self._pending: dict[tuple[str, str], asyncio.Task[Lease | Refusal]] = {}
        self._local: LRUCache[str, float] = LRUCache(MOST_CALLERS)
        self._paused_until = 0.0

    def spend(self, tenant: str, credential: str) -> Lease | None:
        """Spend one permit in hand; None when a new lease is needed."""
        lease = self._leases.get((tenant, credential))
        if lease is None or lease.left <= 0 or self._monotonic() >= lease.ends:
            return None
        lease.left -= 1
        return lease

    async def take(self, subject: Subject, *, fail_closed: bool = False) -> Lease | Refusal:
        """Spend one permit, leasing more when none is in hand.

        Requests of one caller that find no lease wait for the same one. Raises Unavailable with
        `fail_closed` when Valkey can't be asked.
        """
        name = (subject.tenant, subject.credential)
        while True:
            lease = self.spend(*name)
            if lease is not None:
                return lease
            task = self._pending.get(name)
            if task is None:
                task = asyncio.create_task(self._lease(subject, fail_closed=fail_closed))
                self._pending[name] = task
                task.add_done_callback(lambda _: self._pending.pop(name, None))
            got = await asyncio.shield(task)
            if isinstance(got, Refusal):
                return got

    async def _lease(self, subject: Subject, *, fail_closed: bool) -> Lease | Refusal:
        arguments: list[int] = [_lease_size(subject.policies)]
        for policy in subject.policies:
            arguments += (policy.interval_us, policy.burst)
        answer = await self._ask(subject, arguments, fail_closed=fail_closed)
        granted, wait_us = answer[0], answer[1]
        resets = [-(-microseconds // 1_000_000) for microseconds in answer[3::2]]
        lease = Lease(subject, granted, self._monotonic() + LEASE_SECONDS, answer[2::2], resets)
        if granted < 1:
            return Refusal(max(1, -(-wait_us // 1_000_000)), lease.headers())
        while len(self._leases) >= MOST_CALLERS:
            del self._leases[next(iter(self._leases))]
        self._leases[subject.tenant, subject.credential] = lease
        return lease

    async def _ask(
        self, subject: Subject, arguments: list[int], *, fail_closed: bool
    ) -> Sequence[int]:
        if self._monotonic() >= self._paused_until:
            try:
                async with asyncio.timeout(VALKEY_SECONDS):
                    answer: Any = await self._script(keys=subject.keys, args=arguments)
                    return [int(number) for number in answer]
            except (RedisError, OSError, TimeoutError) as error:
                self._paused_until = self._monotonic() + PAUSE_SECONDS
                log.warning("valkey_away", error=type(error).__name__)
        if fail_closed:
            raise Unavailable("Attempts can't be counted right now. Try again in a moment.")
        return self._ask_locally(subject, arguments[0])

    def _ask_locally(self, subject: Subject, wanted: int) -> Sequence[int]:
        """The script's steps on this process's own clock and memory."""
        now = self._monotonic() * 1_000_000
        granted, wait = wanted, 0.0
        dues = []
        for key, policy in zip(subject.keys, subject.policies, strict=True):
            tolerance = policy.burst * policy.interval_us
            due = max(self._local.get(key, now), now)
            free = int((now + tolerance - due) // policy.interval_us)
            granted = min(granted, free)
            if free < 1:
                wait = max(wait, due + policy.interval_us - tolerance - now)
            dues.append((key, policy, tolerance, due))
        granted = max(granted, 0)
        answer = [granted, int(wait)]
        for key, policy, tolerance, due in dues:
            later = due + granted * policy.interval_us
            self._local[key] = later
            answer.append(max(0, int((now + tolerance - later) // policy.interval_us)))
            answer.append(int(max(0.0, later - now)))
        return answer


def _lease_size(policies: Sequence[Policy]) -> int:
    return max(1, min(LARGEST_LEASE, min(policy.burst for policy in policies) // LEASE_SHARE))
