"""The refusals of the careers slice."""

from core.shared.errors import Conflict, Gone, NotFound, PreconditionFailed


class PostingNotFound(NotFound):
    """No job of that id was ever open to the public."""

    code = "posting_not_found"
    title = "There is no such job"


class PostingClosed(Gone):
    """The job takes no applications any more; details give its title."""

    code = "posting_closed"
    title = "This job is no longer open"


class LinkNotFound(NotFound):
    """The link is incomplete, or its application was erased."""

    code = "link_not_found"
    title = "This link opens nothing"


class SubmissionsNotFound(NotFound):
    """No such application for this tenant."""

    code = "submissions_not_found"
    title = "There is no such application"


class NoticeNotFound(NotFound):
    """The privacy notice has no such version."""

    code = "privacy_notice_not_found"
    title = "There is no such version of the privacy notice"


class NoticeChanged(PreconditionFailed):
    """Somebody else published a version since the caller read the privacy notice."""

    code = "privacy_notice_changed"
    title = "The privacy notice was changed by someone else"


class WithdrawnTooLate(Conflict):
    """The application has ended, so there is nothing to withdraw from."""

    code = "withdrawn_too_late"
    title = "This application has ended already"
