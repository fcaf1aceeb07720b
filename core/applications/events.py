"""What happened to applications."""

from typing import ClassVar
from uuid import UUID

from core.shared.events import Cause, Event


class ApplicationEvent(Event, frozen=True, kw_only=True, omit_defaults=True):
    """Base of the events of one application; `aggregate_id` is the application."""

    aggregate: ClassVar[str] = "application"
    job_id: UUID
    cause: Cause | None = None
    """Left out unless a rule of the workspace did it."""


class ApplicationCreated(ApplicationEvent, frozen=True, kw_only=True):
    """A candidate entered a job's pipeline."""

    type: ClassVar[str] = "application.created"
    candidate_id: UUID
    stage_id: UUID
    source: str


class ApplicationMoved(ApplicationEvent, frozen=True, kw_only=True):
    """An application went from one stage to another."""

    type: ClassVar[str] = "application.moved"
    from_stage_id: UUID
    to_stage_id: UUID


class ApplicationHired(ApplicationEvent, frozen=True, kw_only=True):
    """A candidate was hired."""

    type: ClassVar[str] = "application.hired"
    from_stage_id: UUID
    to_stage_id: UUID


class ApplicationRejected(ApplicationEvent, frozen=True, kw_only=True):
    """An application was rejected."""

    type: ClassVar[str] = "application.rejected"
    reason: str


class ApplicationWithdrawn(ApplicationEvent, frozen=True, kw_only=True):
    """A candidate withdrew."""

    type: ClassVar[str] = "application.withdrawn"
    reason: str


class ApplicationReopened(ApplicationEvent, frozen=True, kw_only=True):
    """An application became active again."""

    type: ClassVar[str] = "application.reopened"
    stage_id: UUID


class ApplicationAssigned(ApplicationEvent, frozen=True, kw_only=True):
    """Somebody, or nobody, looks after an application from now on."""

    type: ClassVar[str] = "application.assigned"
    assignee_id: UUID | None


class BulkRejectionEvent(Event, frozen=True, kw_only=True):
    """Base of the events of a bulk rejection; `aggregate_id` is the bulk rejection."""

    aggregate: ClassVar[str] = "bulk_rejection"


class BulkRejectionCreated(BulkRejectionEvent, frozen=True, kw_only=True):
    """Rejections were put on hold until their time comes."""

    type: ClassVar[str] = "bulk_rejection.created"
    applications: int


class BulkRejectionRecalled(BulkRejectionEvent, frozen=True, kw_only=True):
    """Rejections were taken back before they took effect."""

    type: ClassVar[str] = "bulk_rejection.recalled"
    application_ids: tuple[UUID, ...]


class BulkRejectionFinished(BulkRejectionEvent, frozen=True, kw_only=True):
    """A bulk rejection took effect."""

    type: ClassVar[str] = "bulk_rejection.finished"
    rejected: int
    skipped: int
