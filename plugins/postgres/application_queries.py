"""Answers questions about applications from rows; `sql/applications.sql` holds the statements."""

import msgspec

from core.applications.contracts import (
    MAX_CARDS,
    ApplicationId,
    ApplicationRow,
    ApplicationView,
    BulkRejectionId,
    BulkRejectionView,
    Card,
    HistoryView,
    ListApplications,
    PipelineCard,
    PipelineColumn,
    PipelineSnapshot,
)
from core.applications.errors import ApplicationNotFound, BulkRejectionNotFound
from core.jobs.contracts import JobId
from core.jobs.errors import JobNotFound
from core.shared.clock import UtcDatetime
from core.shared.cursor import encode_cursor
from core.shared.ids import MemberId
from core.shared.paging import Page
from plugins.postgres.database import TenantReader
from plugins.postgres.job_queries import after


class PostgresApplicationQueries:
    """Implements `core.applications.ports.ApplicationQueries`."""

    def __init__(self, reader: TenantReader) -> None:
        self._reader = reader

    async def application(
        self, application_id: ApplicationId, only_for: MemberId | None
    ) -> ApplicationView:
        """Return one."""
        rows = await self._reader.call("get_application_v1", application_id, only_for)
        if not rows:
            raise ApplicationNotFound("There is no such application.")
        return msgspec.convert(dict(rows[0]), ApplicationView)

    async def page(
        self, query: ListApplications, only_for: MemberId | None
    ) -> Page[ApplicationRow]:
        """Return one page, newest first."""
        limit, cursor = query.page.limit, query.page.cursor
        after_at, after_id = (None, None) if cursor is None else after(cursor)
        rows = await self._reader.call(
            "list_applications_v1",
            limit + 1,
            after_at,
            after_id,
            only_for,
            query.job_id,
            query.stage_id,
            query.assignee_id,
            query.candidate_id,
            query.disposition,
            query.source,
        )
        items = [ApplicationRow(*row) for row in rows[:limit]]
        if len(rows) <= limit:
            return Page(items)
        return Page(items, encode_cursor((items[-1].applied_at, items[-1].id)))

    async def cards(self, job_id: JobId, only_for: MemberId | None) -> tuple[Card, ...]:
        """Return a job's active applications."""
        rows = await self._reader.call("list_cards_v1", job_id, only_for, MAX_CARDS)
        return tuple(Card(*row) for row in rows)

    async def history(
        self, application_id: ApplicationId, only_for: MemberId | None
    ) -> HistoryView:
        """Return the history."""
        rows = await self._reader.call("application_history_v1", application_id, only_for)
        if not rows:
            raise ApplicationNotFound("There is no such application.")
        return msgspec.convert(dict(rows[0]), HistoryView)

    async def pipeline(
        self, job_id: JobId, at: UtcDatetime, cards: int, only_for: MemberId | None
    ) -> PipelineSnapshot:
        """Return how a job's pipeline stood at an instant."""
        rows = await self._reader.call("job_pipeline_v1", job_id, at, cards, only_for)
        if not rows:
            raise JobNotFound("There is no such job.")
        ended = {row["label"]: row["amount"] for row in rows if row["stage_id"] is None}
        columns = tuple(
            PipelineColumn(
                row["stage_id"],
                row["label"],
                row["amount"],
                msgspec.convert(row["cards"], tuple[PipelineCard, ...]),
            )
            for row in rows
            if row["stage_id"] is not None
        )
        return PipelineSnapshot(
            at,
            columns,
            ended.get("hired", 0),
            ended.get("rejected", 0),
            ended.get("withdrawn", 0),
        )

    async def bulk_rejection(self, bulk_rejection_id: BulkRejectionId) -> BulkRejectionView:
        """Return a bulk rejection."""
        rows = await self._reader.call("get_bulk_rejection_v1", bulk_rejection_id)
        if not rows:
            raise BulkRejectionNotFound("There is no such bulk rejection.")
        return msgspec.convert(dict(rows[0]), BulkRejectionView)
