"""What the rest of the system needs to know about the tenant a request belongs to."""

from typing import Literal

import msgspec

from core.shared.ids import TenantId

PlanId = Literal["free", "starter", "pro", "enterprise"]
TenantStatus = Literal["active", "suspended"]


class TenantContext(msgspec.Struct, frozen=True):
    """The resolved tenant. Small, immutable, safe to cache for seconds."""

    id: TenantId
    slug: str
    name: str
    time_zone: str
    """IANA name, e.g. `Europe/Berlin`."""
    locale: str
    """BCP 47 tag, e.g. `de-DE`."""
    plan: PlanId
    status: TenantStatus = "active"
    granted: frozenset[str] = frozenset()
    """Features that an operator switched on for this tenant beyond its plan."""
    withheld: frozenset[str] = frozenset()
    """Features that an operator switched off for this tenant though its plan has them."""
