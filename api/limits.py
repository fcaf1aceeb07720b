"""Which rate limits a caller has, and asking them. The gate calls `admit` for every request.

A tenant's plan limits all its callers together; every credential has a limit of its own besides,
and those without one share that of their address.
"""

from typing import Final

from core.shared.actor import Actor
from core.shared.errors import Throttled
from core.shared.tenant import TenantContext
from core.tenancy.plans import PLANS
from plugins.valkey.rate_limit import Lease, Policy, RateLimiter, Refusal, Subject
from tenants.runtime import Runtime

_NO_TENANT: Final = "-"


class RateLimited(Throttled):
    """More requests than the plan or the credential allows."""

    code = "rate_limited"
    title = "Too many requests"

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(
            f"Too many requests. Try again in {refusal.retry_after} s.", refusal.retry_after
        )
        self.headers = refusal.headers


class Limits:
    """The limits of one process."""

    def __init__(self, runtime: Runtime) -> None:
        settings = runtime.settings
        self._limiter = RateLimiter(runtime.redis)
        self._own = Policy("credential", settings.rate_limit_per_minute, settings.rate_limit_burst)
        self._plans = {
            plan.id: (
                Policy("plan", plan.requests_per_minute, plan.requests_per_minute),
                self._own,
            )
            for plan in PLANS.values()
        }

    async def admit(
        self, tenant: TenantContext | None, actor: Actor | None, address: str, *, guarded: bool
    ) -> Lease:
        """Count one request of a caller and return the lease it was counted on.

        Raises RateLimited; with `guarded` also Unavailable while requests can't be counted.
        """
        name = str(tenant.id) if tenant is not None else _NO_TENANT
        if actor is not None and actor.role is not None:
            credential = actor.id.hex
        else:
            credential = f"guarded:{address}" if guarded else f"address:{address}"
        lease = self._limiter.spend(name, credential)
        if lease is not None:
            return lease
        policies: tuple[Policy, ...] = (self._own,)
        if tenant is not None and actor is not None and actor.role is not None:
            policies = self._plans[tenant.plan]
        taken = await self._limiter.take(Subject(name, credential, policies), fail_closed=guarded)
        if isinstance(taken, Refusal):
            raise RateLimited(taken)
        return taken
