"""The times at which plugins asked to be called, and the background work that calls them."""

from typing import Any

import msgspec

from core.ports.tasks import Attempt, outside
from core.shared.reactions import PLUGIN_QUEUE
from core.shared.schedules import SCHEDULES, Schedule
from plugins.host.catalogue import Catalogue
from tenants.injection import Session

TASK = "plugin_schedule"
LIMIT_SECONDS = 320.0
"""The longest deadline that a plugin can have, and a margin."""


class PluginTime(msgspec.Struct, frozen=True):
    """The payload of the task: which scheduled task of which plugin, and for which time."""

    plugin_id: str
    name: str
    fire_at: str


class PluginClock:
    """What this work needs."""

    def __init__(self, session: Session) -> None:
        self._session = session

    async def call(self, time: PluginTime, attempt: Attempt) -> None:
        """Let the plugin do what it does at that time."""
        session = self._session
        await session.plugins.run_scheduled(
            session.tenant,
            time.plugin_id,
            time.name,
            f"{time.plugin_id}-{time.name}-{time.fire_at}",
            attempt.request_id,
        )


@outside(TASK, queue=PLUGIN_QUEUE, limit_seconds=LIMIT_SECONDS)
class PluginScheduleWork:
    """One attempt."""

    async def prepare(self, work: PluginTime) -> PluginTime:
        """Nothing is to be read: the plugin's door looks whether it is still enabled."""
        return work

    async def perform(self, prepared: PluginTime, *, clock: PluginClock, attempt: Attempt) -> None:
        """Call the plugin."""
        await clock.call(prepared, attempt)

    async def conclude(self, prepared: PluginTime, outcome: Any) -> None:
        """Nothing is to be noted but that it is done, which the runner does."""


def schedules_of(catalogue: Catalogue) -> dict[str, Schedule]:
    """Return the core's schedules and those of every plugin that is installed."""
    found = dict(SCHEDULES)
    for plugin in catalogue.plugins.values():
        for task in plugin.scheduled_tasks:
            name = f"plugin:{plugin.id}:{task.name}"
            found[name] = Schedule(
                name=name,
                task=TASK,
                cron=task.cron,
                zone="tenant",
                missed=task.missed,
                queue=PLUGIN_QUEUE,
                payload={"plugin_id": plugin.id, "name": task.name},
                tells_time=True,
                plugin_id=plugin.id,
            )
    return found
