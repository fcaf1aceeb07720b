"""What happened to interviews and feedback."""

from datetime import datetime
from typing import ClassVar
from uuid import UUID

from core.shared.events import Event


class InterviewEvent(Event, frozen=True, kw_only=True):
    """Base of the events of one interview; `aggregate_id` is the interview."""

    aggregate: ClassVar[str] = "interview"
    application_id: UUID


class InterviewScheduled(InterviewEvent, frozen=True, kw_only=True):
    """A time was fixed."""

    type: ClassVar[str] = "interview.scheduled"
    starts_at: datetime
    ends_at: datetime
    interviewers: tuple[UUID, ...]


class InterviewRescheduled(InterviewEvent, frozen=True, kw_only=True):
    """Time, place or interviewers changed."""

    type: ClassVar[str] = "interview.rescheduled"
    starts_at: datetime
    ends_at: datetime
    interviewers: tuple[UUID, ...]


class InterviewCancelled(InterviewEvent, frozen=True, kw_only=True):
    """It won't take place."""

    type: ClassVar[str] = "interview.cancelled"


class FeedbackDue(InterviewEvent, frozen=True, kw_only=True):
    """It is over for some time, and these interviewers have given no feedback since it began."""

    type: ClassVar[str] = "interview.feedback_due"
    interviewers: tuple[UUID, ...]


class FeedbackEvent(Event, frozen=True, kw_only=True):
    """Base of the events of feedback; `aggregate_id` is the feedback. It holds no opinion."""

    aggregate: ClassVar[str] = "feedback"
    application_id: UUID
    author_id: UUID


class FeedbackSubmitted(FeedbackEvent, frozen=True, kw_only=True):
    """A member gave feedback."""

    type: ClassVar[str] = "feedback.submitted"


class FeedbackEdited(FeedbackEvent, frozen=True, kw_only=True):
    """A member changed their feedback."""

    type: ClassVar[str] = "feedback.edited"
