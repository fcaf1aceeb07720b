"""What operators did about tasks."""

from typing import ClassVar

from core.shared.events import Event


class TaskEvent(Event, frozen=True, kw_only=True):
    """Base of the events of one task; `aggregate_id` is the task."""

    aggregate: ClassVar[str] = "task"
    kind: str
    subscriber: str | None = None


class TaskRetried(TaskEvent, frozen=True, kw_only=True):
    """Somebody gave a task three attempts more."""

    type: ClassVar[str] = "task.retried"


class TaskDropped(TaskEvent, frozen=True, kw_only=True):
    """Somebody decided that a task is never done."""

    type: ClassVar[str] = "task.dropped"
