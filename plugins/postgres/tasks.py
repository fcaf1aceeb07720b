"""Promises background work and keeps what became of it. `sql/definer_tasks.sql` claims it."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import msgspec
import sqlalchemy as sa

from core.ports.tasks import TASK_KINDS, TaskId, Work
from core.shared.clock import UtcDatetime
from core.shared.ids import Ids
from core.shared.reactions import DEFAULT_QUEUE
from plugins.postgres.task_tables import tasks
from plugins.postgres.unit import Unit

CHANNEL: Final = "tasks_promised"
"""The relay listens here; the notice goes out with the commit and says only that there is work."""


SEALED: Final = "sealed"
"""The field of a payload that holds personal data, encrypted. It goes when the task ends: its work
takes it out when it is done, `task_operations` when it is dropped."""


class PostgresTasks:
    """Implements `core.ports.tasks.Tasks`; `request_id` goes along, for the logs of the work."""

    def __init__(self, unit: Unit, ids: Ids, request_id: str) -> None:
        self._unit = unit
        self._ids = ids
        self._request_id = request_id

    async def schedule(
        self,
        kind: str,
        payload: dict[str, Any],
        *,
        run_at: UtcDatetime | None = None,
        unique_key: str | None = None,
    ) -> TaskId | None:
        """Insert the promise and wake the relay at the commit."""
        work = Work(kind=kind, payload=payload, run_at=run_at, unique_key=unique_key)
        (made,) = await self.schedule_all([work])
        return made

    async def schedule_all(self, works: Sequence[Work]) -> list[TaskId | None]:
        """Insert the promises and wake the relay at the commit."""
        if not works:
            return []
        ids = [TaskId(self._ids.new()) for _ in works]
        rows = [
            {
                "id": task_id,
                "kind": work.kind,
                "payload": work.payload,
                "unique_key": work.unique_key,
                "run_at": work.run_at,
                "queue": _queue_of(work.kind),
                "request_id": work.request_id or self._request_id,
            }
            for task_id, work in zip(ids, works, strict=True)
        ]
        given = msgspec.json.encode(rows).decode()
        inserted = {row["made"] for row in await self._unit.call("promise_tasks_v1", given)}
        return [task_id if task_id in inserted else None for task_id in ids]

    async def cancel(self, *unique_keys: str) -> bool:
        """Delete promises unless they are done or leased; a lease that begins meanwhile wins."""
        deleted = await self._unit.execute(
            sa.delete(tasks).where(
                tasks.c.unique_key.in_(unique_keys),
                tasks.c.finished_at.is_(None),
                sa.or_(tasks.c.lease_until.is_(None), tasks.c.lease_until < sa.func.now()),
            )
        )
        return deleted.rowcount > 0


class TaskRecord(msgspec.Struct, frozen=True):
    """What is to be done, as the worker that began the attempt reads it, as the tenant."""

    kind: str
    payload: dict[str, Any]
    event_id: UUID | None
    event_position: int | None


_RECORD: Final = (
    tasks.c.kind,
    tasks.c.payload,
    tasks.c.event_id,
    tasks.c.event_position,
)


class FinishedDelivery(msgspec.Struct, frozen=True):
    """A delivery that is done once its transaction commits."""

    kind: str
    payload: bytes
    """JSON, as `definer_event_log.sql` wrote it."""
    event_id: UUID
    event_position: int


def _queue_of(kind: str) -> str:
    known = TASK_KINDS.get(kind)
    return DEFAULT_QUEUE if known is None else known.queue


def _record(row: sa.Row[Any] | None) -> TaskRecord | None:
    if row is None:
        return None
    return TaskRecord(row.kind, row.payload, row.event_id, row.event_position)


class LeasedTasks:
    """What a worker does with an attempt that it has begun, within a transaction of the tenant.

    Nothing matches once another attempt was begun, or an operator dropped the task.
    """

    def __init__(self, unit: Unit) -> None:
        self._unit = unit

    async def read(self, task_id: UUID, attempt: int) -> TaskRecord | None:
        """Return the task, or None when the attempt isn't the present one."""
        row = await self._unit.one_or_none(
            sa.select(*_RECORD).where(*_is_present(task_id, attempt))
        )
        return _record(row)

    async def finish(self, task_id: UUID, attempt: int) -> TaskRecord | None:
        """Note that the work is done and return it; None when the attempt isn't the present one.

        To be called before the work, in its transaction: if that rolls back, nothing is noted. The
        row stays locked until then, which keeps everybody else from beginning the task.
        """
        row = await self._unit.one_or_none(
            sa.update(tasks)
            .where(*_is_present(task_id, attempt))
            .values(
                finished_at=sa.func.clock_timestamp(),
                lease_until=None,
                sent_until=None,
                last_error=None,
            )
            .returning(*_RECORD)
        )
        return _record(row)

    async def finish_many(self, attempts: Mapping[UUID, int]) -> dict[UUID, FinishedDelivery]:
        """Do as `finish` for deliveries of events; what isn't returned wasn't the present attempt.

        `attempts` says which one of each task; all rows are locked in one statement.
        """
        rows = await self._unit.call(
            "finish_deliveries_v1", list(attempts), list(attempts.values())
        )
        return {
            row["done"]: FinishedDelivery(
                row["of_kind"], row["said"].encode(), row["about"], row["place"]
            )
            for row in rows
        }

    async def forget_sealed(self, task_id: UUID) -> None:
        """Take what is sealed out of the payload: the work that needed it is done."""
        await self._unit.execute(
            sa.update(tasks)
            .where(tasks.c.id == task_id)
            .values(payload=tasks.c.payload.op("-")(sa.literal(SEALED, sa.Text)))
        )

    async def correct_end(self, task_id: UUID) -> None:
        """Note the present time as the end of a task finished in this transaction."""
        await self._unit.execute(
            sa.update(tasks)
            .where(tasks.c.id == task_id)
            .values(finished_at=sa.func.clock_timestamp())
        )

    async def fail(
        self, task_id: UUID, attempt: int, error: str, *, retry_at: datetime | None
    ) -> None:
        """Note that an attempt failed; without `retry_at` there will be no other."""
        values: dict[str, Any] = (
            {"dead_at": sa.func.now(), "dead_reason": "failed"}
            if retry_at is None
            else {"run_at": retry_at}
        )
        await self._end(task_id, attempt, error, values)

    async def put_off(self, task_id: UUID, attempt: int, error: str, *, retry_at: datetime) -> None:
        """Note why an attempt couldn't be made, and take it back."""
        await self._end(task_id, attempt, error, {"run_at": retry_at, "attempts": attempt - 1})

    async def _end(self, task_id: UUID, attempt: int, error: str, values: dict[str, Any]) -> None:
        await self._unit.execute(
            sa.update(tasks)
            .where(*_is_present(task_id, attempt))
            .values(lease_until=None, sent_until=None, last_error=error, **values)
        )
        # The relay sleeps until the next task that it knows of, which may be later than this one.
        await self._unit.execute(sa.select(sa.func.pg_notify(CHANNEL, "")))


def _is_present(task_id: UUID, attempt: int) -> tuple[sa.ColumnElement[bool], ...]:
    return (
        tasks.c.id == task_id,
        tasks.c.attempts == attempt,
        tasks.c.finished_at.is_(None),
        tasks.c.dead_at.is_(None),
    )
