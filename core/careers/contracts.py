"""What others may say to the careers slice and what it answers: queries, commands and views."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

import msgspec
from msgspec import Meta

from core.applications.contracts import (
    Answer,
    ApplicationId,
    Disposition,
    WithdrawalReason,
)
from core.jobs.contracts import (
    EmploymentType,
    JobId,
    PayRange,
    QuestionId,
    QuestionKind,
    Remote,
    Seniority,
    StageKind,
)
from core.shared.ids import MemberId
from core.shared.paging import DEFAULT_LIMIT, Page
from core.shared.text import TEXT
from core.shared.usecase import Command, Query
from core.tenancy.contracts import Branding

NoticeText = Annotated[str, Meta(min_length=1, max_length=20_000, pattern=TEXT)]


class AskedQuestion(msgspec.Struct, frozen=True):
    """A question of a job as applicants see it."""

    id: QuestionId
    kind: QuestionKind
    label: str
    required: bool
    options: tuple[str, ...] = ()


class OpeningRow(msgspec.Struct, frozen=True):
    """An open job in the public list."""

    id: JobId
    title: str
    department: str
    location: str
    remote: Remote
    employment_type: EmploymentType
    seniority: Seniority | None
    pay_range: PayRange | None
    published_at: datetime


class Posting(OpeningRow, frozen=True):
    """A job as the public sees it."""

    description: str
    skills: tuple[str, ...]
    openings: int
    questions: tuple[AskedQuestion, ...]
    updated_at: datetime
    is_open: bool
    """Whether it takes applications; one that doesn't any more shows its title only."""


class Facets(msgspec.Struct, frozen=True):
    """What the open jobs can be narrowed to, in alphabetical order."""

    locations: tuple[str, ...]
    departments: tuple[str, ...]


class SiteView(msgspec.Struct, frozen=True):
    """How the tenant's careers site looks."""

    name: str
    branding: Branding
    custom_domain: str | None


class PrivacyNotice(msgspec.Struct, frozen=True):
    """What applicants are told of the use of their data; no version is ever changed."""

    text: str
    version: int
    """0 is the text that everybody starts with."""
    published_at: datetime | None
    published_by: MemberId | None


class NoticeVersion(msgspec.Struct, frozen=True):
    """That a version of the privacy notice was published, without its text."""

    version: int
    published_at: datetime
    published_by: MemberId | None


class ApplicationForm(msgspec.Struct, frozen=True):
    """What an applicant is asked."""

    posting: Posting
    notice: PrivacyNotice
    seal: str
    """Says when the form was opened and for which job; sent back with it."""


class AdmittedForm(msgspec.Struct, frozen=True):
    """A form that came back in time and from a person, as far as can be told."""

    form_id: str
    job_id: JobId


class Receipt(msgspec.Struct, frozen=True):
    """What an applicant gets."""

    link: str
    """The secret that opens the status page; it is kept only as a hash."""

    def __repr__(self) -> str:
        return "Receipt(...)"


class ProgressStep(msgspec.Struct, frozen=True):
    """Something that happened to an application, in words that its applicant may read."""

    at: datetime
    kind: Literal["received", "moved", "hired", "closed", "withdrawn", "reopened"]
    stage: str | None
    """The stage that was reached, where one was."""


class ProgressView(msgspec.Struct, frozen=True):
    """Where an application stands. Reasons, notes and people stay inside."""

    job_id: JobId
    job_title: str
    is_job_open: bool
    received_at: datetime
    disposition: Disposition
    stage: str
    stage_kind: StageKind
    steps: tuple[ProgressStep, ...]
    """Oldest first."""

    @property
    def may_withdraw(self) -> bool:
        """Whether there is anything to withdraw from."""
        return self.disposition == "active"

    @property
    def only_arrived(self) -> bool:
        """Whether nothing happened yet; of a repeated submission nothing else is ever shown."""
        return self.disposition == "active" and len(self.steps) == 1


class SubmissionView(msgspec.Struct, frozen=True):
    """A form that was sent, as the hiring team sees it: what the applicant wrote of themselves."""

    id: UUID
    application_id: ApplicationId
    full_name: str
    email: str
    phone: str | None
    is_repeated: bool
    """Whether the e-mail address had an active application for the job already."""
    notice_version: int
    """The version of the privacy notice that was agreed to."""
    agreed_at: datetime
    received_at: datetime
    withdrawn_at: datetime | None


class Upload(msgspec.Struct, frozen=True):
    """A file as it was sent."""

    name: str
    content: bytes

    def __repr__(self) -> str:
        return "Upload(...)"


class ListOpenings(Query[Page[OpeningRow]], frozen=True, kw_only=True):
    """Open jobs, the newest first; every given condition must hold."""

    text: str | None = None
    """Words, each of which must be found in what the job says."""
    location: str | None = None
    department: str | None = None
    employment_type: EmploymentType | None = None
    remote: Remote | None = None
    limit: int = DEFAULT_LIMIT
    cursor: str | None = None


class ListFacets(Query[Facets], frozen=True, kw_only=True):
    """What the open jobs can be narrowed to."""


class ListPostings(Query[tuple[Posting, ...]], frozen=True, kw_only=True):
    """Open jobs with all that they say, the newest first: for feeds."""

    limit: Annotated[int, Meta(ge=1, le=5_000)]


class ShowPosting(Query[Posting], frozen=True, kw_only=True):
    """One job that is, or once was, open."""

    job_id: JobId


class ShowSite(Query[SiteView], frozen=True, kw_only=True):
    """How the careers site looks."""


class ShowPrivacyNotice(Query[PrivacyNotice], frozen=True, kw_only=True):
    """The privacy notice as the public sees it: the present one, or an older version."""

    version: int | None = None


class ListSubmissions(Query[Page[SubmissionView]], frozen=True, kw_only=True):
    """What applicants sent for an application on the careers site, oldest first."""

    application_id: ApplicationId


class GetPrivacyNotice(Query[PrivacyNotice], frozen=True, kw_only=True):
    """The present privacy notice, or an older version, for members."""

    version: int | None = None


class ListPrivacyNotices(Query[tuple[NoticeVersion, ...]], frozen=True, kw_only=True):
    """The versions of the privacy notice that were published, the newest first."""


class PublishPrivacyNotice(Command[PrivacyNotice], frozen=True, kw_only=True):
    """Publish a new version; whoever agreed to an older one keeps having agreed to that."""

    text: NoticeText
    expected_version: int | None = None


class OpenForm(Query[ApplicationForm], frozen=True, kw_only=True):
    """Begin to apply."""

    job_id: JobId


class Knock(Query[None], frozen=True, kw_only=True):
    """Count a form that comes back against its address, before anything of it is read."""

    address: str
    """The network address that it comes from."""


class AdmitForm(Query[AdmittedForm], frozen=True, kw_only=True):
    """Look whether a person can have sent a form, and count it against the limits of its job.

    To be asked before `Apply`, outside its transaction.
    """

    job_id: JobId
    seal: str
    trap: str
    """What stands in the field that people don't see."""
    address: str


class Apply(Command[Receipt], frozen=True, kw_only=True):
    """Apply for a job."""

    form: AdmittedForm
    full_name: str
    email: str
    phone: str
    answers: Mapping[QuestionId, Answer]
    resume: Upload | None
    notice_version: int | None
    """The version of the privacy notice that the applicant agreed to; None: to none."""
    language: str | None = None
    """In which the applicant would rather be written to (ISO 639-1), if it is known."""

    def __repr__(self) -> str:
        return "Apply(...)"


class FollowApplication(Query[ProgressView], frozen=True, kw_only=True):
    """Where the application stands that a secret link is for."""

    link: str

    def __repr__(self) -> str:
        return "FollowApplication(...)"


class WithdrawByLink(Command[None], frozen=True, kw_only=True):
    """Withdraw the application that a secret link is for."""

    link: str
    reason: WithdrawalReason | None = None
    """None: the applicant would rather not say."""

    def __repr__(self) -> str:
        return "WithdrawByLink(...)"
