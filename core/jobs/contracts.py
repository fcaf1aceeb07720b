"""What others may know of jobs: ids, commands, queries and views."""

from datetime import datetime
from typing import Annotated, Literal, NewType
from uuid import UUID

import msgspec
from msgspec import UNSET, UnsetType

from core.shared.ids import MemberId
from core.shared.money import Cents, CurrencyCode
from core.shared.paging import Page, PageRequest
from core.shared.text import LINE, TEXT
from core.shared.usecase import Command, Query

JobId = NewType("JobId", UUID)
StageId = NewType("StageId", UUID)
QuestionId = NewType("QuestionId", UUID)

Remote = Literal["onsite", "hybrid", "remote"]
EmploymentType = Literal["full_time", "part_time", "contract", "internship", "temporary"]
Seniority = Literal["intern", "junior", "mid", "senior", "lead", "director", "executive"]
PayPeriod = Literal["hour", "day", "month", "year"]
JobStatus = Literal["draft", "open", "on_hold", "closed"]
TeamPart = Literal["recruiter", "hiring_manager", "interviewer", "coordinator"]
QuestionKind = Literal["text", "long_text", "yes_no", "choice", "number"]
StageKind = Literal["applied", "in_progress", "offer", "hired"]

Title = Annotated[
    str, msgspec.Meta(min_length=1, max_length=200, pattern=LINE, examples=["Backend Engineer"])
]
ShortText = Annotated[str, msgspec.Meta(max_length=200, pattern=LINE)]
LongText = Annotated[str, msgspec.Meta(max_length=50_000, pattern=TEXT)]
Reason = Annotated[str, msgspec.Meta(min_length=1, max_length=500, pattern=TEXT)]
Skill = Annotated[str, msgspec.Meta(min_length=1, max_length=80, pattern=LINE, examples=["Python"])]
StageName = Annotated[
    str, msgspec.Meta(min_length=1, max_length=60, pattern=LINE, examples=["Phone screen"])
]
PublicStageName = Annotated[
    str, msgspec.Meta(min_length=1, max_length=60, pattern=LINE, examples=["In review"])
]
TargetDays = Annotated[int, msgspec.Meta(ge=1, le=365)]


class PayRange(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the job pays, before tax, for one `period`."""

    minimum_cents: Annotated[Cents, msgspec.Meta(ge=0, examples=[6_000_000])]
    maximum_cents: Annotated[Cents, msgspec.Meta(ge=0, le=10**12, examples=[8_000_000])]
    currency: CurrencyCode
    period: PayPeriod


class TeamMember(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One member of the hiring team and the part they play."""

    member_id: MemberId
    part: TeamPart


class Question(msgspec.Struct, frozen=True):
    """A question that applicants answer, in the order of the list."""

    id: QuestionId
    kind: QuestionKind
    label: str
    required: bool
    knockout: bool
    """Whether the answer can rule an applicant out; a person decides, nothing is automatic."""
    options: tuple[str, ...] = ()
    """What may be chosen; only for `choice`."""


class QuestionSpec(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A question as it is asked for; with `id` it stays the question it was."""

    kind: QuestionKind
    label: Annotated[str, msgspec.Meta(min_length=1, max_length=500, pattern=TEXT)]
    required: bool = False
    knockout: bool = False
    options: Annotated[
        tuple[Title, ...],
        msgspec.Meta(max_length=50),
    ] = ()
    id: QuestionId | None = None


class Stage(msgspec.Struct, frozen=True):
    """A step of a job's pipeline, in the order of the list."""

    id: StageId
    name: str
    kind: StageKind
    target_days: int | None = None
    """How long an application should stay here at most."""
    public_name: str | None = None
    """What applicants read instead of the name; null: they read the name."""


class StageSpec(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A stage as it is asked for; with `id` it stays the stage it was, renamed or moved."""

    name: StageName
    kind: StageKind
    target_days: TargetDays | None = None
    id: StageId | None = None
    public_name: PublicStageName | None = None
    """What applicants read instead of the name; several stages may share one."""


class DefaultStage(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A stage that new jobs start with."""

    name: StageName
    kind: StageKind
    target_days: TargetDays | None = None
    public_name: PublicStageName | None = None
    """What applicants read instead of the name; several stages may share one."""


class JobView(msgspec.Struct, frozen=True):
    """A job with its team, questions and stages."""

    id: JobId
    title: str
    department: str
    location: str
    remote: Remote
    employment_type: EmploymentType
    seniority: Seniority | None
    pay_range: PayRange | None
    description: str
    skills: tuple[str, ...]
    openings: int
    hiring_team: tuple[TeamMember, ...]
    questions: tuple[Question, ...]
    stages: tuple[Stage, ...]
    status: JobStatus
    status_reason: str | None
    status_changed_at: datetime
    opened_at: datetime | None
    closed_at: datetime | None
    created_at: datetime
    updated_at: datetime
    version: int
    """Goes up by one at every change; the ETag."""


class JobRow(msgspec.Struct, frozen=True):
    """A job in a list."""

    id: JobId
    title: str
    department: str
    location: str
    remote: Remote
    employment_type: EmploymentType
    status: JobStatus
    openings: int
    active_applications: int
    """How many applications are in progress; 1001 stands for more than 1000."""
    created_at: datetime
    version: int


class PipelineView(msgspec.Struct, frozen=True):
    """The stages that new jobs start with."""

    stages: tuple[DefaultStage, ...]
    version: int
    """Goes up by one at every change; 0 while the stages are those that everybody starts with."""


class CreateJob(Command[JobView], frozen=True, kw_only=True):
    """Write a draft of a job. It starts with a copy of the tenant's default stages."""

    title: Title
    department: ShortText = ""
    location: ShortText = ""
    remote: Remote = "onsite"
    employment_type: EmploymentType = "full_time"
    seniority: Seniority | None = None
    pay_range: PayRange | None = None
    description: LongText = ""
    skills: tuple[Skill, ...] = ()
    openings: int = 1
    hiring_team: tuple[TeamMember, ...] = ()
    questions: tuple[QuestionSpec, ...] = ()


class EditJob(Command[JobView], frozen=True, kw_only=True):
    """Change what is set; `expected_version` refuses the change when somebody was faster."""

    job_id: JobId
    expected_version: int | None = None
    title: Title | UnsetType = UNSET
    department: ShortText | UnsetType = UNSET
    location: ShortText | UnsetType = UNSET
    remote: Remote | UnsetType = UNSET
    employment_type: EmploymentType | UnsetType = UNSET
    seniority: Seniority | UnsetType | None = UNSET
    pay_range: PayRange | UnsetType | None = UNSET
    description: LongText | UnsetType = UNSET
    skills: tuple[Skill, ...] | UnsetType = UNSET
    openings: int | UnsetType = UNSET
    hiring_team: tuple[TeamMember, ...] | UnsetType = UNSET
    questions: tuple[QuestionSpec, ...] | UnsetType = UNSET


class ChangeJobStatus(Command[JobView], frozen=True, kw_only=True):
    """Open, hold, close or reopen a job."""

    job_id: JobId
    status: JobStatus
    reason: Reason | None = None
    """Needed to hold, to close and to reopen."""
    expected_version: int | None = None


class DeleteJob(Command[None], frozen=True, kw_only=True):
    """Delete a draft that has no applications."""

    job_id: JobId
    expected_version: int | None = None


class SetJobStages(Command[JobView], frozen=True, kw_only=True):
    """Replace a job's stages: rename, reorder, add and remove."""

    job_id: JobId
    stages: tuple[StageSpec, ...]
    move_to: dict[StageId, StageId] = msgspec.field(default_factory=dict)
    """Where the applications of a removed stage go, by the removed stage's id."""
    expected_version: int | None = None


class SetDefaultPipeline(Command[PipelineView], frozen=True, kw_only=True):
    """Replace the stages that new jobs start with; jobs that exist keep theirs."""

    stages: tuple[DefaultStage, ...]
    expected_version: int | None = None


class GetJob(Query[JobView], frozen=True, kw_only=True):
    """One job."""

    job_id: JobId


class ListJobs(Query[Page[JobRow]], frozen=True, kw_only=True):
    """Jobs, newest first."""

    page: PageRequest = PageRequest()
    status: JobStatus | None = None
    department: str | None = None
    q: str | None = None
    """Part of the title, whatever the case."""


class GetDefaultPipeline(Query[PipelineView], frozen=True, kw_only=True):
    """The stages that new jobs start with."""
