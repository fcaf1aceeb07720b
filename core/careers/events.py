"""What happened on the careers site. Events carry ids, never what applicants wrote."""

from typing import ClassVar
from uuid import UUID

from core.shared.events import Event


class SubmissionEvent(Event, frozen=True, kw_only=True):
    """Base of the events of one form that was sent; `aggregate_id` is the submission."""

    aggregate: ClassVar[str] = "submission"
    application_id: UUID


class SubmissionReceived(SubmissionEvent, frozen=True, kw_only=True):
    """Somebody applied and agreed to a version of the privacy notice."""

    type: ClassVar[str] = "submission.received"
    notice_version: int
    is_repeated: bool
    """Whether the e-mail address had an active application for the job; it stayed as it was."""


class SubmissionWithdrawn(SubmissionEvent, frozen=True, kw_only=True):
    """An applicant withdrew by the secret link.

    A repeated submission doesn't touch the first one's application: the team gets a note.
    """

    type: ClassVar[str] = "submission.withdrawn"
    is_repeated: bool


class MailsChosen(SubmissionEvent, frozen=True, kw_only=True):
    """An applicant said, by the secret link, which mails they can do without."""

    type: ClassVar[str] = "submission.mails_chosen"


class PrivacyNoticePublished(Event, frozen=True, kw_only=True):
    """The privacy notice got a new version; `aggregate_id` is the tenant."""

    type: ClassVar[str] = "privacy_notice.published"
    aggregate: ClassVar[str] = "privacy_notice"
    notice_version: int
