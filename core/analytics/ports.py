"""What analytics need from storage."""

from typing import Protocol

from core.analytics.contracts import PipelineAnalytics
from core.jobs.contracts import JobId


class AnalyticsQueries(Protocol):
    """Works figures out from the immutable history."""

    async def pipeline(self, job_id: JobId | None) -> PipelineAnalytics:
        """Return the figures of one job, or of all; zeros for a job that doesn't exist."""
        ...
