"""What analytics need from storage."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol

import msgspec

from core.analytics.contracts import (
    Days,
    FigureChoices,
    FigureFilter,
    FunnelStep,
    HireRate,
    MailFigures,
    PipelineAnalytics,
    Silent,
    StageTime,
)
from core.jobs.contracts import JobId


class Tally(msgspec.Struct, frozen=True):
    """How often something happened in one piece of time."""

    bucket: int
    """1 lies between the first two bounds; the last is all that came after the last bound."""
    kind: str
    """A kind of entry of the history, `interview`, or `open` (in bucket 0: at present)."""
    amount: int
    standing: int
    """Of ends: how many no reopening took back."""


class Cohort(msgspec.Struct, frozen=True, kw_only=True):
    """What became of those who applied in a period."""

    funnel: tuple[FunnelStep, ...]
    first_answer: Days
    unanswered: int
    sources: tuple[HireRate, ...]
    jobs: tuple[HireRate, ...]


class Pace(msgspec.Struct, frozen=True, kw_only=True):
    """What came to its end in a period."""

    stages: tuple[StageTime, ...]
    time_to_hire: Days
    offers: Mapping[str, int]
    """How many applications that were offered the job have each disposition now."""


class Silences(msgspec.Struct, frozen=True, kw_only=True):
    """Active applications whose candidates have heard nothing since an instant that is past."""

    silence: Days
    longest: tuple[Silent, ...]


class FigureShelf(Protocol):
    """Keeps figures for a moment, so that what many look at is worked out once."""

    async def taken(self, key: bytes) -> bytes | None:
        """Return what was put there within the last minute, None when nothing was or is known."""
        ...

    async def put(self, key: bytes, figures: bytes) -> None:
        """Keep it for a minute, if that is possible; losing it does no harm."""
        ...


class AnalyticsQueries(Protocol):
    """Works figures out from the immutable history."""

    async def pipeline(self, job_id: JobId | None) -> PipelineAnalytics:
        """Return the figures of one job, or of all; zeros for a job that doesn't exist."""
        ...

    async def counts(self, where: FigureFilter, bounds: Sequence[datetime]) -> Sequence[Tally]:
        """Count what happened between bounds, which ascend, and after the last of them."""
        ...

    async def cohort(
        self, where: FigureFilter, since: datetime, until: datetime, now: datetime
    ) -> Cohort:
        """Return what became of those who applied from `since` and before `until`."""
        ...

    async def pace(self, where: FigureFilter, since: datetime, until: datetime) -> Pace:
        """Return what came to its end from `since` and before `until`."""
        ...

    async def silences(self, where: FigureFilter, now: datetime, most: int) -> Silences:
        """Return how long candidates have heard nothing, with the longest ones."""
        ...

    async def mail(self, where: FigureFilter, since: datetime, until: datetime) -> MailFigures:
        """Return what became of messages that were written from `since` and before `until`."""
        ...

    async def choices(self) -> FigureChoices:
        """Return what figures can be narrowed to."""
        ...
