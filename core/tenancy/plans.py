"""The plans as data: what each includes and how much of it. Read by `core.tenancy.entitlements`."""

import tomllib
from importlib import resources
from typing import Final

import msgspec

from core.shared.permissions import Action
from core.shared.tenant import PlanId


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


class Feature(msgspec.Struct, frozen=True):
    """Something that a plan includes or doesn't."""

    id: str
    name: str
    action: Action
    """What the actor must be allowed to do in order to use it."""


class Quota(msgspec.Struct, frozen=True):
    """Something that a plan limits the number of."""

    id: str
    name: str
    action: Action
    """What the actor must be allowed to do in order to add one."""


class _Catalogue(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    plan: list[Plan]
    feature: list[Feature]
    quota: list[Quota]


def _load() -> _Catalogue:
    text = resources.files("core.tenancy").joinpath("plans.toml").read_text(encoding="utf-8")
    return msgspec.convert(tomllib.loads(text), _Catalogue)


_CATALOGUE = _load()

PLANS: Final[dict[PlanId, Plan]] = {plan.id: plan for plan in _CATALOGUE.plan}
"""Every plan by id, from the smallest to the largest."""

FEATURES: Final = {feature.id: feature for feature in _CATALOGUE.feature}
"""Everything that a plan can include, by id."""

QUOTAS: Final = {quota.id: quota for quota in _CATALOGUE.quota}
"""Everything that a plan can limit, by id."""


def smallest_plan_with(feature: str) -> Plan | None:
    """Return the smallest plan that includes `feature`, or None when none does."""
    return next((plan for plan in PLANS.values() if feature in plan.features), None)


def smallest_plan_for(quota: str, amount: int) -> Plan | None:
    """Return the smallest plan that allows `amount` of `quota`, or None when none does."""
    for plan in PLANS.values():
        limit = plan.quotas.get(quota)
        if limit is None or limit >= amount:
            return plan
    return None
