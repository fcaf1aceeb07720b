"""One question, one answer: `may(tenant, actor, feature)`, with the reason and what would help.

Combines the tenant's status, the plan, an operator's flag, the actor's role and scopes, and, when
what is used is given, the quota. Pure: the executor, the use cases and the pages all ask it.
"""

from typing import Literal

import msgspec

from core.shared.access import authorise
from core.shared.actor import Actor
from core.shared.errors import FeatureNotIncluded, Forbidden, QuotaExceeded, Unauthenticated
from core.shared.permissions import Action
from core.shared.tenant import PlanId, TenantContext
from core.tenancy.errors import TenantSuspended
from core.tenancy.plans import FEATURES, PLANS, QUOTAS, smallest_plan_for, smallest_plan_with

Reason = Literal["allowed", "suspended", "flag", "plan", "role", "quota"]


class Decision(msgspec.Struct, frozen=True):
    """Whether something may be used, and why not."""

    feature: str
    allowed: bool
    reason: Reason
    message: str
    available_in: PlanId | None = None
    """The smallest plan that would allow it, when the plan is what stands in the way."""
    limit: int | None = None
    used: int | None = None

    def require(self) -> None:
        """Return when it is allowed. Raises the refusal that fits the reason otherwise."""
        match self.reason:
            case "allowed":
                return
            case "suspended":
                raise TenantSuspended(self.message)
            case "role":
                raise Forbidden(self.message, feature=self.feature)
            case "quota":
                raise QuotaExceeded(
                    self.message,
                    quota=self.feature,
                    limit=self.limit,
                    used=self.used,
                    available_in=self.available_in,
                )
            case "flag" | "plan":
                raise FeatureNotIncluded(
                    self.message,
                    feature=self.feature,
                    available_in=self.available_in,
                )


def may(tenant: TenantContext, actor: Actor, feature: str, *, used: int | None = None) -> Decision:
    """Say whether `actor` may use `feature`: a feature of the plans, or one more of a quota.

    `used` is what the tenant uses of the quota; without it the quota isn't looked at.
    Raises KeyError when there is no such feature or quota.
    """
    if tenant.status != "active" and actor.kind != "system":
        return Decision(feature, allowed=False, reason="suspended", message=TenantSuspended.TEXT)
    if feature in FEATURES:
        included = included_in_plan(tenant, feature)
        return (
            included if not included.allowed else _by_role(actor, feature, FEATURES[feature].action)
        )
    allowed = _by_role(actor, feature, QUOTAS[feature].action)
    if not allowed.allowed or used is None:
        return allowed
    return within_quota(tenant, feature, used=used)


def included_in_plan(tenant: TenantContext, feature: str) -> Decision:
    """Say whether the tenant has `feature`, by its plan or by an operator's flag, whoever asks."""
    name = FEATURES[feature].name
    if feature in tenant.withheld:
        return Decision(
            feature,
            allowed=False,
            reason="flag",
            message=f"{name}: switched off for this workspace. Ask its operator.",
        )
    if feature in tenant.granted or feature in PLANS[tenant.plan].features:
        return Decision(feature, allowed=True, reason="allowed", message=f"{name}: included.")
    plan = smallest_plan_with(feature)
    better = f"; the plan {plan.name} does" if plan else ""
    return Decision(
        feature,
        allowed=False,
        reason="plan",
        message=f"{name}: the plan {PLANS[tenant.plan].name} does not include this{better}.",
        available_in=plan.id if plan else None,
    )


def require_feature(tenant: TenantContext, feature: str) -> None:
    """Return when the tenant has `feature`; raises FeatureNotIncluded otherwise.

    The executor asks this for each use case that names a feature, beside the use case's action.
    """
    included_in_plan(tenant, feature).require()


def quota_limit(tenant: TenantContext, quota: str) -> int | None:
    """Return how much of `quota` the plan allows; None means no limit."""
    return PLANS[tenant.plan].quotas.get(quota)


def within_quota(tenant: TenantContext, quota: str, *, used: int, amount: int = 1) -> Decision:
    """Say whether `amount` more of `quota` fit when `used` are used."""
    limit = quota_limit(tenant, quota)
    name = QUOTAS[quota].name
    if limit is None or used + amount <= limit:
        return Decision(
            quota,
            allowed=True,
            reason="allowed",
            message=f"{name}: {used} used of {'any number' if limit is None else limit}.",
            limit=limit,
            used=used,
        )
    plan = smallest_plan_for(quota, used + amount)
    better = f" The plan {plan.name} allows more." if plan else ""
    return Decision(
        quota,
        allowed=False,
        reason="quota",
        message=f"{name}: the plan {PLANS[tenant.plan].name} allows {limit}, and {used} are used."
        + better,
        available_in=plan.id if plan else None,
        limit=limit,
        used=used,
    )


def _by_role(actor: Actor, feature: str, action: Action) -> Decision:
    try:
        authorise(actor, action)
    except (Forbidden, Unauthenticated) as refusal:
        return Decision(feature, allowed=False, reason="role", message=refusal.message)
    return Decision(feature, allowed=True, reason="allowed", message="Included.")
