"""Notices when most of a quota is used; stands before what counts, wherever things are reserved."""

from collections.abc import Mapping
from typing import Final
from zoneinfo import ZoneInfo

from core.shared.clock import Clock
from core.shared.events import Recorder
from core.shared.tenant import TenantContext
from core.tenancy.contracts import Quotas
from core.tenancy.entitlements import quota_limit
from core.tenancy.events import QuotaNeared
from core.tenancy.plans import QUOTAS
from core.tenancy.ports import QuotaMarks

THRESHOLDS: Final = (100, 80)
"""Percent of the limit, of which the highest that is reached is told."""


class WatchedQuotas:
    """Implements `core.tenancy.contracts.Quotas` before another one."""

    def __init__(
        self,
        quotas: Quotas,
        marks: QuotaMarks,
        tenant: TenantContext,
        clock: Clock,
        recorder: Recorder,
    ) -> None:
        self._quotas = quotas
        self._marks = marks
        self._tenant = tenant
        self._clock = clock
        self._recorder = recorder

    async def reserve(self, quota: str, amount: int = 1) -> int:
        """Count, and tell once in a month of the tenant's calendar that a threshold is reached."""
        used = await self._quotas.reserve(quota, amount)
        limit = quota_limit(self._tenant, quota)
        reached = threshold_of(used, limit)
        if limit is None or reached is None:
            return used
        now = self._clock.now()
        month = now.astimezone(ZoneInfo(self._tenant.time_zone)).strftime("%Y-%m")
        if await self._marks.mark(quota, month, reached, now):
            self._recorder.record(
                QuotaNeared(
                    aggregate_id=self._tenant.id,
                    quota=quota,
                    quota_name=QUOTAS[quota].name,
                    percent=reached,
                    used=used,
                    limit=limit,
                )
            )
        return used

    async def release(self, quota: str, amount: int = 1) -> None:
        """Count fewer."""
        await self._quotas.release(quota, amount)

    async def require_room(self, quota: str, amount: int) -> None:
        """Look, and count nothing."""
        await self._quotas.require_room(quota, amount)

    async def used(self) -> Mapping[str, int]:
        """Return what is used."""
        return await self._quotas.used()


def threshold_of(used: int, limit: int | None) -> int | None:
    """Return the highest of `THRESHOLDS` that is reached; None: none is, or there is no limit."""
    if not limit:
        return None
    return next((percent for percent in THRESHOLDS if used * 100 >= limit * percent), None)
