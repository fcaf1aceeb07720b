"""Figures of pipelines."""

from typing import Annotated
from uuid import UUID

from litestar import Controller, get
from litestar.params import QueryParameter

from api.problems import problems
from api.replies import Reply, reply
from api.request_scope import Scoped
from core.analytics.contracts import GetPipelineAnalytics, PipelineAnalytics
from core.jobs.contracts import JobId


class AnalyticsController(Controller):
    """Analytics."""

    path = "/analytics"
    tags = ("Analytics",)

    @get(
        "/pipeline",
        operation_id="showPipelineAnalytics",
        summary="Read conversion, days in stages and time to hire",
        responses=problems(403),
    )
    async def pipeline(
        self,
        tenant_scope: Scoped,
        job_id: Annotated[
            UUID | None, QueryParameter(description="Only this job; all of them if left out.")
        ] = None,
    ) -> Reply[PipelineAnalytics]:
        """Return figures from the history, each with the number of cases behind it."""
        query = GetPipelineAnalytics(job_id=None if job_id is None else JobId(job_id))
        return reply(await tenant_scope.ask(query))
