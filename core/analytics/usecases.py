"""Asking for figures; the scope runs these by the type of the request."""

import asyncio
from contextlib import suppress

import msgspec

from core.analytics.contracts import (
    FigureChoices,
    FigureFilter,
    GetFigureChoices,
    GetHiringFigures,
    GetPipelineAnalytics,
    HiringFigures,
    PipelineAnalytics,
    ResponseTimes,
    SuccessRates,
)
from core.analytics.periods import Calendar, calendar_of, zone_of
from core.analytics.ports import AnalyticsQueries, FigureShelf
from core.analytics.tallies import offers_of, overview_of, trends_of
from core.shared.clock import Clock, UtcDatetime
from core.shared.permissions import Action
from core.shared.tenant import TenantContext
from core.shared.usecase import handles

WORST = 10
"""So many of those who wait the longest are named."""


@handles(GetPipelineAnalytics, action=Action.VIEW_ANALYTICS)
async def get_pipeline_analytics(
    query: GetPipelineAnalytics, *, analytics: AnalyticsQueries
) -> PipelineAnalytics:
    """Return figures; they name nobody, so everybody in the team may see all of them."""
    return await analytics.pipeline(query.job_id)


@handles(GetHiringFigures, action=Action.VIEW_REPORTS)
async def get_hiring_figures(
    query: GetHiringFigures,
    *,
    context: TenantContext,
    clock: Clock,
    analytics: AnalyticsQueries,
    shelf: FigureShelf,
) -> HiringFigures:
    """Return the figures of a period, over all that the filters let through.

    They are the same for all who may see them, so those who ask within a minute share them.
    """
    now = clock.now()
    zone = zone_of(query.time_zone or context.time_zone)
    calendar = calendar_of(query, zone, now)
    key = msgspec.json.encode((calendar.period, zone.key, query.where), order="deterministic")
    kept = None if query.fresh else await shelf.taken(key)
    if kept is not None:
        with suppress(msgspec.DecodeError):  # of another release
            return msgspec.json.decode(kept, type=HiringFigures)
    figures = await _worked_out(analytics, query.where, calendar, zone.key, now)
    await shelf.put(key, msgspec.json.encode(figures))
    return figures


async def _worked_out(
    analytics: AnalyticsQueries,
    where: FigureFilter,
    calendar: Calendar,
    zone: str,
    now: UtcDatetime,
) -> HiringFigures:
    since, until = calendar.starts_at, calendar.ends_at
    counts, cohort, pace, silences, mail = await asyncio.gather(
        analytics.counts(where, calendar.bounds),
        analytics.cohort(where, since, until, now),
        analytics.pace(where, since, until),
        analytics.silences(where, now, WORST),
        analytics.mail(where, since, until),
    )
    return HiringFigures(
        made_at=now,
        time_zone=zone,
        period=calendar.period,
        before=calendar.before,
        overview=overview_of(counts, len(calendar.bounds)),
        unit=calendar.unit,
        trends=trends_of(counts, calendar.spans),
        funnel=cohort.funnel,
        response=ResponseTimes(
            first_response=cohort.first_answer,
            unanswered=cohort.unanswered,
            stages=pace.stages,
            time_to_hire=pace.time_to_hire,
            silence=silences.silence,
            longest=silences.longest,
        ),
        success=SuccessRates(
            offers=offers_of(pace.offers), by_source=cohort.sources, by_job=cohort.jobs
        ),
        mail=mail,
    )


@handles(GetFigureChoices, action=Action.VIEW_REPORTS)
async def get_figure_choices(
    query: GetFigureChoices,  # noqa: ARG001 - asks nothing
    *,
    analytics: AnalyticsQueries,
) -> FigureChoices:
    """Return what figures can be narrowed to."""
    return await analytics.choices()
