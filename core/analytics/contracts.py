"""What can be asked of the history of pipelines, and the answers."""

import msgspec

from core.jobs.contracts import JobId, StageKind
from core.shared.usecase import Query


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
