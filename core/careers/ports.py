"""What the careers slice needs from outside."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol
from uuid import UUID

import msgspec

from core.applications.contracts import ApplicationId, WithdrawalReason
from core.candidates.contracts import CandidateId
from core.careers.contracts import (
    Apply,
    Facets,
    ListOpenings,
    NoticeVersion,
    OpeningRow,
    Posting,
    PrivacyNotice,
    ProgressView,
    SiteView,
    SubmissionView,
    Upload,
)
from core.careers.inbox_views import InboxRow, StatusMail
from core.careers.model import FormSeal, Submission
from core.jobs.contracts import JobId
from core.shared.clock import UtcDatetime
from core.shared.errors import FieldError
from core.shared.paging import Page


class KnownApplicant(msgspec.Struct, frozen=True):
    """A candidate whom an e-mail address belongs to."""

    candidate_id: CandidateId
    application_id: ApplicationId | None
    """Their active application for the job, if there is one."""


class Submissions(Protocol):
    """Keeps forms that were sent."""

    async def hold(self, email: str) -> None:
        """Let other submissions of this address wait until the transaction ends."""
        ...

    async def by_link(self, link_hash: bytes) -> Submission | None:
        """Return the submission that a link is for, locked."""
        ...

    async def known_applicant(self, email: str, job_id: JobId) -> KnownApplicant | None:
        """Return who has the address: of several, one with an active application, or the oldest."""
        ...

    async def add(self, submission: Submission) -> None:
        """Keep a new one."""
        ...

    async def save(self, submission: Submission) -> None:
        """Keep that it was withdrawn."""
        ...


class Applicants(Protocol):
    """Hands applicants to the slices of candidates and applications, in the same transaction."""

    async def require_open(self, job_id: JobId) -> None:
        """Return when the job takes applications, and see to it that it does until the end.

        Raises PostingNotFound and PostingClosed.
        """
        ...

    async def flaws(self, asked: Apply) -> Sequence[FieldError]:
        """Return what those slices would refuse, by the names of the form's fields."""
        ...

    async def add(self, asked: Apply) -> CandidateId:
        """Make a candidate. Raises QuotaExceeded."""
        ...

    async def apply(self, candidate_id: CandidateId, asked: Apply) -> ApplicationId:
        """Put the candidate into the job's first stage. Raises Conflict when somebody just did."""
        ...

    async def attach(self, candidate_id: CandidateId, file: Upload) -> None:
        """Keep a file with the candidate, unless they have the same one."""
        ...

    async def withdraw(
        self, application_id: ApplicationId, reason: WithdrawalReason, note: str | None
    ) -> None:
        """End the application as withdrawn. Raises WithdrawnTooLate when it has ended."""
        ...

    async def note(self, application_id: ApplicationId, text: str) -> None:
        """Leave the team a note on the application's candidate."""
        ...


class Notices(Protocol):
    """Keeps the versions of the privacy notice."""

    async def present(self) -> PrivacyNotice | None:
        """Return the newest version, locked against another; None before the first."""
        ...

    async def add(self, notice: PrivacyNotice) -> None:
        """Keep a new version. Raises NoticeChanged when somebody was faster."""
        ...


class ApplicantPages(Protocol):
    """Keeps what applicants did on the page of their link."""

    async def of_link(self, link_hash: bytes) -> UUID | None:
        """Return the submission that a link is of."""
        ...

    async def read(self, submission_id: UUID, until: datetime, now: UtcDatetime) -> None:
        """Keep up to when they read, unless they read further before."""
        ...

    async def choose(
        self, submission_id: UUID, unwanted: Sequence[StatusMail], now: UtcDatetime
    ) -> ApplicationId:
        """Keep which mails they don't want; return the application that they are about."""
        ...


class FormSeals(Protocol):
    """Signs forms and makes secret links, with a key that the database doesn't hold."""

    def seal(self, form: FormSeal) -> str:
        """Return a text that only this server can have made for this tenant."""
        ...

    def unseal(self, text: str) -> FormSeal | None:
        """Return what a seal says; None for one that isn't ours."""
        ...

    def link(self, form_id: str, job_id: JobId, email: str) -> str:
        """Return the secret of a submission: the same for the same form sent twice."""
        ...

    def link_hash(self, link: str) -> bytes:
        """Return what is kept of a link."""
        ...


class CareersQueries(Protocol):
    """Reads what the public may see, straight from rows."""

    async def openings(self, query: ListOpenings) -> Page[OpeningRow]:
        """Return one page of open jobs. Raises InvalidInput for a cursor that isn't ours."""
        ...

    async def facets(self) -> Facets:
        """Return the places and departments of open jobs."""
        ...

    async def postings(self, limit: int) -> tuple[Posting, ...]:
        """Return open jobs with all that they say."""
        ...

    async def posting(self, job_id: JobId) -> Posting:
        """Return a job that is or was open. Raises PostingNotFound."""
        ...

    async def site(self) -> SiteView:
        """Return how the site looks."""
        ...

    async def notice(self, version: int | None) -> PrivacyNotice | None:
        """Return a version of the privacy notice, or the newest; None when there is none."""
        ...

    async def notices(self) -> tuple[NoticeVersion, ...]:
        """Return every version of the privacy notice that was published, the newest first."""
        ...

    async def submissions(self, application_id: ApplicationId) -> Page[SubmissionView]:
        """Return at most a hundred that were sent for it. Raises SubmissionsNotFound."""
        ...

    async def progress(self, link_hash: bytes) -> ProgressView:
        """Return where an application stands. Raises LinkNotFound."""
        ...

    async def inbox(self, link_hash: bytes) -> InboxRow:
        """Return what else the page of a link shows. Raises LinkNotFound."""
        ...
