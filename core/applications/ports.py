"""What the applications slice needs from storage."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

from core.applications.contracts import (
    ApplicationId,
    ApplicationRow,
    ApplicationView,
    BulkRejectionId,
    BulkRejectionView,
    Card,
    Disposition,
    HistoryView,
    ListApplications,
    PipelineSnapshot,
    RejectionItem,
    RejectionReason,
)
from core.applications.model import Application, Change
from core.jobs.contracts import JobId, JobStatus, Question, Stage, StageId
from core.shared.clock import UtcDatetime
from core.shared.ids import MemberId
from core.shared.paging import Page


@dataclass(frozen=True)
class Opening:
    """What applications need to know of their job."""

    job_id: JobId
    status: JobStatus
    questions: tuple[Question, ...]
    stages: tuple[Stage, ...]

    def stage(self, stage_id: StageId) -> Stage | None:
        """Return the job's stage of that id, or None."""
        return next((stage for stage in self.stages if stage.id == stage_id), None)


@dataclass(frozen=True)
class LastChange:
    """Who changed an application's stage or disposition last, when, and where it is since."""

    by: str | None
    at: UtcDatetime
    stage: str
    disposition: Disposition


@dataclass
class BulkRejection:
    """Rejections that wait for their time."""

    id: BulkRejectionId
    reason: RejectionReason
    note: str | None
    created_by: MemberId | None
    created_at: UtcDatetime
    effective_at: UtcDatetime
    items: dict[ApplicationId, StageId] = field(default_factory=dict)
    """The stage of each application when its rejection was asked for."""
    status: str = "pending"


class Openings(Protocol):
    """Reads jobs within the transaction."""

    async def opening(self, job_id: JobId) -> Opening | None:
        """Return the job, whose status and stages stay as they are until the transaction ends."""
        ...

    async def opening_with(self, stage_id: StageId) -> Opening | None:
        """Return the job that has the stage, in the same way."""
        ...


class ApplicationRepository(Protocol):
    """Keeps applications with their history."""

    async def add(
        self, application: Application, change: Change, opening: Opening, by: MemberId | None
    ) -> None:
        """Keep a new one. `by` is the member who acts, None for the system.

        Raises AlreadyApplied, and InvalidInput when there is no such candidate.
        """
        ...

    async def get_for_change(self, application_id: ApplicationId) -> Application:
        """Return one, locked until the transaction ends. Raises ApplicationNotFound."""
        ...

    async def many_for_change(
        self, application_ids: Sequence[ApplicationId]
    ) -> dict[ApplicationId, Application]:
        """Return those that exist, locked until the transaction ends."""
        ...

    async def keep(
        self,
        changed: Sequence[tuple[Application, Change]],
        opening: Opening,
        by: MemberId | None,
    ) -> None:
        """Keep changes of stage or disposition, each with its entry of history.

        Raises AlreadyApplied when a reopened one would be the second active.
        """
        ...

    async def keep_assignment(self, application: Application, before: MemberId | None) -> None:
        """Keep who looks after it, with an entry in the history of assignments."""
        ...

    async def last_changes(
        self, application_ids: Sequence[ApplicationId]
    ) -> dict[ApplicationId, LastChange]:
        """Return the last change of stage or disposition of each."""
        ...

    async def view(self, application_id: ApplicationId) -> ApplicationView:
        """Return it as others see it, within the transaction."""
        ...


class BulkRejectionRepository(Protocol):
    """Keeps bulk rejections."""

    async def add(self, bulk: BulkRejection) -> None:
        """Keep a new one."""
        ...

    async def get_for_change(self, bulk_rejection_id: BulkRejectionId) -> BulkRejection:
        """Return one with its pending items, locked. Raises BulkRejectionNotFound."""
        ...

    async def settle(
        self,
        bulk: BulkRejection,
        items: Sequence[RejectionItem],
        finished_at: UtcDatetime | None,
    ) -> None:
        """Keep the bulk's status and what became of `items`."""
        ...

    async def view(self, bulk_rejection_id: BulkRejectionId) -> BulkRejectionView:
        """Return it as others see it, within the transaction."""
        ...


class ApplicationQueries(Protocol):
    """Answers questions about applications straight from rows.

    `only_for` limits the answer to what that member may see.
    """

    async def application(
        self, application_id: ApplicationId, only_for: MemberId | None
    ) -> ApplicationView:
        """Return one. Raises ApplicationNotFound."""
        ...

    async def page(
        self, query: ListApplications, only_for: MemberId | None
    ) -> Page[ApplicationRow]:
        """Return one page, newest first."""
        ...

    async def cards(self, job_id: JobId, only_for: MemberId | None) -> tuple[Card, ...]:
        """Return a job's active applications, the longest in their stage first."""
        ...

    async def history(
        self, application_id: ApplicationId, only_for: MemberId | None
    ) -> HistoryView:
        """Return the history. Raises ApplicationNotFound."""
        ...

    async def pipeline(
        self, job_id: JobId, at: UtcDatetime, cards: int, only_for: MemberId | None
    ) -> PipelineSnapshot:
        """Return how a job's pipeline stood at `at`. Raises JobNotFound."""
        ...

    async def bulk_rejection(self, bulk_rejection_id: BulkRejectionId) -> BulkRejectionView:
        """Return one. Raises BulkRejectionNotFound."""
        ...
