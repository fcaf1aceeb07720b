"""What others may know of applications: ids, commands, queries and views."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Literal, NewType
from uuid import UUID

import msgspec

from core.candidates.contracts import CandidateId
from core.jobs.contracts import JobId, QuestionId, StageId, StageKind
from core.ports.tasks import task
from core.shared.events import Cause
from core.shared.ids import MemberId
from core.shared.paging import Page, PageRequest
from core.shared.text import TEXT
from core.shared.usecase import Command, Query

ApplicationId = NewType("ApplicationId", UUID)
BulkRejectionId = NewType("BulkRejectionId", UUID)

Disposition = Literal["active", "hired", "rejected", "withdrawn"]
ApplicationSource = Literal[
    "careers", "referral", "sourced", "agency", "job_board", "event", "import", "api", "other"
]
RejectionReason = Literal[
    "not_qualified",
    "experience",
    "skills",
    "failed_assessment",
    "pay",
    "location",
    "work_permit",
    "no_show",
    "position_filled",
    "duplicate",
    "other",
]
WithdrawalReason = Literal[
    "other_offer", "pay", "location", "timing", "lost_interest", "no_response", "other"
]
ChangeKind = Literal["applied", "moved", "hired", "rejected", "withdrawn", "reopened"]

Answer = str | bool | int | float
Note = Annotated[str, msgspec.Meta(min_length=1, max_length=2_000, pattern=TEXT)]

MAX_BULK = 500
MAX_CARDS = 10_000
"""On one board: more than anybody scrolls through."""


class Person(msgspec.Struct, frozen=True):
    """A member of the team, by name."""

    member_id: MemberId
    name: str


class ApplicationView(msgspec.Struct, frozen=True):
    """One application."""

    id: ApplicationId
    candidate_id: CandidateId
    candidate_name: str
    job_id: JobId
    job_title: str
    stage_id: StageId
    stage_name: str
    stage_kind: StageKind
    stage_entered_at: datetime
    disposition: Disposition
    disposition_reason: str | None
    disposition_note: str | None
    assignee: Person | None
    assigned_at: datetime | None
    assigned_by: Person | None
    source: ApplicationSource
    answers: dict[QuestionId, Answer]
    applied_at: datetime
    updated_at: datetime
    version: int
    """Goes up by one at every change; the ETag."""


class ApplicationRow(msgspec.Struct, frozen=True):
    """An application in a list."""

    id: ApplicationId
    candidate_id: CandidateId
    candidate_name: str
    job_id: JobId
    job_title: str
    stage_id: StageId
    stage_name: str
    stage_entered_at: datetime
    disposition: Disposition
    assignee_id: MemberId | None
    assignee_name: str | None
    source: ApplicationSource
    applied_at: datetime
    version: int


class Card(msgspec.Struct, frozen=True, gc=False):
    """An active application on its job's board."""

    id: ApplicationId
    candidate_id: CandidateId
    candidate_name: str
    stage_id: StageId
    stage_entered_at: datetime
    assignee_id: MemberId | None
    assignee_name: str | None
    source: ApplicationSource
    version: int


class StageChange(msgspec.Struct, frozen=True):
    """One entry of an application's history; none is ever changed."""

    id: UUID
    at: datetime
    kind: ChangeKind
    by: Person | None
    """None when no member acted: the system, or the applicant."""
    from_stage_id: StageId | None
    from_stage: str | None
    to_stage_id: StageId
    to_stage: str
    from_disposition: Disposition | None
    to_disposition: Disposition
    reason_code: str | None
    reason: str | None


class Assignment(msgspec.Struct, frozen=True):
    """One change of who looks after an application."""

    at: datetime
    by: Person | None
    from_member: Person | None
    to_member: Person | None


class HistoryView(msgspec.Struct, frozen=True):
    """Everything that happened to an application, oldest first."""

    changes: tuple[StageChange, ...]
    assignments: tuple[Assignment, ...]


class StageDuration(msgspec.Struct, frozen=True):
    """How long an application stood in one stage, all visits together."""

    stage_id: StageId
    stage: str
    seconds: int
    visits: int
    is_current: bool
    """Whether it stands there now, so that `seconds` still grows."""


class StageDurationsView(msgspec.Struct, frozen=True):
    """How long an application stood in each stage, in the order of its first visit.

    Time with a disposition other than active counts for no stage.
    """

    stages: tuple[StageDuration, ...]
    total_seconds: int


class PipelineCard(msgspec.Struct, frozen=True):
    """An application as a card of the pipeline."""

    application_id: ApplicationId
    candidate_id: CandidateId
    candidate_name: str
    since: datetime
    """When it came into its stage."""


class PipelineColumn(msgspec.Struct, frozen=True):
    """A stage and what stood in it."""

    stage_id: StageId
    stage: str
    count: int
    applications: tuple[PipelineCard, ...]
    """The longest there first, as many as were asked for."""


class PipelineSnapshot(msgspec.Struct, frozen=True):
    """How a job's pipeline stood at an instant, from the immutable history."""

    at: datetime
    stages: tuple[PipelineColumn, ...]
    hired: int
    rejected: int
    withdrawn: int


class BulkItem(msgspec.Struct, frozen=True):
    """What became of one application of a bulk action."""

    application_id: ApplicationId
    result: Literal["moved", "conflict", "not_found"]
    code: str | None = None
    message: str | None = None


class BulkMoveView(msgspec.Struct, frozen=True):
    """The result for each application, in the order of the request."""

    items: tuple[BulkItem, ...]
    moved: int


class RejectionItem(msgspec.Struct, frozen=True):
    """One application of a bulk rejection."""

    application_id: ApplicationId
    status: Literal["pending", "recalled", "rejected", "skipped"]
    skipped_because: str | None = None
    """Why it was not rejected: moved, hired, rejected or withdrawn in the meantime."""


class BulkRejectionView(msgspec.Struct, frozen=True):
    """Rejections that take effect at `effective_at`, and can be recalled until then."""

    id: BulkRejectionId
    status: Literal["pending", "recalled", "done"]
    reason: RejectionReason
    note: str | None
    created_by: Person | None
    created_at: datetime
    effective_at: datetime
    finished_at: datetime | None
    items: tuple[RejectionItem, ...]
    version: int


class CreateApplication(Command[ApplicationView], frozen=True, kw_only=True):
    """Put a candidate into the first stage of an open job."""

    candidate_id: CandidateId
    job_id: JobId
    source: ApplicationSource = "api"
    answers: Mapping[QuestionId, Answer] = msgspec.field(default_factory=dict)
    assignee_id: MemberId | None = None


class MoveApplication(Command[ApplicationView], frozen=True, kw_only=True):
    """Move to another stage; into the stage of the kind hired, it becomes hired."""

    application_id: ApplicationId
    to_stage_id: StageId
    from_stage_id: StageId
    """Where the caller saw it. When it is elsewhere by now, the move is refused."""
    reason: Note | None = None
    expected_version: int | None = None
    cause: Cause | None = None


class RejectApplication(Command[ApplicationView], frozen=True, kw_only=True):
    """Reject at once."""

    application_id: ApplicationId
    reason: RejectionReason
    note: Note | None = None
    expected_version: int | None = None


class WithdrawApplication(Command[ApplicationView], frozen=True, kw_only=True):
    """Note that the candidate withdrew."""

    application_id: ApplicationId
    reason: WithdrawalReason
    note: Note | None = None
    expected_version: int | None = None


class ReopenApplication(Command[ApplicationView], frozen=True, kw_only=True):
    """Make it active again, in the stage it was in; the hired go to a stage that is named."""

    application_id: ApplicationId
    reason: Note
    to_stage_id: StageId | None = None
    expected_version: int | None = None


class AssignApplication(Command[ApplicationView], frozen=True, kw_only=True):
    """Give it to a member to look after, or to nobody."""

    application_id: ApplicationId
    assignee_id: MemberId | None
    expected_version: int | None = None
    cause: Cause | None = None


class Move(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One application of a bulk move and where the caller saw it."""

    application_id: ApplicationId
    from_stage_id: StageId


class BulkMove(Command[BulkMoveView], frozen=True, kw_only=True):
    """Move many; each one moves or not by itself."""

    moves: tuple[Move, ...]
    to_stage_id: StageId
    reason: Note | None = None


class CreateBulkRejection(Command[BulkRejectionView], frozen=True, kw_only=True):
    """Reject many after a delay in which it can be recalled."""

    application_ids: tuple[ApplicationId, ...]
    reason: RejectionReason
    note: Note | None = None
    delay_minutes: int = 30


class RecallBulkRejection(Command[BulkRejectionView], frozen=True, kw_only=True):
    """Take back what has not taken effect: all of it, or one application."""

    bulk_rejection_id: BulkRejectionId
    application_id: ApplicationId | None = None


@task("bulk_rejection")
class ApplyBulkRejection(Command[None], frozen=True, kw_only=True):
    """Let a bulk rejection take effect; workers run it when its time has come."""

    bulk_rejection_id: BulkRejectionId


class GetApplication(Query[ApplicationView], frozen=True, kw_only=True):
    """One application."""

    application_id: ApplicationId


class ListApplications(Query[Page[ApplicationRow]], frozen=True, kw_only=True):
    """Applications, newest first."""

    page: PageRequest = PageRequest()
    job_id: JobId | None = None
    stage_id: StageId | None = None
    assignee_id: MemberId | None = None
    candidate_id: CandidateId | None = None
    disposition: Disposition | None = None
    source: ApplicationSource | None = None


class ListCards(Query[tuple[Card, ...]], frozen=True, kw_only=True):
    """A job's active applications, those that have waited longest in their stage first.

    At most `MAX_CARDS`; none when there is no such job.
    """

    job_id: JobId


class GetHistory(Query[HistoryView], frozen=True, kw_only=True):
    """Everything that happened to an application."""

    application_id: ApplicationId


class GetStageDurations(Query[StageDurationsView], frozen=True, kw_only=True):
    """How long an application stood in each stage."""

    application_id: ApplicationId


class GetPipeline(Query[PipelineSnapshot], frozen=True, kw_only=True):
    """A job's pipeline as it stands, or as it stood at an instant."""

    job_id: JobId
    at: datetime | None = None
    cards: Annotated[int, msgspec.Meta(ge=0, le=200)] = 50
    """How many applications to show for each stage; the counts are always complete."""


class GetBulkRejection(Query[BulkRejectionView], frozen=True, kw_only=True):
    """A bulk rejection and what became of each application."""

    bulk_rejection_id: BulkRejectionId
