"""`intellimatch tasks`: what background work waits or was given up, and what to do about it."""

from typing import get_args
from uuid import UUID

import click
import msgspec

from api.cli.operator import every_slug, open_tenant, print_json, with_runtime
from core.ports.tasks import TaskId
from core.shared.errors import NotFound
from core.shared.paging import MAX_LIMIT, PageRequest
from core.shared.usecase import Command
from core.tasks.contracts import DropTask, ListTasks, RetryTask, ShowTask, TaskGroup, TaskView
from core.tasks.errors import TaskNotFound
from tenants.runtime import Runtime
from tenants.scope import TenantScope

_TENANT = click.option("--tenant", "slug", help="Of this tenant; of all of them if left out.")
_AS_JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
_TASK = click.argument("task_id", type=click.UUID)


class TenantTask(msgspec.Struct, frozen=True):
    """A task and whose it is."""

    tenant: str
    task: TaskView


@click.group("tasks")
def command() -> None:
    """List, show, retry and drop background tasks.

    Without --tenant, the owner's role is needed to know every tenant.
    """


@command.command("list")
@_TENANT
@click.option(
    "--group",
    type=click.Choice(get_args(TaskGroup)),
    default="given_up",
    show_default=True,
    help="given_up: failed or quarantined; open: waiting, sent or running; ended: done or dropped.",
)
@click.option("--kind", help="Only this kind of work.")
@click.option("--limit", type=click.IntRange(1, MAX_LIMIT), default=50, show_default=True)
@_AS_JSON
def list_command(
    slug: str | None, group: TaskGroup, kind: str | None, limit: int, *, as_json: bool
) -> None:
    """List tasks, of each tenant the newest first; exit code 0 even if there are any."""

    async def work(runtime: Runtime) -> list[TenantTask]:
        query = ListTasks(group=group, kind=kind, page=PageRequest(limit))
        found = []
        for name in await _slugs(runtime, slug):
            _, scope = await open_tenant(runtime, name)
            found += [TenantTask(name, task) for task in (await scope.ask(query)).items]
        return found

    found = with_runtime(work)
    if as_json:
        print_json(found)
        return
    if not found:
        click.echo({"given_up": "Nothing was given up."}.get(group, "No such task."))
    for each in found:
        click.echo(_line(each))


@command.command("show")
@_TASK
@_TENANT
@_AS_JSON
def show(task_id: UUID, slug: str | None, *, as_json: bool) -> None:
    """Show a task with the error of its last attempt."""

    async def work(runtime: Runtime) -> TenantTask:
        name, scope = await _find(runtime, slug, TaskId(task_id))
        return TenantTask(name, await scope.ask(ShowTask(task_id=TaskId(task_id))))

    _print(with_runtime(work), as_json=as_json)


@command.command("retry")
@_TASK
@_TENANT
@_AS_JSON
def retry(task_id: UUID, slug: str | None, *, as_json: bool) -> None:
    """Give a task that was given up three attempts more, beginning now."""
    _change(slug, RetryTask(task_id=TaskId(task_id)), TaskId(task_id), as_json=as_json)


@command.command("drop")
@_TASK
@click.option("--reason", required=True, help="Kept in the tenant's audit trail.")
@_TENANT
@_AS_JSON
def drop(task_id: UUID, reason: str, slug: str | None, *, as_json: bool) -> None:
    """Never do a task; what waits behind it goes on."""
    dropped = DropTask(task_id=TaskId(task_id), reason=reason)
    _change(slug, dropped, TaskId(task_id), as_json=as_json)


def _change(slug: str | None, change: Command[TaskView], task_id: TaskId, *, as_json: bool) -> None:
    async def work(runtime: Runtime) -> TenantTask:
        name, scope = await _find(runtime, slug, task_id)
        return TenantTask(name, await scope.execute(change))

    _print(with_runtime(work), as_json=as_json)


async def _slugs(runtime: Runtime, slug: str | None) -> list[str]:
    return await every_slug(runtime.settings) if slug is None else [slug]


async def _find(runtime: Runtime, slug: str | None, task_id: TaskId) -> tuple[str, TenantScope]:
    """Return whose the task is. Raises NotFound."""
    for name in await _slugs(runtime, slug):
        _, scope = await open_tenant(runtime, name)
        try:
            await scope.ask(ShowTask(task_id=task_id))
        except TaskNotFound:
            continue
        return name, scope
    raise NotFound(f"There is no task {task_id}.")


def _print(found: TenantTask, *, as_json: bool) -> None:
    if as_json:
        print_json(found)
        return
    task = found.task
    click.echo(_line(found))
    click.echo(f"queue       {task.queue}")
    click.echo(f"subscriber  {task.subscriber or '-'}")
    click.echo(f"event       {task.event_id or '-'}")
    click.echo(f"attempts    {task.attempts}")
    click.echo(f"created     {task.created_at:%Y-%m-%d %H:%M:%S} UTC")
    click.echo(f"not before  {task.run_at:%Y-%m-%d %H:%M:%S} UTC")
    click.echo(f"request     {task.request_id or '-'}")
    click.echo(f"error       {task.error or '-'}")
    if task.holds_back:
        click.echo("Later events of the same thing wait for it.")


def _line(found: TenantTask) -> str:
    task = found.task
    what = task.kind if task.subscriber is None else f"{task.kind} for {task.subscriber}"
    said = "" if task.error is None else f"  {task.error}"
    return f"{task.id}  {found.tenant:<16} {task.state:<11} {what}{said}"
