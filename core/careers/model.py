"""A form that was sent, when a form is believed to come from a person, and the first notice."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final
from uuid import UUID

import msgspec

from core.applications.contracts import ApplicationId, WithdrawalReason
from core.jobs.contracts import JobId
from core.shared.clock import UtcDatetime
from core.shared.errors import FieldError, InvalidInput

FASTEST: Final = timedelta(seconds=3)
"""Nobody reads and fills a form faster, even where the browser fills it."""
SLOWEST: Final = timedelta(hours=24)
"""A form that was open for longer shows what may have changed since: it is asked for again."""

PER_ADDRESS: Final = 30
"""Forms from one network address per window; a lecture hall may share one."""
PER_ADDRESS_AND_JOB: Final = 8
PER_JOB: Final = 1_000
WINDOW_SECONDS: Final = 3_600

WITHDRAWAL_REASONS: Final[tuple[WithdrawalReason, ...]] = (
    "other_offer",
    "pay",
    "location",
    "timing",
    "lost_interest",
)
"""Reasons that applicants choose from; `no_response` is the team's own."""


class FormSeal(msgspec.Struct, frozen=True):
    """What the seal on a form says."""

    form_id: str
    job_id: JobId
    opened_at: UtcDatetime

    def check(self, job_id: JobId, now: UtcDatetime) -> None:
        """Raise InvalidInput of the field `form` unless the form is this job's and came in time."""
        age = now - self.opened_at
        if self.job_id != job_id or age > SLOWEST or age < -FASTEST:
            raise form_expired()
        if age < FASTEST:
            message = "That was faster than people read. Look it over and send it again."
            raise InvalidInput(FieldError("form", message, "form_too_fast"))


def form_expired() -> InvalidInput:
    """Return the refusal of a form that is too old, or another's, or isn't ours."""
    message = "This form was open for too long. Look it over and send it again."
    return InvalidInput(FieldError("form", message, "form_expired"))


@dataclass
class Submission:
    """A form that was sent, with what the applicant wrote of themselves."""

    id: UUID
    application_id: ApplicationId
    link_hash: bytes
    full_name: str
    email: str
    phone: str | None
    is_repeated: bool
    notice_version: int
    agreed_at: UtcDatetime
    received_at: UtcDatetime
    withdrawn_at: UtcDatetime | None = None
    form_id: str | None = None
    """Of the form: with the key of the process the secret link can be made again, for mails."""
    language: str | None = None
    """In which the applicant would rather be written to (ISO 639-1), as far as their browser said.
    """


def first_notice(company: str) -> str:
    """Return the privacy notice of a company that has published none of its own."""
    return _FIRST_NOTICE.format(company=company)


_FIRST_NOTICE: Final = """\
Who is responsible
{company} decides how the data that you send here is used.

What is kept
Your name, your contacts, your answers, the files that you send, and what happens to your \
application.

What for
To decide about your application and to reach you about it. The people who hire for the job see \
it, and nobody else at {company}. It is not sold and not used for advertising.

For how long
For as long as the application is decided upon, and after that for as long as the law asks for or \
allows. You may ask for it to be erased earlier.

Your rights
You may see, correct, take with you or have erased what is kept of you, object to its use, and \
take back at any time what you agree to here. Write to {company}. You may also complain to your \
data protection authority."""
