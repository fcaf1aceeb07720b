"""What operators see of the table of background work, and how they change it."""

from datetime import datetime
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa

from core.ports.tasks import TaskId
from core.shared.cursor import decode_cursor, encode_cursor
from core.shared.paging import Page
from core.tasks.contracts import ListTasks, TaskView
from core.tasks.errors import TaskNotFound
from plugins.postgres.database import TenantReader
from plugins.postgres.task_tables import tasks
from plugins.postgres.tasks import CHANNEL, SEALED
from plugins.postgres.unit import Unit

_NOW: Final = sa.func.clock_timestamp()
_STATE: Final = sa.case(
    (tasks.c.dead_reason == "dropped", "dropped"),
    (tasks.c.finished_at.is_not(None), "done"),
    (tasks.c.dead_reason == "killed", "quarantined"),
    (tasks.c.dead_at.is_not(None), "failed"),
    (tasks.c.lease_until > _NOW, "running"),
    (tasks.c.sent_until > _NOW, "sent"),
    else_="waiting",
)
_COLUMNS: Final = (
    tasks.c.id,
    tasks.c.kind,
    _STATE,
    tasks.c.queue,
    tasks.c.subscriber,
    tasks.c.event_id,
    tasks.c.attempts,
    tasks.c.last_error,
    tasks.c.request_id,
    sa.and_(tasks.c.ordering_key.is_not(None), tasks.c.finished_at.is_(None)),
    tasks.c.created_at,
    tasks.c.run_at,
    sa.func.coalesce(tasks.c.finished_at, tasks.c.dead_at),
)
_GROUPS: Final = {
    "open": sa.and_(tasks.c.finished_at.is_(None), tasks.c.dead_at.is_(None)),
    "given_up": sa.and_(tasks.c.finished_at.is_(None), tasks.c.dead_at.is_not(None)),
    "ended": tasks.c.finished_at.is_not(None),
}


class PostgresTaskOperations:
    """Implements `core.tasks.ports.TaskOperations`."""

    def __init__(self, unit: Unit) -> None:
        self._unit = unit

    async def get_for_change(self, task_id: TaskId) -> TaskView:
        """Return it, locked. Raises TaskNotFound."""
        row = await self._unit.one_or_none(
            sa.select(*_COLUMNS).where(tasks.c.id == task_id).with_for_update()
        )
        return _view(row)

    async def retry(self, task_id: TaskId) -> TaskView:
        """Count anew, from now."""
        return await self._change(
            task_id, attempts=0, dead_at=None, dead_reason=None, run_at=sa.func.now()
        )

    async def drop(self, task_id: TaskId) -> TaskView:
        """Finish it without its work, and forget what was sealed for that."""
        return await self._change(
            task_id,
            payload=tasks.c.payload.op("-")(sa.literal(SEALED, sa.Text)),
            finished_at=sa.func.now(),
            dead_at=sa.func.coalesce(tasks.c.dead_at, sa.func.now()),
            dead_reason="dropped",
        )

    async def _change(self, task_id: TaskId, **values: Any) -> TaskView:
        row = await self._unit.one_or_none(
            sa.update(tasks)
            .where(tasks.c.id == task_id)
            .values(lease_until=None, sent_until=None, **values)
            .returning(*_COLUMNS)
        )
        await self._unit.execute(sa.select(sa.func.pg_notify(CHANNEL, "")))
        return _view(row)


class PostgresTaskQueries:
    """Implements `core.tasks.ports.TaskQueries`."""

    def __init__(self, reader: TenantReader) -> None:
        self._reader = reader

    async def page(self, query: ListTasks) -> Page[TaskView]:
        """Return a page, newest first."""
        limit = query.page.limit
        statement = (
            sa.select(*_COLUMNS)
            .where(_GROUPS[query.group])
            .order_by(tasks.c.created_at.desc(), tasks.c.id.desc())
            .limit(limit + 1)
        )
        if query.kind is not None:
            statement = statement.where(tasks.c.kind == query.kind)
        if query.page.cursor is not None:
            at, task_id = decode_cursor(query.page.cursor, tuple[datetime, UUID])
            statement = statement.where(
                sa.tuple_(tasks.c.created_at, tasks.c.id) < sa.tuple_(at, task_id)
            )
        rows = await self._reader.select(statement)
        items = [_view(row) for row in rows[:limit]]
        if len(rows) <= limit:
            return Page(items)
        return Page(items, encode_cursor((items[-1].created_at, items[-1].id)))

    async def get(self, task_id: TaskId) -> TaskView:
        """Return it. Raises TaskNotFound."""
        rows = await self._reader.select(sa.select(*_COLUMNS).where(tasks.c.id == task_id))
        return _view(rows[0] if rows else None)


def _view(row: sa.Row[Any] | None) -> TaskView:
    if row is None:
        raise TaskNotFound(TaskNotFound.TEXT)
    return TaskView(*tuple(row))
