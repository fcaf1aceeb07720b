"""Works figures out from the history; `sql/analytics.sql` and `sql/figures.sql` hold how."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, TypeVar, get_args

import msgspec

from core.analytics.contracts import (
    FigureChoices,
    FigureFilter,
    MailFigures,
    PipelineAnalytics,
)
from core.analytics.ports import Cohort, Pace, Silences, Tally
from core.applications.contracts import ApplicationSource
from core.jobs.contracts import JobId
from plugins.postgres.database import TenantReader

S = TypeVar("S", bound=msgspec.Struct)


class PostgresAnalytics:
    """Implements `core.analytics.ports.AnalyticsQueries`."""

    def __init__(self, reader: TenantReader) -> None:
        self._reader = reader

    async def pipeline(self, job_id: JobId | None) -> PipelineAnalytics:
        """Return the figures of one job, or of all."""
        rows = await self._reader.call("pipeline_analytics_v1", job_id)
        return msgspec.convert(dict(rows[0]), PipelineAnalytics)

    async def counts(self, where: FigureFilter, bounds: Sequence[datetime]) -> Sequence[Tally]:
        """Count between bounds."""
        rows = await self._reader.call("hiring_counts_v1", *_given(where), list(bounds))
        return [Tally(*row) for row in rows]

    async def cohort(
        self, where: FigureFilter, since: datetime, until: datetime, now: datetime
    ) -> Cohort:
        """Follow those who applied in a period."""
        return await self._row(Cohort, "hiring_cohort_v1", where, since, until, now)

    async def pace(self, where: FigureFilter, since: datetime, until: datetime) -> Pace:
        """Measure what came to its end in a period."""
        return await self._row(Pace, "hiring_pace_v1", where, since, until)

    async def silences(self, where: FigureFilter, now: datetime, most: int) -> Silences:
        """Measure silence at an instant."""
        return await self._row(Silences, "silences_v1", where, now, most)

    async def mail(self, where: FigureFilter, since: datetime, until: datetime) -> MailFigures:
        """Count messages that were written in a period."""
        return await self._row(MailFigures, "mail_figures_v1", where, since, until)

    async def choices(self) -> FigureChoices:
        """Return jobs, departments and people to choose from."""
        rows = await self._reader.call("figure_choices_v1")
        found = {**rows[0], "sources": get_args(ApplicationSource)}
        return msgspec.convert(found, FigureChoices)

    async def _row(self, kind: type[S], function: str, where: FigureFilter, *arguments: Any) -> S:
        rows = await self._reader.call(function, *_given(where), *arguments)
        return msgspec.convert(dict(rows[0]), kind)


def _given(where: FigureFilter) -> tuple[Any, ...]:
    return where.job_id, where.department, where.source, where.recruiter_id
