"""Asking for figures; the scope runs these by the type of the request."""

from core.analytics.contracts import GetPipelineAnalytics, PipelineAnalytics
from core.analytics.ports import AnalyticsQueries
from core.shared.permissions import Action
from core.shared.usecase import handles


@handles(GetPipelineAnalytics, action=Action.VIEW_ANALYTICS)
async def get_pipeline_analytics(
    query: GetPipelineAnalytics, *, analytics: AnalyticsQueries
) -> PipelineAnalytics:
    """Return figures; they name nobody, so everybody in the team may see all of them."""
    return await analytics.pipeline(query.job_id)
