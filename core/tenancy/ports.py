"""What the tenancy slice needs: the tenant's row, its flags, and someone who appoints admins."""

from typing import Protocol

from core.shared.clock import UtcDatetime
from core.tenancy.contracts import AdminAppointed, FirstAdmin, TenantView
from core.tenancy.model import Tenant


class TenantRepository(Protocol):
    """The tenant of the transaction."""

    async def add(self, tenant: Tenant) -> None:
        """Keep a new tenant. Raises SlugTaken."""
        ...

    async def get(self) -> Tenant:
        """Return the tenant, locked until the transaction ends."""
        ...

    async def save(self, tenant: Tenant) -> None:
        """Keep the changed tenant and raise its version. Raises DomainTaken."""
        ...

    async def set_flag(self, feature: str, *, enabled: bool | None, reason: str) -> None:
        """Keep a feature flag; None removes it."""
        ...


class TenantQueries(Protocol):
    """Reads of the tenant."""

    async def show(self) -> TenantView:
        """Return the tenant."""
        ...

    async def usage(self) -> dict[str, int]:
        """Return what is used of each quota; one that isn't named is unused."""
        ...


class AdminAppointment(Protocol):
    """Makes someone the first admin; the identity slice does."""

    async def appoint(self, admin: FirstAdmin) -> AdminAppointed:
        """Make `admin` a member, or invite them when no password is given."""
        ...


class TenantDoors(Protocol):
    """What keeps people in: sessions, and what processes remember of a tenant."""

    async def end_all_sessions(self) -> None:
        """End every session of the tenant."""
        ...

    async def announce_change(self) -> None:
        """Tell every process, at the commit, to forget what it knows of identities."""
        ...


class QuotaMarks(Protocol):
    """Remembers what was told of quotas."""

    async def mark(self, quota: str, period: str, percent: int, at: UtcDatetime) -> bool:
        """Note it, and say whether it wasn't noted yet."""
        ...
