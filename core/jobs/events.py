"""What happened to jobs."""

from typing import ClassVar

from core.jobs.contracts import JobStatus
from core.shared.events import Event


class JobEvent(Event, frozen=True, kw_only=True):
    """Base of the events of one job; `aggregate_id` is the job."""

    aggregate: ClassVar[str] = "job"


class JobCreated(JobEvent, frozen=True, kw_only=True):
    """A draft was written."""

    type: ClassVar[str] = "job.created"


class JobEdited(JobEvent, frozen=True, kw_only=True):
    """Some of a job's fields changed."""

    type: ClassVar[str] = "job.edited"
    fields: tuple[str, ...]


class JobStatusChanged(JobEvent, frozen=True, kw_only=True):
    """A job was opened, held, closed or reopened."""

    type: ClassVar[str] = "job.status_changed"
    from_status: JobStatus
    to_status: JobStatus


class JobStagesChanged(JobEvent, frozen=True, kw_only=True):
    """A job's stages were renamed, reordered, added or removed."""

    type: ClassVar[str] = "job.stages_changed"


class JobDeleted(JobEvent, frozen=True, kw_only=True):
    """A draft was deleted."""

    type: ClassVar[str] = "job.deleted"


class DefaultPipelineChanged(Event, frozen=True, kw_only=True):
    """The stages that new jobs start with changed; `aggregate_id` is the tenant."""

    type: ClassVar[str] = "pipeline.changed"
    aggregate: ClassVar[str] = "pipeline"
