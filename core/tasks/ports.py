"""What this slice needs from outside: the tasks of the tenant."""

from typing import Protocol

from core.ports.tasks import TaskId
from core.shared.paging import Page
from core.tasks.contracts import ListTasks, TaskView


class TaskOperations(Protocol):
    """Changes tasks."""

    async def get_for_change(self, task_id: TaskId) -> TaskView:
        """Return the task, locked until the end of the transaction. Raises TaskNotFound."""
        ...

    async def retry(self, task_id: TaskId) -> TaskView:
        """Let it run again, with no attempt counted."""
        ...

    async def drop(self, task_id: TaskId) -> TaskView:
        """End it undone."""
        ...


class TaskQueries(Protocol):
    """Reads tasks."""

    async def page(self, query: ListTasks) -> Page[TaskView]:
        """Return a page, newest first."""
        ...

    async def get(self, task_id: TaskId) -> TaskView:
        """Return the task. Raises TaskNotFound."""
        ...
