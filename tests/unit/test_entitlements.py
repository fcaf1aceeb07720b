"""`may`: every reason it can give, and that plans, features and quotas agree with each other."""

import itertools
from typing import Any

import msgspec
import pytest

from core.shared.actor import ROLES, Actor, Role, system
from core.shared.errors import FeatureNotIncluded, Forbidden, QuotaExceeded
from core.shared.ids import TenantId
from core.shared.permissions import PERMISSIONS
from core.shared.tenant import PlanId, TenantContext
from core.tenancy.entitlements import may, within_quota
from core.tenancy.errors import TenantSuspended
from core.tenancy.plans import FEATURES, PLANS, QUOTAS
from plugins.system.ids import RandomIds
from tests.fixtures.examined import Examined

ID = TenantId(RandomIds().new())


def tenant(plan: PlanId = "free", **changes: Any) -> TenantContext:
    context = TenantContext(ID, "acme", "Acme", "UTC", "en", plan)
    return msgspec.structs.replace(context, **changes)


def actor(role: Role = "admin", scopes: frozenset[str] | None = None) -> Actor:
    return Actor(ID, "api_key", RandomIds().new(), role, scopes=scopes)


def test_the_smallest_plan_that_helps_is_named() -> None:
    decision = may(tenant("free"), actor(), "bulk_actions")
    assert (decision.allowed, decision.reason, decision.available_in) == (False, "plan", "pro")
    with pytest.raises(FeatureNotIncluded) as refused:
        decision.require()
    assert refused.value.details["available_in"] == "pro"
    assert may(tenant("pro"), actor(), "bulk_actions").allowed


def test_a_flag_beats_the_plan_both_ways() -> None:
    granted = tenant("free", granted=frozenset({"branding"}))
    assert may(granted, actor(), "branding").allowed
    withheld = tenant("enterprise", withheld=frozenset({"branding"}))
    assert may(withheld, actor(), "branding").reason == "flag"
    with pytest.raises(FeatureNotIncluded):
        may(withheld, actor(), "branding").require()


def test_role_and_scope_still_count() -> None:
    assert may(tenant("pro"), actor("viewer"), "csv_import").reason == "role"
    narrow = actor("admin", frozenset({"jobs:read"}))
    decision = may(tenant("pro"), narrow, "csv_import")
    assert decision.reason == "role"
    assert "scope" in decision.message
    with pytest.raises(Forbidden):
        decision.require()


def test_a_quota_says_how_much_is_used() -> None:
    decision = may(tenant("free"), actor(), "members", used=3)
    assert (decision.reason, decision.limit, decision.used) == ("quota", 3, 3)
    assert decision.available_in == "starter"
    with pytest.raises(QuotaExceeded):
        decision.require()
    assert may(tenant("free"), actor(), "members", used=2).allowed
    assert may(tenant("enterprise"), actor(), "members", used=10**9).allowed
    assert within_quota(tenant("free"), "members", used=0, amount=11).available_in == "pro"


def test_a_suspended_tenant_may_nothing_but_the_operator_may() -> None:
    closed = tenant("enterprise", status="suspended")
    with pytest.raises(TenantSuspended):
        may(closed, actor(), "branding").require()
    assert may(closed, system(ID), "branding").allowed


def test_plans_grow_and_name_only_what_exists(examined: Examined) -> None:
    plans = list(PLANS.values())
    for smaller, larger in itertools.pairwise(plans):
        assert smaller.features <= larger.features
        assert smaller.requests_per_minute < larger.requests_per_minute
        for quota in QUOTAS:
            assert larger.quotas.get(quota, 10**12) >= smaller.quotas.get(quota, 10**12)
    for plan in plans:
        assert plan.features <= FEATURES.keys()
        assert plan.quotas.keys() <= QUOTAS.keys()
    examined("plans", len(plans))


def test_every_feature_answers_every_role(examined: Examined) -> None:
    asked = 0
    for feature in (*FEATURES, *QUOTAS):
        action = (FEATURES.get(feature) or QUOTAS[feature]).action
        for role in ROLES:
            decision = may(tenant("enterprise"), actor(role), feature)
            assert decision.allowed == (PERMISSIONS[action][role] != "no")
            asked += 1
    examined("questions", asked)
