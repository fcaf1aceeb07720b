"""Answers questions about interviews and feedback; `sql/interviews.sql` holds the statements."""

from typing import Final

import msgspec

from core.applications.contracts import ApplicationId
from core.interviews.contracts import (
    FeedbackHistory,
    FeedbackId,
    FeedbackList,
    InterviewId,
    InterviewView,
    ListInterviews,
)
from core.interviews.errors import FeedbackNotFound, InterviewNotFound, NoSuchApplication
from core.shared.cursor import encode_cursor
from core.shared.ids import MemberId
from core.shared.paging import Page
from plugins.postgres.database import TenantReader
from plugins.postgres.job_queries import after

WITH_CANCELLED: Final = True


class PostgresInterviewQueries:
    """Implements `core.interviews.ports.InterviewQueries`."""

    def __init__(self, reader: TenantReader) -> None:
        self._reader = reader

    async def interview(
        self, interview_id: InterviewId, only_for: MemberId | None
    ) -> InterviewView:
        """Return one."""
        rows = await self._reader.call(
            "list_interviews_v1",
            1,
            None,
            None,
            only_for,
            interview_id,
            None,
            None,
            None,
            WITH_CANCELLED,
        )
        if not rows:
            raise InterviewNotFound("There is no such interview.")
        return msgspec.convert(dict(rows[0]), InterviewView)

    async def page(
        self, query: ListInterviews, interviewer: MemberId | None, only_for: MemberId | None
    ) -> Page[InterviewView]:
        """Return one page in the order of the start."""
        limit, cursor = query.page.limit, query.page.cursor
        after_at, after_id = (None, None) if cursor is None else after(cursor)
        rows = await self._reader.call(
            "list_interviews_v1",
            limit + 1,
            after_at,
            after_id,
            only_for,
            None,
            query.application_id,
            interviewer,
            query.starts_after,
            query.include_cancelled,
        )
        items = msgspec.convert([dict(row) for row in rows[:limit]], list[InterviewView])
        if len(rows) <= limit:
            return Page(items)
        return Page(items, encode_cursor((items[-1].starts_at, items[-1].id)))

    async def feedback(
        self, application_id: ApplicationId, asks: MemberId | None, only_for: MemberId | None
    ) -> FeedbackList:
        """Return the feedback on an application."""
        rows = await self._reader.call("list_feedback_v1", application_id, asks, only_for)
        if not rows:
            raise NoSuchApplication("There is no such application.")
        return msgspec.convert(
            {"items": rows[0]["items"], "hidden_until_yours": rows[0]["hidden"]}, FeedbackList
        )

    async def feedback_history(
        self, feedback_id: FeedbackId, only_for: MemberId | None
    ) -> FeedbackHistory:
        """Return every version."""
        rows = await self._reader.call("feedback_history_v1", feedback_id, only_for)
        if not rows:
            raise FeedbackNotFound("There is no such feedback.")
        return msgspec.convert(dict(rows[0]), FeedbackHistory)
