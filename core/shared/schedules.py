"""How a slice says that a kind of task is promised to every tenant at times, by the clock.

    schedule("housekeeping", task="housekeeping", cron="7 */6 * * *")

Any number of processes watch the clock; each time of a schedule is fired once for a tenant, since a
row that can exist only once is written together with the task. What is to be done once, at one
moment, is promised with `Tasks.schedule(run_at=...)` instead.
"""

from typing import Any, Final, Literal

import msgspec

Missed = Literal["catch_up", "once", "skip"]
"""What to do about times at which nothing ran: each of them, the last of them, none."""

Zone = Literal["UTC", "tenant"]
"""Whose wall clock the cron expression is about."""


class Schedule(msgspec.Struct, frozen=True, kw_only=True):
    """When a kind of task is promised."""

    name: str
    """Kept with each firing: renaming it begins anew."""
    task: str
    """The kind of task."""
    cron: str
    """Five fields, as in crontab(5): minute, hour, day of the month, month, day of the week."""
    zone: Zone = "UTC"
    missed: Missed = "once"
    queue: str | None = None
    """None: that of the kind."""
    payload: dict[str, Any] = {}
    """Goes to each task; `fire_at` is added when `tells_time`."""
    tells_time: bool = False
    plugin_id: str | None = None
    """Only for tenants that have this plugin enabled."""


SCHEDULES: Final[dict[str, Schedule]] = {}
"""Every schedule of the core by its name; filled by importing the slices."""


def schedule(
    name: str, *, task: str, cron: str, zone: Zone = "UTC", missed: Missed = "once"
) -> Schedule:
    """Register a schedule for every tenant. Raises ValueError when the name is taken.

    The task's command is made without fields.
    """
    if name in SCHEDULES:
        raise ValueError(f"the schedule {name} exists twice")
    SCHEDULES[name] = Schedule(name=name, task=task, cron=cron, zone=zone, missed=missed)
    return SCHEDULES[name]
