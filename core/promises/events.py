"""What happened to promises and because of them."""

from datetime import datetime
from typing import ClassVar
from uuid import UUID

from core.shared.events import Event


class PromiseEvent(Event, frozen=True, kw_only=True):
    """Base of the events of promises; `aggregate_id` is the tenant."""

    aggregate: ClassVar[str] = "promise"
    job_id: UUID | None = None


class PromiseSet(PromiseEvent, frozen=True, kw_only=True):
    """An answer is promised, or promised otherwise."""

    type: ClassVar[str] = "promise.set"


class PromiseDropped(PromiseEvent, frozen=True, kw_only=True):
    """A promise doesn't hold any more."""

    type: ClassVar[str] = "promise.dropped"


class AnswerNear(Event, frozen=True, kw_only=True):
    """A promised answer comes near, or is late; told once of each silence.

    `aggregate_id` is the application.
    """

    type: ClassVar[str] = "application.answer_near"
    aggregate: ClassVar[str] = "application"
    job_id: UUID
    due_at: datetime
