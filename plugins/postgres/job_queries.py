"""Answers questions about jobs from rows; `sql/jobs.sql` holds the statements."""

from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from core.jobs.contracts import JobId, JobRow, JobView, ListJobs, PayRange, PipelineView
from core.jobs.errors import JobNotFound
from core.jobs.pipeline import STARTING_STAGES
from core.shared.cursor import decode_cursor, encode_cursor
from core.shared.paging import Page
from plugins.postgres.database import TenantReader

_PAY = {
    "minimum_cents": "pay_minimum_cents",
    "maximum_cents": "pay_maximum_cents",
    "currency": "pay_currency",
    "period": "pay_period",
}


class PostgresJobQueries:
    """Implements `core.jobs.ports.JobQueries`."""

    def __init__(self, reader: TenantReader) -> None:
        self._reader = reader

    async def job(self, job_id: JobId) -> JobView:
        """Return one job."""
        rows = await self._reader.call("get_job_v1", job_id)
        if not rows:
            raise JobNotFound("There is no such job.")
        fields = dict(rows[0])
        pay: dict[str, Any] = {name: fields.pop(column) for name, column in _PAY.items()}
        fields["pay_range"] = None if pay["currency"] is None else PayRange(**pay)
        return msgspec.convert(fields, JobView)

    async def page(self, query: ListJobs) -> Page[JobRow]:
        """Return one page of jobs."""
        limit, cursor = query.page.limit, query.page.cursor
        after_at, after_id = (None, None) if cursor is None else after(cursor)
        rows = await self._reader.call(
            "list_jobs_v1", limit + 1, after_at, after_id, query.status, query.department, query.q
        )
        items = [JobRow(*row) for row in rows[:limit]]
        if len(rows) <= limit:
            return Page(items)
        return Page(items, encode_cursor((items[-1].created_at, items[-1].id)))

    async def pipeline(self) -> PipelineView:
        """Return the default stages."""
        rows = await self._reader.call("get_default_pipeline_v1")
        if not rows:
            return PipelineView(STARTING_STAGES, 0)
        return msgspec.convert(dict(rows[0]), PipelineView)


def after(cursor: str) -> tuple[datetime, UUID]:
    """Return the sort key, an instant and an id, that a cursor stands for."""
    at, row_id = decode_cursor(cursor, tuple[datetime, UUID])
    return at, row_id
