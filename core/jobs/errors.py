"""The refusals of the jobs slice."""

from core.shared.errors import Conflict, NotFound, PreconditionFailed


class JobNotFound(NotFound):
    """No such job."""

    code = "job_not_found"
    title = "There is no such job"


class JobChanged(PreconditionFailed):
    """Somebody else changed the job since the caller read it."""

    code = "job_changed"
    title = "The job was changed by someone else"


class IllegalJobStatus(Conflict):
    """The job can't go from its status to the one asked for; details list where it can go."""

    code = "illegal_job_status"
    title = "The job can't change to this status"


class JobInUse(Conflict):
    """Only drafts without applications can be deleted."""

    code = "job_in_use"
    title = "This job can't be deleted"


class StageOccupied(Conflict):
    """A stage with applications can be removed only by naming the stage they move to."""

    code = "stage_occupied"
    title = "The stage still has applications"


class PipelineChanged(PreconditionFailed):
    """Somebody else changed the default stages since the caller read them."""

    code = "pipeline_changed"
    title = "The stages were changed by someone else"
