"""The plans as data, and the one question about them: may this tenant use this?"""

import tomllib
from importlib import resources
from typing import Final

import msgspec

from core.shared.errors import FeatureNotIncluded
from core.shared.tenant import PlanId, TenantContext


class Plan(msgspec.Struct, frozen=True):
    """One plan as it is sold."""

    id: PlanId
    name: str
    summary: str
    features: frozenset[str]
    quotas: dict[str, int]
    """Largest amount of each counted thing; one that isn't named is unlimited."""
    requests_per_minute: int
    """API requests per minute that the tenant's keys and sessions share."""


def _load() -> dict[PlanId, Plan]:
    text = resources.files("core.tenancy").joinpath("plans.toml").read_text(encoding="utf-8")
    plans = msgspec.convert(tomllib.loads(text)["plan"], list[Plan])
    return {plan.id: plan for plan in plans}


PLANS: Final[dict[PlanId, Plan]] = _load()
"""Every plan by id, from the smallest to the largest."""

FEATURES: Final = frozenset().union(*(plan.features for plan in PLANS.values()))


def require_feature(tenant: TenantContext, feature: str) -> None:
    """Return when the tenant's plan has `feature`.

    Raises FeatureNotIncluded with the smallest plan that has it.
    """
    if feature in PLANS[tenant.plan].features:
        return
    plan = next(plan for plan in PLANS.values() if feature in plan.features)
    raise FeatureNotIncluded(
        f"The plan {PLANS[tenant.plan].name} does not include {feature.replace('_', ' ')}; "
        f"the plan {plan.name} does.",
        feature=feature,
        plan=tenant.plan,
        available_in=plan.id,
    )
