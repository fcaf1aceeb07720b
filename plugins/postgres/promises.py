"""Stores promised answers and finds who waits for one; `sql/promises.sql` holds the statements."""

from collections.abc import Sequence
from typing import Any, Final

import msgspec
import sqlalchemy as sa

from core.jobs.contracts import JobId
from core.promises.contracts import PromiseView, WaitingApplication
from core.promises.ports import NearAnswer
from core.shared.clock import UtcDatetime
from core.shared.errors import FieldError, InvalidInput
from core.shared.ids import Ids, MemberId
from plugins.postgres.database import TenantReader
from plugins.postgres.job_tables import jobs
from plugins.postgres.promise_tables import answer_promises
from plugins.postgres.templates import Rows
from plugins.postgres.unit import Unit

_COLUMNS: Final = answer_promises.c
_LOCK: Final = sa.text("SELECT pg_advisory_xact_lock(hashtextextended(:name, 0))")
_VIEWS: Final = sa.select(
    _COLUMNS.job_id,
    jobs.c.title.label("job_title"),
    _COLUMNS.days,
    _COLUMNS.remind_hours,
    _COLUMNS.on_status_page,
    _COLUMNS.in_mail,
    _COLUMNS.version,
).select_from(
    answer_promises.outerjoin(
        jobs, sa.and_(jobs.c.tenant_id == _COLUMNS.tenant_id, jobs.c.id == _COLUMNS.job_id)
    )
)


class PostgresPromiseBook:
    """Implements `core.promises.ports.PromiseBook`."""

    def __init__(self, unit: Unit, ids: Ids) -> None:
        self._unit = unit
        self._ids = ids

    async def hold(self, job_id: JobId | None) -> PromiseView | None:
        """Lock the promise, which may have no row yet, and return it."""
        name = f"answer_promise:{self._unit.tenant_id}:{job_id}"
        await self._unit.execute(_LOCK, {"name": name})
        row = await self._unit.one_or_none(_VIEWS.where(_of(job_id)))
        return None if row is None else _view(row)

    async def keep(self, promise: PromiseView, by: MemberId | None, at: UtcDatetime) -> PromiseView:
        """Insert or update it."""
        await self._need_job(promise.job_id)
        values: dict[str, Any] = {
            "days": promise.days,
            "remind_hours": promise.remind_hours,
            "on_status_page": promise.on_status_page,
            "in_mail": promise.in_mail,
            "version": promise.version + 1,
            "changed_at": at,
            "changed_by": by,
        }
        if promise.version:
            update = sa.update(answer_promises).where(_of(promise.job_id))
            await self._unit.execute(update.values(**values))
        else:
            key = {"tenant_id": self._unit.tenant_id, "id": self._ids.new()}
            insert = sa.insert(answer_promises).values(**key, job_id=promise.job_id, **values)
            await self._unit.execute(insert)
        (row,) = await self._unit.all(_VIEWS.where(_of(promise.job_id)))
        return _view(row)

    async def remove(self, job_id: JobId | None) -> None:
        """Delete it."""
        await self._unit.execute(sa.delete(answer_promises).where(_of(job_id)))

    async def remind(self, now: UtcDatetime, most: int) -> Sequence[NearAnswer]:
        """Insert a row for each, or find that somebody else did."""
        rows = await self._unit.call("remind_of_answers_v1", now, most)
        return [NearAnswer(*row) for row in rows]

    async def _need_job(self, job_id: JobId | None) -> None:
        """Lock the job, so that it stays. Raises InvalidInput without one."""
        if job_id is None:
            return
        held = sa.select(jobs.c.id).where(jobs.c.id == job_id).with_for_update(key_share=True)
        if await self._unit.one_or_none(held) is None:
            raise InvalidInput(FieldError("job_id", "There is no such job.", "not_found"))


class PostgresPromiseQueries:
    """Implements `core.promises.ports.PromiseQueries`."""

    def __init__(self, reader: TenantReader) -> None:
        self._reader = reader

    async def all(self) -> Sequence[PromiseView]:
        """Return every promise."""
        rows = await self._reader.select(
            _VIEWS.order_by(_COLUMNS.job_id.is_not(None), sa.func.lower(jobs.c.title), jobs.c.id)
        )
        return [_view(row) for row in rows]

    async def shown_days(self, job_id: JobId) -> int | None:
        """Return what the public may read."""
        found = await promise_of(self._reader.select, job_id)
        return found.days if found is not None and found.on_status_page else None

    async def waiting(
        self,
        now: UtcDatetime,
        most: int,
        *,
        of: MemberId | None,
        visible_to: MemberId | None,
    ) -> Sequence[WaitingApplication]:
        """Return who waits."""
        rows = await self._reader.call("waiting_applications_v1", now, most, of, visible_to)
        return [msgspec.convert(dict(row), WaitingApplication) for row in rows]


async def promise_of(rows: Rows, job_id: JobId) -> PromiseView | None:
    """Return the promise that holds for a job: its own, or else the workspace's."""
    found = await rows(
        _VIEWS.where(sa.or_(_COLUMNS.job_id == job_id, _COLUMNS.job_id.is_(None)))
        .order_by(_COLUMNS.job_id.nulls_last())
        .limit(1)
    )
    return _view(found[0]) if found else None


def _of(job_id: JobId | None) -> sa.ColumnElement[bool]:
    return _COLUMNS.job_id.is_(None) if job_id is None else _COLUMNS.job_id == job_id


def _view(row: sa.Row[Any]) -> PromiseView:
    return PromiseView(**row._asdict())
