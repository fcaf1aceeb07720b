"""Looking at background work, and deciding about what was given up."""

from core.shared.events import Recorder
from core.shared.paging import Page
from core.shared.permissions import Action
from core.shared.usecase import handles
from core.tasks.contracts import DropTask, ListTasks, RetryTask, ShowTask, TaskView
from core.tasks.errors import TaskEnded, TaskNotGivenUp
from core.tasks.events import TaskDropped, TaskRetried
from core.tasks.ports import TaskOperations, TaskQueries

_GIVEN_UP = ("failed", "quarantined")


@handles(ListTasks, action=Action.MANAGE_TENANT)
async def list_tasks(query: ListTasks, *, tasks: TaskQueries) -> Page[TaskView]:
    """Return a page."""
    return await tasks.page(query)


@handles(ShowTask, action=Action.MANAGE_TENANT)
async def show_task(query: ShowTask, *, tasks: TaskQueries) -> TaskView:
    """Return one task."""
    return await tasks.get(query.task_id)


@handles(RetryTask, action=Action.MANAGE_TENANT)
async def retry_task(command: RetryTask, *, tasks: TaskOperations, recorder: Recorder) -> TaskView:
    """Begin anew with counting."""
    present = await tasks.get_for_change(command.task_id)
    if present.state not in _GIVEN_UP:
        raise TaskNotGivenUp(f"The task is {present.state}; only one that was given up is retried.")
    retried = await tasks.retry(command.task_id)
    recorder.record(
        TaskRetried(aggregate_id=command.task_id, kind=present.kind, subscriber=present.subscriber),
        before={"state": present.state, "error": present.error},
        after={"state": retried.state},
    )
    return retried


@handles(DropTask, action=Action.MANAGE_TENANT)
async def drop_task(command: DropTask, *, tasks: TaskOperations, recorder: Recorder) -> TaskView:
    """End it undone."""
    present = await tasks.get_for_change(command.task_id)
    if present.state in ("done", "dropped", "running"):
        raise TaskEnded(
            "A worker is at the task. Try again in a minute."
            if present.state == "running"
            else f"The task is {present.state} already."
        )
    dropped = await tasks.drop(command.task_id)
    recorder.record(
        TaskDropped(aggregate_id=command.task_id, kind=present.kind, subscriber=present.subscriber),
        before={"state": present.state, "error": present.error},
        after={"state": dropped.state},
        reason=command.reason,
    )
    return dropped
