"""The refusals of the applications slice."""

from core.shared.errors import Conflict, NotFound, PreconditionFailed


class ApplicationNotFound(NotFound):
    """No such application that the actor may see."""

    code = "application_not_found"
    title = "There is no such application"


class ApplicationChanged(PreconditionFailed):
    """Somebody else changed the application since the caller read it."""

    code = "application_changed"
    title = "The application was changed by someone else"


class ApplicationMovedAlready(Conflict):
    """It isn't in the stage where the caller saw it; details say who moved it, when and where."""

    code = "application_moved"
    title = "Someone else moved this application"


class AlreadyApplied(Conflict):
    """The candidate has an active application to this job."""

    code = "already_applied"
    title = "The candidate has applied to this job already"


class JobNotOpen(Conflict):
    """Only open jobs take applications."""

    code = "job_not_open"
    title = "The job doesn't take applications"


class IllegalDisposition(Conflict):
    """What is asked for can't follow the present disposition; details list what can."""

    code = "illegal_disposition"
    title = "This can't be done with the application as it is"


class BulkRejectionNotFound(NotFound):
    """No such bulk rejection."""

    code = "bulk_rejection_not_found"
    title = "There is no such bulk rejection"


class TooLateToRecall(Conflict):
    """It took effect, or was recalled before; details give the status."""

    code = "too_late_to_recall"
    title = "This can't be recalled any more"
