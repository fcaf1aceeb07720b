"""Facts about tenants."""

from typing import ClassVar

from core.shared.events import Event
from core.shared.tenant import PlanId


class TenantEvent(Event, frozen=True, kw_only=True):
    """Base of the facts about a tenant; `aggregate_id` is the tenant's id."""

    aggregate: ClassVar[str] = "tenant"


class TenantWasRegistered(TenantEvent, frozen=True, kw_only=True):
    """A tenant was made."""

    type: ClassVar[str] = "tenant.registered"
    slug: str
    plan: PlanId


class TenantUpdated(TenantEvent, frozen=True, kw_only=True):
    """An admin changed the tenant's name, zone, locale or look."""

    type: ClassVar[str] = "tenant.updated"
    fields: tuple[str, ...]


class PlanChanged(TenantEvent, frozen=True, kw_only=True):
    """The tenant moved to another plan."""

    type: ClassVar[str] = "tenant.plan_changed"
    from_plan: PlanId
    to_plan: PlanId


class TenantWasSuspended(TenantEvent, frozen=True, kw_only=True):
    """The operator closed the tenant."""

    type: ClassVar[str] = "tenant.suspended"


class TenantResumed(TenantEvent, frozen=True, kw_only=True):
    """The operator opened the tenant again."""

    type: ClassVar[str] = "tenant.resumed"


class TenantWasExported(TenantEvent, frozen=True, kw_only=True):
    """The operator began to take out all that is kept of the tenant."""

    type: ClassVar[str] = "tenant.exported"


class CustomDomainSet(TenantEvent, frozen=True, kw_only=True):
    """The tenant's own domain changed; None means it has none any more."""

    type: ClassVar[str] = "tenant.custom_domain_set"
    domain: str | None


class FeatureFlagSet(TenantEvent, frozen=True, kw_only=True):
    """The operator switched a feature for this tenant; None means the plan decides again."""

    type: ClassVar[str] = "tenant.feature_flag_set"
    feature: str
    enabled: bool | None


class QuotaNeared(TenantEvent, frozen=True, kw_only=True):
    """So much of what the plan allows is used; told once in a month for each `percent`."""

    type: ClassVar[str] = "tenant.quota_neared"
    quota: str
    quota_name: str
    percent: int
    """80, or 100 when nothing is left."""
    used: int
    limit: int
