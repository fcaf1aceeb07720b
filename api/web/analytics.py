"""The analytics page: figures of a period as charts, each with its table and a file to take along.

The address holds period and filters. Charts are drawn here, as SVG without a script.
"""

from collections.abc import Mapping
from datetime import date
from typing import Annotated, Any, Final, get_args
from urllib.parse import urlencode
from uuid import UUID

from babel.dates import format_date
from litestar import Request, get
from litestar.params import QueryParameter
from litestar.types import ControllerRouterHandler

from api.replies import Reply
from api.request_scope import Scoped
from api.v1.analytics import day_of, filter_of
from api.web import labels
from api.web.analytics_charts import SERIES, bars_of, widths_of
from api.web.frame import WEB, is_partial, language_of, page, partial
from api.web.languages import mark
from api.web.refusals import said
from core.analytics.contracts import (
    SMALL,
    USUAL_DAYS,
    FigureFilter,
    GetFigureChoices,
    GetHiringFigures,
    HiringFigures,
)
from core.applications.contracts import ApplicationSource
from core.shared.errors import InvalidInput

Words = Annotated[str, QueryParameter(max_length=200)]
Word = Annotated[str, QueryParameter(max_length=40)]

PRESETS: Final = (7, 30, 90)
OVERVIEW: Final[labels.Labels] = {
    "open": mark("In progress"),
    "applied": mark("Applied"),
    "hired": mark("Hired"),
    "rejected": mark("Rejected"),
    "withdrawn": mark("Withdrawn"),
    "interviews": mark("Interviews"),
}
_SOURCES: Final = get_args(ApplicationSource)


@get("/analytics", **WEB)
async def analytics(
    request: Request[Any, Any, Any],
    tenant_scope: Scoped,
    days: Word = "",
    first: Annotated[str, QueryParameter(name="from", max_length=40)] = "",
    last: Annotated[str, QueryParameter(name="to", max_length=40)] = "",
    job: Word = "",
    department: Words = "",
    source: Word = "",
    recruiter: Word = "",
    time_zone: Annotated[str, QueryParameter(max_length=64)] = "",
    fresh: Word = "",
) -> Reply[bytes]:
    """Show the figures of a period; what can't be a filter is none."""
    where = filter_of(
        _id(job), department, next((each for each in _SOURCES if each == source), None),
        _id(recruiter),
    )  # fmt: skip
    is_own = bool(first or last) and days not in map(str, PRESETS)
    chosen = int(days) if days in map(str, PRESETS) else USUAL_DAYS
    given = {"from": first, "to": last} if is_own else {"days": str(chosen)}
    context: dict[str, Any] = {
        "where": where,
        "days": "own" if is_own else str(chosen),
        "first": first,
        "last": last,
        "figures": None,
        "error": "",
    }
    try:
        figures = await tenant_scope.ask(
            GetHiringFigures(
                days=chosen,
                first=day_of("from", first) if is_own else None,
                last=day_of("to", last) if is_own else None,
                where=where,
                time_zone=time_zone or None,
                fresh=fresh == "1",
            )
        )
    except InvalidInput as error:
        # With it the page still holds what was typed, to be put right.
        context["error"] = said(error, ())["error"]
    else:
        kept = _query(given, where, time_zone)
        context |= _shown(figures, language_of(request.scope), kept)
    if is_partial(request):
        return partial(request, "pieces/analytics_figures.html", **_constants(), **context)
    choices = await tenant_scope.ask(GetFigureChoices())
    return page(request, "analytics.html", choices=choices, **_constants(), **context)


def _constants() -> dict[str, Any]:
    return {"sources": labels.SOURCE, "series": SERIES, "names": OVERVIEW, "small": SMALL}


def _shown(figures: HiringFigures, language: str, query: str) -> dict[str, Any]:
    """Return the figures with what their charts need."""
    period, before = figures.period, figures.before
    response, success = figures.response, figures.success
    return {
        "figures": figures,
        "query": query,
        "is_empty": _is_empty(figures),
        "said_period": _range(period.first, period.last, language),
        "said_before": _range(before.first, before.last, language),
        "points": [(_range(each.first, each.last, language), each) for each in figures.trends],
        "bars": bars_of(figures.trends),
        "funnel_widths": widths_of(each.entered for each in figures.funnel),
        "lost_at": max(
            (step for step in figures.funnel if step.rejected + step.withdrawn),
            key=lambda step: step.rejected + step.withdrawn,
            default=None,
        ),
        "stage_widths": widths_of(each.days.p90 or 0.0 for each in response.stages),
        "source_widths": widths_of(each.applied for each in success.by_source),
        "job_widths": widths_of(each.applied for each in success.by_job),
    }


def _is_empty(figures: HiringFigures) -> bool:
    """Whether there is nothing to show at all: no application in either period, and none open."""
    overview = figures.overview
    return not any(
        getattr(overview, name).now or getattr(overview, name).before for name in OVERVIEW
    )


def _range(first: date, last: date, language: str) -> str:
    """Return days as the reader's language says them."""
    if first == last:
        return format_date(first, "medium", locale=language)
    return " – ".join(format_date(each, "medium", locale=language) for each in (first, last))


def _query(given: Mapping[str, str], where: FigureFilter, time_zone: str) -> str:
    """Return the same period and filters as the API's query."""
    asked = {
        **given,
        "job_id": where.job_id,
        "department": where.department,
        "source": where.source,
        "recruiter_id": where.recruiter_id,
        "time_zone": time_zone,
    }
    return urlencode({name: str(value) for name, value in asked.items() if value})


def _id(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


ROUTES: Final[tuple[ControllerRouterHandler, ...]] = (analytics,)
