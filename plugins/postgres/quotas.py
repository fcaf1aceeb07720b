"""What a tenant uses of its plan, counted by a conditional update so that nothing overshoots.

A read followed by a write would let as many through as run at once; the update looks at the limit
and counts in one step, under the row's lock.
"""

from collections.abc import Mapping

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from core.shared.clock import UtcDatetime
from core.shared.tenant import TenantContext
from core.tenancy.entitlements import quota_limit, within_quota
from plugins.postgres.schema import tenant_table, text_column, time_column
from plugins.postgres.unit import Unit

quota_usage = tenant_table(
    "quota_usage",
    text_column("quota"),
    sa.Column("used", sa.BigInteger, nullable=False),
    sa.CheckConstraint("used >= 0", name="not_negative"),
    key=("quota",),
)

quota_marks = tenant_table(
    "quota_marks",
    text_column("quota"),
    text_column("period"),
    sa.Column("percent", sa.Integer, nullable=False),
    time_column("at"),
    key=("quota", "period", "percent"),
)
"""What was told of already: that so much of a quota is used, once in each period."""


class PostgresQuotas:
    """Implements `core.tenancy.contracts.Quotas`."""

    def __init__(self, unit: Unit, tenant: TenantContext) -> None:
        self._unit = unit
        self._tenant = tenant

    async def reserve(self, quota: str, amount: int = 1) -> int:
        """Count `amount` more and return what is used then.

        Raises QuotaExceeded, and counts nothing, when they don't fit.
        """
        limit = quota_limit(self._tenant, quota)
        values = {"tenant_id": self._unit.tenant_id, "quota": quota}
        await self._unit.execute(
            postgresql.insert(quota_usage).values(**values, used=0).on_conflict_do_nothing()
        )
        used = quota_usage.c.used
        update = (
            sa.update(quota_usage)
            .where(quota_usage.c.quota == quota)
            .values(used=used + amount)
            .returning(used)
        )
        if limit is not None:
            update = update.where(used + amount <= limit)
        counted = await self._unit.one_or_none(update)
        if counted is not None:
            return int(counted.used)
        now_used = (await self.used()).get(quota, 0)
        # A tenant that shrank its usage in this moment is told the limit all the same.
        if limit is not None:
            now_used = max(now_used, limit - amount + 1)
        within_quota(self._tenant, quota, used=now_used, amount=amount).require()
        return now_used

    async def release(self, quota: str, amount: int = 1) -> None:
        """Count `amount` fewer, never below nothing."""
        await self._unit.execute(
            sa.update(quota_usage)
            .where(quota_usage.c.quota == quota)
            .values(used=sa.func.greatest(quota_usage.c.used - amount, 0))
        )

    async def require_room(self, quota: str, amount: int) -> None:
        """Raise QuotaExceeded when `amount` more would not fit at this moment."""
        used = (await self.used()).get(quota, 0)
        within_quota(self._tenant, quota, used=used, amount=amount).require()

    async def used(self) -> Mapping[str, int]:
        """Return what is used of each quota."""
        rows = await self._unit.all(sa.select(quota_usage.c.quota, quota_usage.c.used))
        return {row.quota: row.used for row in rows}


class PostgresQuotaMarks:
    """Implements `core.tenancy.ports.QuotaMarks`."""

    def __init__(self, unit: Unit) -> None:
        self._unit = unit

    async def mark(self, quota: str, period: str, percent: int, at: UtcDatetime) -> bool:
        """Insert it unless it is there."""
        marked = await self._unit.execute(
            postgresql.insert(quota_marks)
            .values(
                tenant_id=self._unit.tenant_id, quota=quota, period=period, percent=percent, at=at
            )
            .on_conflict_do_nothing()
        )
        return marked.rowcount == 1
