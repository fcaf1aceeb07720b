"""Runs one claimed task in its tenant's scope; called by `workers.tasks`.

The claim names a tenant and a task and nothing more: what is to be done is read as that tenant. The
command's transaction also keeps that it was answered, so a task that is run twice, because a
worker died before it could say so or a lease ran out, has its effect once.
"""

from datetime import timedelta
from typing import Final
from uuid import UUID

import msgspec
import sqlalchemy as sa

from core.ports.tasks import MAX_ATTEMPTS, TASK_COMMANDS
from core.shared.actor import system
from core.shared.clock import UtcDatetime
from core.shared.errors import Unavailable
from core.shared.ids import TenantId
from core.shared.tenant import TenantContext
from plugins.postgres.idempotency import Answer, Once
from plugins.postgres.task_claims import Claim
from plugins.postgres.tasks import LeasedTasks
from plugins.postgres.tenants import feature_flags, tenants
from plugins.postgres.unit import Unit
from tenants.runtime import Runtime

FIRST_RETRY: Final = timedelta(seconds=5)
"""A failed task waits this long, then twice as long, and so on."""

WHILE_AWAY: Final = timedelta(seconds=60)
"""A task waits this long for what it needs, a disk for example, as often as it takes."""

_DONE: Final = Answer(204, {}, b"")


class TaskRunner:
    """Does the work of claims."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime

    async def run(self, claim: Claim) -> None:
        """Run the task's command and note that it is done. Raises what the command raises."""
        async with self._runtime.database.unit(claim.tenant_id) as unit:
            task = await LeasedTasks(unit).read(claim.task_id)
            tenant = await _tenant(unit)
        if task is None or tenant is None or not task.is_open:
            return
        command = msgspec.convert(task.payload, TASK_COMMANDS[task.kind])
        scope = self._runtime.scope(
            tenant, system(claim.tenant_id, claim.task_id), f"task-{claim.task_id}"
        )
        once = Once("task", task.kind, str(claim.task_id), b"")
        await scope.execute_once(command, once, lambda _: _DONE)
        await self.finish(claim)

    async def finish(self, claim: Claim) -> None:
        """Note that the work is done."""
        async with self._runtime.database.unit(claim.tenant_id) as unit:
            await LeasedTasks(unit).finish(claim.task_id)

    async def fail(self, claim: Claim, error: BaseException) -> bool:
        """Note the error and when to try again; return whether there will be another attempt.

        What is away isn't the task's failure: such an attempt doesn't count.
        """
        said = f"{type(error).__name__}: {error}"[:500]
        if isinstance(error, Unavailable):
            async with self._runtime.database.unit(claim.tenant_id) as unit:
                again_at = self._runtime.clock.now() + WHILE_AWAY
                await LeasedTasks(unit).put_off(claim.task_id, said, retry_at=again_at)
            return True
        retry_at = None
        if claim.attempt < MAX_ATTEMPTS:
            retry_at = self._runtime.clock.now() + FIRST_RETRY * 2 ** (claim.attempt - 1)
        async with self._runtime.database.unit(claim.tenant_id) as unit:
            await LeasedTasks(unit).fail(claim.task_id, said, retry_at=retry_at)
        return retry_at is not None

    async def renew(self, claim: Claim, lease: timedelta) -> None:
        """Keep the lease while the work goes on."""
        until = UtcDatetime(self._runtime.clock.now() + lease)
        async with self._runtime.database.unit(claim.tenant_id) as unit:
            await LeasedTasks(unit).renew(claim.task_id, until)


async def _tenant(unit: Unit) -> TenantContext | None:
    row = await unit.one_or_none(sa.select(tenants).where(tenants.c.id == unit.tenant_id))
    if row is None:
        return None
    flags = await unit.all(sa.select(feature_flags.c.feature, feature_flags.c.enabled))
    return TenantContext(
        id=TenantId(UUID(str(row.id))),
        slug=row.slug,
        name=row.name,
        time_zone=row.time_zone,
        locale=row.locale,
        plan=row.plan,
        status=row.status,
        granted=frozenset(flag.feature for flag in flags if flag.enabled),
        withheld=frozenset(flag.feature for flag in flags if not flag.enabled),
    )
