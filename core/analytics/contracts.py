"""What can be asked of the history of pipelines, and the answers.

docs/users/analytics.md defines each figure.
"""

from datetime import date, datetime
from typing import Annotated, Final, Literal
from uuid import UUID

import msgspec
from msgspec import Meta

from core.applications.contracts import ApplicationSource
from core.jobs.contracts import JobId, StageKind
from core.shared.ids import MemberId
from core.shared.usecase import Query

LONGEST_DAYS: Final = 400
"""Of a period: a year, and what is needed to compare it with the same month before."""

USUAL_DAYS: Final = 30

SMALL: Final = 10
"""Of fewer cases than this no percentage is worth saying."""

TrendUnit = Literal["day", "week"]


class Days(msgspec.Struct, frozen=True):
    """How long something took, in days; without cases there is no figure."""

    n: int
    """How many cases the figures come from."""
    median: float | None
    p90: float | None
    """Nine in ten took at most this long."""


class StageFigures(msgspec.Struct, frozen=True):
    """What happened in one stage; over all jobs, stages of the same name are one."""

    stage: str
    kind: StageKind
    current: int
    """Active applications that are there now."""
    entered: int
    """Applications that ever came there."""
    passed_on: int
    """Of those, how many later came to a stage further on."""
    conversion: float | None
    """`passed_on` of `entered`, from 0 to 1; null while nobody came there."""
    days: Days
    """Stays that have ended."""


class PipelineAnalytics(msgspec.Struct, frozen=True):
    """What the history of one job, or of all, tells."""

    applications: int
    active: int
    hired: int
    rejected: int
    withdrawn: int
    stages: tuple[StageFigures, ...]
    time_to_hire: Days
    """From the application to the hire."""


class GetPipelineAnalytics(Query[PipelineAnalytics], frozen=True, kw_only=True):
    """Figures of one job, or of all."""

    job_id: JobId | None = None


class FigureFilter(msgspec.Struct, frozen=True, kw_only=True):
    """Which applications count; every given condition must hold."""

    job_id: JobId | None = None
    department: str | None = None
    """Of the job."""
    source: ApplicationSource | None = None
    recruiter_id: MemberId | None = None
    """Who looks after the application now."""


class GetHiringFigures(Query["HiringFigures"], frozen=True, kw_only=True):
    """Figures of a period: of the last `days` days, today among them, or of the days given."""

    days: int = USUAL_DAYS
    first: date | None = None
    last: date | None = None
    where: FigureFilter = FigureFilter()
    time_zone: str | None = None
    """Whose midnight separates days; None: the workspace's."""
    fresh: bool = False
    """Work them out anew, though they are less than a minute old."""


class Period(msgspec.Struct, frozen=True):
    """Whole days of a calendar, the first and the last among them."""

    first: date
    last: date
    days: int


class Compared(msgspec.Struct, frozen=True):
    """A figure of the period and of as many days before it."""

    now: int
    before: int


class Overview(msgspec.Struct, frozen=True, kw_only=True):
    """What happened, each compared with the period before."""

    open: Compared
    """Active applications at the end of the period, and at its beginning."""
    applied: Compared
    hired: Compared
    rejected: Compared
    withdrawn: Compared
    interviews: Compared
    """Those that take place in the period and weren't cancelled."""


class TrendPoint(msgspec.Struct, frozen=True, kw_only=True):
    """What happened on one day, or in the part of one week that lies in the period."""

    first: date
    last: date
    applied: int
    hired: int
    rejected: int
    withdrawn: int


class FunnelStep(msgspec.Struct, frozen=True, kw_only=True):
    """A stage, and what became of those who applied in the period and ever stood in it.

    The parts add up to `entered`.
    """

    stage: str
    kind: StageKind
    entered: int
    passed_on: int
    """Came to a stage further on."""
    here: int
    """Are still there."""
    hired: int
    rejected: int
    withdrawn: int
    moved_back: int
    """Came no further and were moved back since."""


class StageTime(msgspec.Struct, frozen=True):
    """How long stays took that ended in the period."""

    stage: str
    days: Days


class Silent(msgspec.Struct, frozen=True, kw_only=True):
    """An active application whose candidate has heard nothing for long."""

    application_id: UUID
    candidate_id: UUID
    candidate_name: str
    job_id: UUID
    job_title: str
    stage: str
    assignee_name: str | None
    last_word_at: datetime
    days: float


class ResponseTimes(msgspec.Struct, frozen=True, kw_only=True):
    """How fast candidates hear from the team."""

    first_response: Days
    """Of those who applied in the period, from the application to the first answer."""
    unanswered: int
    """Of those, how many are active and have no answer yet."""
    stages: tuple[StageTime, ...]
    time_to_hire: Days
    """Of those hired in the period."""
    silence: Days
    """Of active applications at present: since the last word to the candidate."""
    longest: tuple[Silent, ...]
    """Those of the longest silence, the longest first."""


class Offers(msgspec.Struct, frozen=True, kw_only=True):
    """What became of offers that were made in the period."""

    made: int
    accepted: int
    declined: int
    """The candidate withdrew."""
    taken_back: int
    """The application was rejected."""
    undecided: int


class HireRate(msgspec.Struct, frozen=True, kw_only=True):
    """What became of those who applied in the period, by source or job."""

    id: str
    name: str
    applied: int
    hired: int
    active: int
    """Not decided yet."""


class SuccessRates(msgspec.Struct, frozen=True, kw_only=True):
    """How often it works out."""

    offers: Offers
    by_source: tuple[HireRate, ...]
    by_job: tuple[HireRate, ...]
    """The 200 jobs with the most applications."""


class MailFigures(msgspec.Struct, frozen=True, kw_only=True):
    """What became of messages to candidates that were written in the period."""

    sent: int
    """A service took them over."""
    waiting: int
    failed: int
    """Were never taken over."""
    unknown: int
    """Nobody knows whether a service took them over."""
    delivered: int
    """Of those sent: the receiver's server took them, as far as services tell."""
    bounced: int
    """Of those sent: came back, or the service dropped them."""
    complained: int
    """Of those delivered: called spam."""
    opened: int
    """Of those sent: opened by a person, as far as that can be told."""
    opened_by_machines: int
    """Of those sent: opened by machines alone."""
    clicked: int


class HiringFigures(msgspec.Struct, frozen=True, kw_only=True):
    """All figures of a period."""

    made_at: datetime
    """When they were worked out; they may be a minute old."""
    time_zone: str
    period: Period
    before: Period
    """What the overview compares with."""
    overview: Overview
    unit: TrendUnit
    trends: tuple[TrendPoint, ...]
    funnel: tuple[FunnelStep, ...]
    response: ResponseTimes
    success: SuccessRates
    mail: MailFigures


class Choice(msgspec.Struct, frozen=True):
    """Something that figures can be narrowed to."""

    id: Annotated[str, Meta(description="What to give as the filter.")]
    name: str


class FigureChoices(msgspec.Struct, frozen=True, kw_only=True):
    """What figures can be narrowed to."""

    jobs: tuple[Choice, ...]
    """The newest 300 that aren't drafts."""
    departments: tuple[str, ...]
    sources: tuple[ApplicationSource, ...]
    recruiters: tuple[Choice, ...]


class GetFigureChoices(Query[FigureChoices], frozen=True, kw_only=True):
    """What figures can be narrowed to."""
