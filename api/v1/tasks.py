"""Background work of the tenant: what waits, what was given up, and what to do about it."""

from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import Controller, Request, get, post
from litestar.params import FromPath, JSONBody, QueryParameter

from api.mutation import mutate
from api.paging import CursorParameter, LimitParameter, reply_page
from api.problems import problems
from api.replies import Reply, reply
from api.request_scope import Scoped
from core.ports.tasks import TaskId
from core.shared.paging import DEFAULT_LIMIT, Page, PageRequest
from core.tasks.contracts import (
    DropTask,
    ListTasks,
    Reason,
    RetryTask,
    ShowTask,
    TaskGroup,
    TaskView,
)

GroupFilter = Annotated[
    TaskGroup,
    QueryParameter(
        description="`given_up`: failed three times, or ended three workers. `open`: waits, was "
        "sent to a worker or runs. `ended`: done or dropped, of the last days."
    ),
]
KindFilter = Annotated[
    str | None, QueryParameter(max_length=100, description="The kind of work, as tasks show it.")
]


class DropTaskRequest(msgspec.Struct, forbid_unknown_fields=True):
    """Why the task is never to be done."""

    reason: Annotated[
        Reason, msgspec.Meta(description="Kept in the audit trail.", examples=["Sent by hand"])
    ]


class TasksController(Controller):
    """Background tasks."""

    path = "/tasks"
    tags = ("Tasks",)

    @get(operation_id="listTasks", summary="List background tasks", responses=problems(403))
    async def list_tasks(
        self,
        request: Request[Any, Any, Any],
        tenant_scope: Scoped,
        limit: LimitParameter = DEFAULT_LIMIT,
        cursor: CursorParameter = None,
        group: GroupFilter = "given_up",
        kind: KindFilter = None,
    ) -> Reply[Page[TaskView]]:
        """Return tasks, newest first; those that were given up unless asked otherwise."""
        query = ListTasks(group=group, kind=kind, page=PageRequest(limit, cursor))
        return reply_page(request, await tenant_scope.ask(query))

    @get(
        "/{task_id:uuid}",
        operation_id="showTask",
        summary="Show a background task",
        responses=problems(403, 404),
    )
    async def show(self, tenant_scope: Scoped, task_id: FromPath[UUID]) -> Reply[TaskView]:
        """Return the task with the error of its last attempt."""
        return reply(await tenant_scope.ask(ShowTask(task_id=TaskId(task_id))))

    @post(
        "/{task_id:uuid}/retry",
        status_code=200,
        operation_id="retryTask",
        summary="Retry a background task",
        responses=problems(403, 404, 409),
    )
    async def retry(
        self, request: Request[Any, Any, Any], tenant_scope: Scoped, task_id: FromPath[UUID]
    ) -> Reply[TaskView]:
        """Give a task that was given up three attempts more, beginning now."""
        command = RetryTask(task_id=TaskId(task_id))
        return await mutate(request, tenant_scope, command, status=200)

    @post(
        "/{task_id:uuid}/drop",
        status_code=200,
        operation_id="dropTask",
        summary="Drop a background task",
        responses=problems(403, 404, 409),
    )
    async def drop(
        self,
        request: Request[Any, Any, Any],
        tenant_scope: Scoped,
        task_id: FromPath[UUID],
        data: JSONBody[DropTaskRequest],
    ) -> Reply[TaskView]:
        """Never do the task. Later events that waited for it go on."""
        command = DropTask(task_id=TaskId(task_id), reason=data.reason)
        return await mutate(request, tenant_scope, command, status=200)
