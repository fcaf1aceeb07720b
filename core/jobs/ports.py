"""What the jobs slice needs from storage."""

from collections.abc import Mapping, Sequence
from typing import Protocol
from uuid import UUID

from core.jobs.contracts import (
    DefaultStage,
    JobId,
    JobRow,
    JobView,
    ListJobs,
    PipelineView,
    StageId,
)
from core.jobs.model import Job
from core.shared.clock import UtcDatetime
from core.shared.ids import MemberId
from core.shared.paging import Page


class JobRepository(Protocol):
    """Keeps jobs with their teams and stages."""

    async def add(self, job: Job) -> None:
        """Keep a new job."""
        ...

    async def get_for_change(self, job_id: JobId) -> Job:
        """Return a job, locked until the transaction ends. Raises JobNotFound."""
        ...

    async def save(self, job: Job) -> None:
        """Keep the changes of `job` and raise its version by one."""
        ...

    async def write_stages(self, job: Job) -> None:
        """Keep the job's stages alone: add, change, and delete those it no longer has."""
        ...

    async def remove(self, job_id: JobId) -> None:
        """Forget a job."""
        ...

    async def has_applications(self, job_id: JobId) -> bool:
        """Say whether anybody ever applied to the job."""
        ...

    async def occupied_stages(self, stages: Sequence[StageId]) -> set[StageId]:
        """Return those of `stages` that applications, in whatever disposition, stand in."""
        ...

    async def move_applications(
        self, moves: Mapping[StageId, StageId], by: MemberId | None, now: UtcDatetime
    ) -> Sequence[tuple[UUID, StageId, StageId]]:
        """Move every application of one stage to another, each with its entry of history.

        Both stages of each move must be stored. Returns application, from and to of each.
        """
        ...


class PipelineRepository(Protocol):
    """Keeps the stages that new jobs start with."""

    async def get(self) -> PipelineView:
        """Return them; version 0 and the starting stages when the tenant never changed them."""
        ...

    async def save(
        self, stages: Sequence[DefaultStage], expected: int, now: UtcDatetime
    ) -> PipelineView:
        """Keep new stages over version `expected`. Raises PipelineChanged when that isn't last."""
        ...


class JobQueries(Protocol):
    """Answers questions about jobs straight from rows."""

    async def job(self, job_id: JobId) -> JobView:
        """Return a job. Raises JobNotFound."""
        ...

    async def page(self, query: ListJobs) -> Page[JobRow]:
        """Return one page of jobs, newest first."""
        ...

    async def pipeline(self) -> PipelineView:
        """Return the stages that new jobs start with."""
        ...
