"""What others may know of interviews and feedback: ids, commands, queries and views."""

from datetime import datetime
from typing import Annotated, Literal, NewType
from uuid import UUID

import msgspec
from msgspec import UNSET, UnsetType

from core.applications.contracts import ApplicationId, Person
from core.shared.ids import MemberId
from core.shared.paging import Page, PageRequest
from core.shared.text import LINE, TEXT
from core.shared.usecase import Command, Query

InterviewId = NewType("InterviewId", UUID)
FeedbackId = NewType("FeedbackId", UUID)

InterviewKind = Literal["phone", "video", "onsite", "technical", "panel", "other"]
InterviewStatus = Literal["scheduled", "cancelled"]
Recommendation = Literal["strong_no", "no", "mixed", "yes", "strong_yes"]

ZoneName = Annotated[
    str, msgspec.Meta(min_length=1, max_length=64, pattern=LINE, examples=["Europe/Berlin"])
]
Place = Annotated[str, msgspec.Meta(min_length=1, max_length=300, pattern=LINE)]
Link = Annotated[
    str,
    msgspec.Meta(
        max_length=2_000,
        pattern=r"^https://[^\s\x00-\x1f\x7f]+$",
        examples=["https://meet.example.com/abc"],
    ),
]
Criterion = Annotated[
    str, msgspec.Meta(min_length=1, max_length=80, pattern=LINE, examples=["Communication"])
]
Rating = Annotated[int, msgspec.Meta(ge=1, le=5)]
Ratings = Annotated[dict[Criterion, Rating], msgspec.Meta(max_length=20)]
Comment = Annotated[str, msgspec.Meta(max_length=10_000, pattern=TEXT)]
CancelReason = Annotated[str, msgspec.Meta(min_length=1, max_length=500, pattern=TEXT)]


class InterviewView(msgspec.Struct, frozen=True):
    """An interview."""

    id: InterviewId
    application_id: ApplicationId
    kind: InterviewKind
    status: InterviewStatus
    starts_at: datetime
    ends_at: datetime
    time_zone: str
    """IANA name of the zone in which people speak of it; the instants are UTC."""
    interviewers: tuple[Person, ...]
    location: str | None
    link: str | None
    cancel_reason: str | None
    created_by: Person | None
    created_at: datetime
    updated_at: datetime
    version: int
    """Goes up by one at every change; the ETag."""


class FeedbackView(msgspec.Struct, frozen=True):
    """What one member thinks of an application."""

    id: FeedbackId
    application_id: ApplicationId
    author: Person
    recommendation: Recommendation
    ratings: dict[str, int]
    comment: str
    submitted_at: datetime
    updated_at: datetime
    version: int
    """Goes up by one at every change; the ETag. Every version is kept."""


class FeedbackVersion(msgspec.Struct, frozen=True):
    """Feedback as it was from `at` until the next version."""

    version: int
    at: datetime
    recommendation: Recommendation
    ratings: dict[str, int]
    comment: str


class FeedbackHistory(msgspec.Struct, frozen=True):
    """Every version of one member's feedback, oldest first."""

    feedback_id: FeedbackId
    author: Person
    versions: tuple[FeedbackVersion, ...]


class FeedbackList(msgspec.Struct, frozen=True):
    """The feedback on an application."""

    items: tuple[FeedbackView, ...]
    hidden_until_yours: int
    """How many are not shown until you have given yours, so that nobody is led by the others."""


class ScheduleInterview(Command[InterviewView], frozen=True, kw_only=True):
    """Fix a time with interviewers who are free then."""

    application_id: ApplicationId
    kind: InterviewKind
    starts_at: datetime
    ends_at: datetime
    time_zone: ZoneName
    interviewers: tuple[MemberId, ...]
    location: Place | None = None
    link: Link | None = None


class RescheduleInterview(Command[InterviewView], frozen=True, kw_only=True):
    """Change what is set of a scheduled interview."""

    interview_id: InterviewId
    expected_version: int | None = None
    kind: InterviewKind | UnsetType = UNSET
    starts_at: datetime | UnsetType = UNSET
    ends_at: datetime | UnsetType = UNSET
    time_zone: ZoneName | UnsetType = UNSET
    interviewers: tuple[MemberId, ...] | UnsetType = UNSET
    location: Place | UnsetType | None = UNSET
    link: Link | UnsetType | None = UNSET


class CancelInterview(Command[InterviewView], frozen=True, kw_only=True):
    """Cancel; the interviewers are free again."""

    interview_id: InterviewId
    reason: CancelReason
    expected_version: int | None = None


class SubmitFeedback(Command[FeedbackView], frozen=True, kw_only=True):
    """Give one's feedback on an application, once."""

    application_id: ApplicationId
    recommendation: Recommendation
    ratings: Ratings = msgspec.field(default_factory=dict)
    comment: Comment = ""


class EditFeedback(Command[FeedbackView], frozen=True, kw_only=True):
    """Change one's own feedback; the version before is kept."""

    feedback_id: FeedbackId
    expected_version: int | None = None
    recommendation: Recommendation | UnsetType = UNSET
    ratings: Ratings | UnsetType = UNSET
    comment: Comment | UnsetType = UNSET


class GetInterview(Query[InterviewView], frozen=True, kw_only=True):
    """One interview."""

    interview_id: InterviewId


class ListInterviews(Query[Page[InterviewView]], frozen=True, kw_only=True):
    """Interviews in the order in which they start."""

    page: PageRequest = PageRequest()
    application_id: ApplicationId | None = None
    mine: bool = False
    """Only those where the one who asks is an interviewer."""
    starts_after: datetime | None = None
    include_cancelled: bool = False


class ListFeedback(Query[FeedbackList], frozen=True, kw_only=True):
    """The feedback on an application."""

    application_id: ApplicationId


class GetFeedbackHistory(Query[FeedbackHistory], frozen=True, kw_only=True):
    """Every version of one member's feedback."""

    feedback_id: FeedbackId
