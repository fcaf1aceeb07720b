"""Stores bulk rejections and what became of each application."""

from collections.abc import Sequence

import msgspec
import sqlalchemy as sa

from core.applications.contracts import BulkRejectionId, BulkRejectionView, RejectionItem
from core.applications.errors import BulkRejectionNotFound
from core.applications.ports import BulkRejection
from core.shared.clock import UtcDatetime
from plugins.postgres.application_tables import bulk_rejection_items, bulk_rejections
from plugins.postgres.unit import Unit

_VIEW = sa.text("SELECT * FROM get_bulk_rejection_v1(:tenant, :bulk)")


class PostgresBulkRejections:
    """Implements `core.applications.ports.BulkRejectionRepository`."""

    def __init__(self, unit: Unit) -> None:
        self._unit = unit

    async def add(self, bulk: BulkRejection) -> None:
        """Insert it with its applications."""
        await self._unit.execute(
            sa.insert(bulk_rejections).values(
                tenant_id=self._unit.tenant_id,
                id=bulk.id,
                status=bulk.status,
                reason_code=bulk.reason,
                note=bulk.note,
                created_by=bulk.created_by,
                created_at=bulk.created_at,
                effective_at=bulk.effective_at,
                version=1,
            )
        )
        await self._unit.execute(
            sa.insert(bulk_rejection_items),
            [
                {
                    "tenant_id": self._unit.tenant_id,
                    "bulk_rejection_id": bulk.id,
                    "application_id": application_id,
                    "stage_id": stage_id,
                    "status": "pending",
                }
                for application_id, stage_id in bulk.items.items()
            ],
        )

    async def get_for_change(self, bulk_rejection_id: BulkRejectionId) -> BulkRejection:
        """Return it with its pending applications, locked."""
        row = await self._unit.one_or_none(
            sa.select(bulk_rejections)
            .where(bulk_rejections.c.id == bulk_rejection_id)
            .with_for_update()
        )
        if row is None:
            raise BulkRejectionNotFound("There is no such bulk rejection.")
        items = await self._unit.all(
            sa.select(bulk_rejection_items.c.application_id, bulk_rejection_items.c.stage_id)
            .where(
                bulk_rejection_items.c.bulk_rejection_id == bulk_rejection_id,
                bulk_rejection_items.c.status == "pending",
            )
            .order_by(bulk_rejection_items.c.application_id)
        )
        return BulkRejection(
            id=row.id,
            reason=row.reason_code,
            note=row.note,
            created_by=row.created_by,
            created_at=row.created_at,
            effective_at=row.effective_at,
            items={each.application_id: each.stage_id for each in items},
            status=row.status,
        )

    async def settle(
        self,
        bulk: BulkRejection,
        items: Sequence[RejectionItem],
        finished_at: UtcDatetime | None,
    ) -> None:
        """Update the status and the applications that are decided."""
        await self._unit.execute(
            sa.update(bulk_rejections)
            .where(bulk_rejections.c.id == bulk.id)
            .values(
                status=bulk.status,
                finished_at=finished_at,
                version=bulk_rejections.c.version + 1,
            )
        )
        if not items:
            return
        await self._unit.execute(
            sa.update(bulk_rejection_items)
            .where(
                bulk_rejection_items.c.bulk_rejection_id == bulk.id,
                bulk_rejection_items.c.application_id == sa.bindparam("application"),
            )
            .values(status=sa.bindparam("new_status"), skipped_because=sa.bindparam("new_because")),
            [
                {
                    "application": item.application_id,
                    "new_status": item.status,
                    "new_because": item.skipped_because,
                }
                for item in items
            ],
        )

    async def view(self, bulk_rejection_id: BulkRejectionId) -> BulkRejectionView:
        """Return it as it is in this transaction."""
        result = await self._unit.execute(
            _VIEW, {"tenant": self._unit.tenant_id, "bulk": bulk_rejection_id}
        )
        row = result.mappings().one_or_none()
        if row is None:
            raise BulkRejectionNotFound("There is no such bulk rejection.")
        return msgspec.convert(dict(row), BulkRejectionView)
