"""The refusals of the status slice."""

from core.shared.errors import (
    Conflict,
    InvalidInput,
    NotFound,
    PreconditionFailed,
    Unauthenticated,
)


class SourceNotFound(NotFound):
    """No such source for this tenant."""

    code = "status_source_not_found"
    title = "There is no such source"


class SourceChanged(PreconditionFailed):
    """Somebody changed the source since the caller read it."""

    code = "status_source_changed"
    title = "The source was changed by someone else"


class SourceRevoked(Conflict):
    """The source takes no reports any more, so it can't be changed."""

    code = "status_source_revoked"
    title = "This source is revoked"


class TooManySources(Conflict):
    """There are as many sources as anybody needs; revoke one."""

    code = "too_many_status_sources"
    title = "There are too many sources"


class ReportRefused(Unauthenticated):
    """The signature isn't right, too old, or of nobody who may report."""

    code = "status_report_refused"
    title = "The report's signature is not valid"
    TEXT = (
        "No source that reports to this workspace signed this, or not within the last five minutes."
    )


class ReportMalformed(InvalidInput):
    """A header that Standard Webhooks asks for is missing or isn't one."""

    code = "status_report_malformed"
    title = "The report's headers are not those of Standard Webhooks"


class ReportIdTaken(Conflict):
    """The source used this webhook-id for another body."""

    code = "status_report_id_taken"
    title = "This webhook-id was used for another report"


class StatusNotFound(NotFound):
    """No such application or candidate for this tenant, or not for the one who asks."""

    code = "status_not_found"
    title = "There is no such application or candidate"


class PreferencesChanged(PreconditionFailed):
    """Somebody changed what candidates see since the caller read it."""

    code = "status_preferences_changed"
    title = "What candidates see was changed by someone else"
