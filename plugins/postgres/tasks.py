"""Promises background work and keeps what became of it. `sql/definer_tasks.sql` claims it."""

from datetime import datetime
from typing import Any, Final
from uuid import UUID

import msgspec
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from core.ports.tasks import TaskId
from core.shared.clock import UtcDatetime
from core.shared.ids import Ids
from plugins.postgres.task_tables import tasks
from plugins.postgres.unit import Unit

CHANNEL: Final = "tasks_promised"
"""Workers listen here; the notice goes out with the commit and says only that there is work."""


class PostgresTasks:
    """Implements `core.ports.tasks.Tasks`."""

    def __init__(self, unit: Unit, ids: Ids) -> None:
        self._unit = unit
        self._ids = ids

    async def schedule(
        self,
        kind: str,
        payload: dict[str, Any],
        *,
        run_at: UtcDatetime | None = None,
        unique_key: str | None = None,
    ) -> TaskId | None:
        """Insert the promise and wake the workers at the commit."""
        inserted = await self._unit.one_or_none(
            postgresql.insert(tasks)
            .values(
                tenant_id=self._unit.tenant_id,
                id=self._ids.new(),
                kind=kind,
                payload=msgspec.to_builtins(payload),
                unique_key=unique_key,
                created_at=sa.func.now(),
                run_at=sa.func.now() if run_at is None else run_at,
            )
            .on_conflict_do_nothing(index_elements=["tenant_id", "unique_key"])
            .returning(tasks.c.id)
        )
        if inserted is None:
            return None
        await self._unit.execute(sa.select(sa.func.pg_notify(CHANNEL, "")))
        return TaskId(inserted.id)


class TaskRecord(msgspec.Struct, frozen=True):
    """A task as the worker that leased it reads it, as the tenant."""

    id: UUID
    kind: str
    payload: dict[str, Any]
    is_open: bool


class LeasedTasks:
    """What a worker does with the tasks it leased, within a transaction of the tenant."""

    def __init__(self, unit: Unit) -> None:
        self._unit = unit

    async def read(self, task_id: UUID) -> TaskRecord | None:
        """Return the task, or None when it is gone."""
        row = await self._unit.one_or_none(sa.select(tasks).where(tasks.c.id == task_id))
        if row is None:
            return None
        is_open = row.finished_at is None and row.dead_at is None
        return TaskRecord(row.id, row.kind, row.payload, is_open)

    async def finish(self, task_id: UUID) -> None:
        """Note that the work is done."""
        await self._update(task_id, finished_at=sa.func.now(), lease_until=None, last_error=None)

    async def fail(self, task_id: UUID, error: str, *, retry_at: datetime | None) -> None:
        """Note that an attempt failed; without `retry_at` there will be no other."""
        if retry_at is None:
            await self._update(task_id, dead_at=sa.func.now(), lease_until=None, last_error=error)
        else:
            await self._update(task_id, run_at=retry_at, lease_until=None, last_error=error)

    async def put_off(self, task_id: UUID, error: str, *, retry_at: datetime) -> None:
        """Note why an attempt couldn't be made, and take it back."""
        attempts = sa.func.greatest(tasks.c.attempts - 1, 0)
        await self._update(
            task_id, run_at=retry_at, lease_until=None, last_error=error, attempts=attempts
        )

    async def renew(self, task_id: UUID, lease_until: datetime) -> None:
        """Keep the lease on a task whose work goes on."""
        await self._update(task_id, lease_until=lease_until)

    async def _update(self, task_id: UUID, **values: Any) -> None:
        await self._unit.execute(
            sa.update(tasks)
            .where(tasks.c.id == task_id, tasks.c.finished_at.is_(None), tasks.c.dead_at.is_(None))
            .values(**values)
        )
