"""The refusals of this slice."""

from core.shared.errors import Conflict, NotFound, PreconditionFailed


class ResumeFileNotFound(NotFound):
    """No such file on this candidate."""

    code = "file_not_found"
    title = "There is no such file"


class ResumeNotRead(Conflict):
    """The file hasn't been read yet: there is nothing to correct or to take over."""

    code = "resume_not_read"
    title = "This file hasn't been read yet"


class ResumeChanged(PreconditionFailed):
    """Somebody else corrected the résumé, or it was read again, since the caller read it."""

    code = "resume_changed"
    title = "This résumé was changed by someone else"
