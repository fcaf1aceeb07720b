"""What every tenant's database forgets in time; workers run it a few times a day."""

from datetime import timedelta
from typing import ClassVar, Final, Protocol

from core.ports.tasks import task
from core.shared.actor import Actor
from core.shared.events import Event, Recorder
from core.shared.permissions import Action
from core.shared.schedules import schedule
from core.shared.usecase import Command, handles

KEPT: Final = timedelta(days=7)
"""How long answers to idempotency keys and finished tasks are kept; at least a day is promised."""


class Pruned(Event, frozen=True, kw_only=True):
    """What had outlived its use was forgotten; `aggregate_id` is the tenant."""

    type: ClassVar[str] = "tenant.pruned"
    aggregate: ClassVar[str] = "tenant"
    rows: int


class Leftovers(Protocol):
    """Rows that only served for a while."""

    async def prune(self, older_than: timedelta) -> int:
        """Delete those that are older and return how many they were."""
        ...


schedule("housekeeping", task="housekeeping", cron="7 */6 * * *")


@task("housekeeping")
class KeepHouse(Command[int], frozen=True, kw_only=True):
    """Forget answers to idempotency keys, finished tasks and ended sessions."""


@handles(KeepHouse, action=Action.MANAGE_TENANT)
async def keep_house(
    command: KeepHouse,  # noqa: ARG001 - the command has no fields
    *,
    actor: Actor,
    leftovers: Leftovers,
    recorder: Recorder,
) -> int:
    """Delete what is old enough."""
    rows = await leftovers.prune(KEPT)
    if rows:
        recorder.record(Pruned(aggregate_id=actor.tenant_id, rows=rows))
    return rows
