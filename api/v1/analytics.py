"""Figures of pipelines and of periods, as JSON and as CSV."""

from datetime import date
from typing import Annotated, Final
from uuid import UUID

from litestar import Controller, get
from litestar.params import QueryParameter

from api.figure_tables import TableName, as_csv
from api.problems import problems
from api.replies import Reply, download, reply
from api.request_scope import Scoped
from api.v1.exports import WithBom
from core.analytics.contracts import (
    LONGEST_DAYS,
    USUAL_DAYS,
    FigureChoices,
    FigureFilter,
    GetFigureChoices,
    GetHiringFigures,
    GetPipelineAnalytics,
    HiringFigures,
    PipelineAnalytics,
)
from core.applications.contracts import ApplicationSource
from core.jobs.contracts import JobId
from core.shared.errors import FieldError, InvalidInput
from core.shared.ids import MemberId

NO_DAY: Final = "Give the day as year, month and day: 2026-03-31."

DaysFilter = Annotated[
    int,
    QueryParameter(
        ge=1,
        le=LONGEST_DAYS,
        description="The last so many days, up to `to` or today; not looked at with `from`.",
    ),
]
FirstDay = Annotated[
    str | None,
    QueryParameter(
        name="from", format="date", max_length=40, description="The first day of the period."
    ),
]
LastDay = Annotated[
    str | None,
    QueryParameter(
        name="to", format="date", max_length=40, description="The last day; today if left out."
    ),
]
OfJob = Annotated[UUID | None, QueryParameter(description="Only this job.")]
OfDepartment = Annotated[
    str | None, QueryParameter(max_length=200, description="Only jobs of this department.")
]
OfSource = Annotated[
    ApplicationSource | None, QueryParameter(description="Only applications of this source.")
]
OfRecruiter = Annotated[
    UUID | None,
    QueryParameter(description="Only applications that this member looks after now."),
]
ZoneFilter = Annotated[
    str | None,
    QueryParameter(
        max_length=64, description="Whose midnight separates days; the workspace's if left out."
    ),
]
Fresh = Annotated[
    bool, QueryParameter(description="Work them out anew, though they are less than a minute old.")
]


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

    @get(
        "/figures",
        operation_id="showHiringFigures",
        summary="Read the figures of a period",
        responses=problems(403),
    )
    async def figures(
        self,
        tenant_scope: Scoped,
        days: DaysFilter = USUAL_DAYS,
        first: FirstDay = None,
        last: LastDay = None,
        job_id: OfJob = None,
        department: OfDepartment = None,
        source: OfSource = None,
        recruiter_id: OfRecruiter = None,
        time_zone: ZoneFilter = None,
        fresh: Fresh = False,  # noqa: FBT002 - a query parameter
    ) -> Reply[HiringFigures]:
        """Return what happened, the funnel, response times, success rates and e-mail.

        Times are in days. Figures that were worked out within the last minute are given again.
        """
        where = filter_of(job_id, department, source, recruiter_id)
        query = GetHiringFigures(
            days=days,
            first=day_of("from", first),
            last=day_of("to", last),
            where=where,
            time_zone=time_zone,
            fresh=fresh,
        )
        return reply(await tenant_scope.ask(query))

    @get(
        "/figures.csv",
        operation_id="exportHiringFigures",
        summary="Export the figures of a period as CSV",
        opt={"produces": "text/csv"},
        responses=problems(403),
    )
    async def export(
        self,
        tenant_scope: Scoped,
        table: Annotated[
            TableName | None,
            QueryParameter(description="One table; without, all of them, a line for each value."),
        ] = None,
        days: DaysFilter = USUAL_DAYS,
        first: FirstDay = None,
        last: LastDay = None,
        job_id: OfJob = None,
        department: OfDepartment = None,
        source: OfSource = None,
        recruiter_id: OfRecruiter = None,
        time_zone: ZoneFilter = None,
        bom: WithBom = False,  # noqa: FBT002 - a query parameter
    ) -> Reply[bytes]:
        """Return the same figures as a file.

        A cell that a spreadsheet would take for a formula starts with an apostrophe.
        """
        where = filter_of(job_id, department, source, recruiter_id)
        query = GetHiringFigures(
            days=days,
            first=day_of("from", first),
            last=day_of("to", last),
            where=where,
            time_zone=time_zone,
        )
        figures = await tenant_scope.ask(query)
        return download(
            as_csv(figures, table, bom=bom),
            file_name=f"{table or 'figures'}-{figures.period.first}-{figures.period.last}.csv",
            content_type="text/csv; charset=utf-8",
        )

    @get(
        "/choices",
        operation_id="listFigureChoices",
        summary="List what figures can be narrowed to",
        responses=problems(403),
    )
    async def choices(self, tenant_scope: Scoped) -> Reply[FigureChoices]:
        """Return jobs, departments, sources and the people who look after applications."""
        return reply(await tenant_scope.ask(GetFigureChoices()))


def day_of(field: str, text: str | None) -> date | None:
    """Return a day that was given as text. Raises InvalidInput naming the field as it is asked for.

    The framework would name it by the handler's argument, and `from` can't be one.
    """
    if not text:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise InvalidInput(FieldError(field, NO_DAY)) from error


def filter_of(
    job_id: UUID | None,
    department: str | None,
    source: ApplicationSource | None,
    recruiter_id: UUID | None,
) -> FigureFilter:
    """Return what the query parameters narrow figures to."""
    return FigureFilter(
        job_id=None if job_id is None else JobId(job_id),
        department=department or None,
        source=source,
        recruiter_id=None if recruiter_id is None else MemberId(recruiter_id),
    )
