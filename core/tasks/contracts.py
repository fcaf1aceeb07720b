"""What others may know of background tasks: queries, commands and views."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

import msgspec

from core.ports.tasks import TaskId
from core.shared.paging import Page, PageRequest
from core.shared.text import LINE
from core.shared.usecase import Command, Query

TaskState = Literal["waiting", "sent", "running", "failed", "quarantined", "dropped", "done"]
"""`sent`: a worker was told of it. `failed`: given up after three attempts, each with an error.

`quarantined`: given up since three workers ended during it. `dropped`: given up by an operator.
"""

TaskGroup = Literal["open", "given_up", "ended"]
"""`open`: waiting, sent or running. `given_up`: failed or quarantined. `ended`: done or dropped."""

Reason = Annotated[str, msgspec.Meta(min_length=1, max_length=500, pattern=LINE)]


class TaskView(msgspec.Struct, frozen=True):
    """A task, or the delivery of one event to one subscriber. Never shows what it works on."""

    id: TaskId
    kind: str
    state: TaskState
    queue: str
    subscriber: str | None
    """Who is to hear of the event; null for a task that isn't about an event."""
    event_id: UUID | None
    attempts: int
    error: str | None
    """What the last attempt ended with."""
    request_id: str | None
    """Of the request that caused it."""
    holds_back: bool
    """Whether later events of the same thing wait for it, as its subscriber wants them in order."""
    created_at: datetime
    run_at: datetime
    """Not before."""
    ended_at: datetime | None
    """When it was done, dropped or given up."""


class ListTasks(Query[Page[TaskView]], frozen=True, kw_only=True):
    """List tasks, newest first."""

    group: TaskGroup = "given_up"
    kind: str | None = None
    page: PageRequest = PageRequest()


class ShowTask(Query[TaskView], frozen=True, kw_only=True):
    """Show a task."""

    task_id: TaskId


class RetryTask(Command[TaskView], frozen=True, kw_only=True):
    """Let a task that was given up have three attempts more, at once."""

    task_id: TaskId


class DropTask(Command[TaskView], frozen=True, kw_only=True):
    """Never do a task that isn't done; what waits behind it goes on."""

    task_id: TaskId
    reason: Reason
