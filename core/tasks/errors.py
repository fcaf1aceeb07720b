"""The refusals of this slice."""

from core.shared.errors import Conflict, NotFound


class TaskNotFound(NotFound):
    """There is no such task, or it was done so long ago that it is forgotten."""

    code = "task_not_found"
    title = "No such task"
    TEXT = "There is no such task. Tasks that are done are forgotten after some days."


class TaskNotGivenUp(Conflict):
    """Only a task that was given up can be retried."""

    code = "task_not_given_up"
    title = "The task was not given up"


class TaskEnded(Conflict):
    """The task is done or dropped, or a worker is at it."""

    code = "task_ended"
    title = "The task can't be dropped"
