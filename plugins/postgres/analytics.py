"""Works figures out from the history; `sql/analytics.sql` holds the statement."""

import msgspec

from core.analytics.contracts import PipelineAnalytics
from core.jobs.contracts import JobId
from plugins.postgres.database import TenantReader


class PostgresAnalytics:
    """Implements `core.analytics.ports.AnalyticsQueries`."""

    def __init__(self, reader: TenantReader) -> None:
        self._reader = reader

    async def pipeline(self, job_id: JobId | None) -> PipelineAnalytics:
        """Return the figures of one job, or of all."""
        rows = await self._reader.call("pipeline_analytics_v1", job_id)
        return msgspec.convert(dict(rows[0]), PipelineAnalytics)
