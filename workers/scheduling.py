"""The scheduler's loop: promises the tasks of schedules when their time has come.

Runs in each worker. Any number may run: a schedule that is due is dealt with by one of them, and
each of its times can be fired only once, whoever tries.
"""

import asyncio
import contextlib
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Final

import asyncpg
import structlog

from core.ports.tasks import TASK_KINDS
from core.shared.clock import UtcDatetime
from core.shared.errors import Unavailable
from core.shared.reactions import DEFAULT_QUEUE
from core.shared.schedules import Schedule
from plugins.postgres.schedules import Decision, Due, Firing, ScheduleCalls, Unplaced, Wanted
from plugins.system.cron import last_time, next_time, times_after

LOOK_SECONDS: Final = 1.0
"""Between two looks at the clock: about as late may a time be fired."""

PLACE_SECONDS: Final = 10.0
"""Between two looks for tenants and plugins that are new."""

ON_TIME: Final = timedelta(seconds=60)
"""A time that is fired later than this was missed."""

AT_ONCE: Final = 100
"""Most times of one schedule that one transaction catches up."""

Schedules = Callable[[], Mapping[str, Schedule]]

log = structlog.get_logger(__name__)


class Scheduler:
    """Fires until it is stopped. `schedules` is asked each time: plugins come and go."""

    def __init__(
        self,
        relay_url: str,
        schedules: Schedules,
        *,
        look_seconds: float = LOOK_SECONDS,
        place_seconds: float = PLACE_SECONDS,
    ) -> None:
        self._relay_url = relay_url
        self._schedules = schedules
        self._look_seconds = look_seconds
        self._place_seconds = place_seconds
        self._stopped = asyncio.Event()

    def stop(self) -> None:
        """Begin nothing more; `run` returns when the batch that is open has committed."""
        self._stopped.set()

    async def run(self) -> None:
        """Work until `stop` is called. While the database is away, try again at each look."""
        while not self._stopped.is_set():
            try:
                await self._work()
            except (Unavailable, asyncpg.PostgresError) as error:
                log.warning("scheduler_waits", error=type(error).__name__)
                await self._sleep(self._look_seconds)

    async def run_due(self) -> int:
        """Place what is new and fire what is due now; return how many times were fired."""
        calls = await ScheduleCalls.open(self._relay_url)
        try:
            await self._place(calls)
            return await self._fire(calls)
        finally:
            await calls.close()

    async def _work(self) -> None:
        calls = await ScheduleCalls.open(self._relay_url)
        placed_at = -self._place_seconds
        loop = asyncio.get_running_loop()
        try:
            while not self._stopped.is_set():
                if loop.time() - placed_at >= self._place_seconds:
                    await self._place(calls)
                    placed_at = loop.time()
                await self._fire(calls)
                await self._sleep(self._look_seconds)
        finally:
            await calls.close()

    async def _place(self, calls: ScheduleCalls) -> None:
        wanted = [
            Wanted(each.name, each.cron, each.zone == "tenant", each.plugin_id)
            for each in self._schedules().values()
        ]
        now = datetime.now().astimezone()
        await calls.place(wanted, lambda each: _first_time(each, now))

    async def _fire(self, calls: ScheduleCalls) -> int:
        schedules = self._schedules()
        fired, more = 0, True
        while more and not self._stopped.is_set():
            amount, more = await calls.fire(
                list(schedules), lambda due: decide(schedules[due.name], due)
            )
            fired += amount
        if fired:
            log.info("schedules_fired", times=fired)
        return fired

    async def _sleep(self, seconds: float) -> None:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._stopped.wait(), seconds)


def decide(schedule: Schedule, due: Due) -> Decision:
    """Say which times of a schedule that is due are fired, and when it is due next."""
    cron, _, zone = due.definition.rpartition(" ")
    if schedule.missed == "catch_up":
        times, next_at = _times(cron, zone, due)
    else:
        last, next_at = last_time(cron, zone, due.moment), next_time(cron, zone, due.moment)
        was_missed = due.moment - last > ON_TIME
        times = [] if schedule.missed == "skip" and was_missed else [last]
    kind = TASK_KINDS.get(schedule.task)
    queue = schedule.queue or (DEFAULT_QUEUE if kind is None else kind.queue)
    return Decision(
        [
            Firing(due.tenant_id, due.name, each, schedule.task, queue, _payload(schedule, each))
            for each in times
        ],
        next_at,
    )


def _times(cron: str, zone: str, due: Due) -> tuple[list[UtcDatetime], UtcDatetime]:
    """Return the times that have come, at most `AT_ONCE`, and the one after them."""
    times = [due.next_at]
    for each in times_after(cron, zone, due.next_at):
        if each > due.moment or len(times) >= AT_ONCE:
            return times, each
        times.append(each)
    raise ValueError(f"{cron!r} comes to an end")


def _payload(schedule: Schedule, fire_at: UtcDatetime) -> dict[str, object]:
    if not schedule.tells_time:
        return dict(schedule.payload)
    return {**schedule.payload, "fire_at": fire_at.isoformat()}


def _first_time(unplaced: Unplaced, now: datetime) -> datetime:
    return next_time(unplaced.cron, unplaced.zone, now)
