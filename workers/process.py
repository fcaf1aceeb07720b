"""`python -m workers.process`: one worker, until SIGTERM. `workers.supervisor` starts it."""

import asyncio
import contextlib
import logging
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Final

import structlog
import uvloop

from core.shared.errors import DomainError
from core.shared.reactions import EVENT_QUEUE
from tenants.auditing import AuditSealer
from tenants.bootstrap import ready_engines
from tenants.collector import spare_the_collector
from tenants.due_work import known_queues
from tenants.plugins.scheduled import schedules_of
from tenants.runtime import Runtime
from tenants.settings import Settings, load_settings
from tenants.settings_values import SettingsError, SettingsProblem, read_queues
from tenants.tasks import TaskRunner
from workers.attempts import LEASE, Attempts
from workers.consuming import Consumers
from workers.relay import Sequencer
from workers.scheduling import Scheduler
from workers.sealing import SealingLoop
from workers.sending import RESEND, Sender
from workers.watchdog import GRACE, Watchdog

REFUSED: Final = 2
"""Exit code when the settings can't be worked with: starting again would not help."""

NO_RELAY: Final = SettingsProblem(
    "INTELLIMATCH_RELAY_DATABASE_URL",
    "is not set",
    "name the same database as the relay role: workers claim tasks through it",
)

SWITCH_SECONDS: Final = 0.0005
"""How long one thread may keep the interpreter while another waits for it: the threads that speak
with the broker do so for each message, and Python's 5 ms would add up on the way of an event."""

log = structlog.get_logger(__name__)


class Pace:
    """Times that tests shorten."""

    def __init__(
        self,
        *,
        lease: timedelta = LEASE,
        resend_after: timedelta = RESEND,
        blocked_seconds: float = GRACE,
    ) -> None:
        self.lease = lease
        self.resend_after = resend_after
        self.blocked_seconds = blocked_seconds


async def work(settings: Settings, lifeline: int | None = None, pace: Pace | None = None) -> None:
    """Run a worker on the engines that `settings` name, until a signal says to stop.

    `lifeline` is the end of a pipe that closes when the parent has gone: that says so too.
    """
    stopping = asyncio.Event()
    _listen(stopping.set, lifeline)
    async with ready_engines(settings) as ready:
        if ready.relay_database_url is None:
            raise SettingsError((NO_RELAY,))
        runtime = await Runtime.open(ready)
        try:
            await _run(ready, ready.relay_database_url, runtime, stopping, pace or Pace())
        finally:
            await runtime.close()
    log.info("worker_stopped")


async def _run(
    settings: Settings, relay_url: str, runtime: Runtime, stopping: asyncio.Event, pace: Pace
) -> None:
    runner = TaskRunner(runtime, runtime.plugins.subscribers)
    broker_url = settings.broker_url or settings.redis_url
    if broker_url is None:
        raise ValueError("settings must name the engines; see tenants.bootstrap.prepare")
    queues = read_queues(settings.worker_queues)
    async with _consuming(settings, relay_url, runner, broker_url, queues, pace) as consumers:
        retention = timedelta(hours=settings.event_retention_hours)
        loops = (
            Sender(
                relay_url,
                consumers.broker,
                sorted({*known_queues(), *queues}),
                resend_after=pace.resend_after,
            ),
            Sequencer(relay_url, retention=retention, subscriptions=runner.subscriptions),
            Scheduler(relay_url, lambda: schedules_of(runtime.catalogue)),
            SealingLoop(AuditSealer(runtime), relay_url),
        )
        spare_the_collector()
        log.info("worker_started", queues=settings.worker_queues)
        async with asyncio.TaskGroup() as group:
            for each in loops:
                group.create_task(each.run(), name=type(each).__name__)
            await stopping.wait()
            for each in loops:
                each.stop()


@asynccontextmanager
async def _consuming(
    settings: Settings,
    relay_url: str,
    runner: TaskRunner,
    broker_url: str,
    queues: dict[str, int],
    pace: Pace,
) -> AsyncIterator[Consumers]:
    """Hear and do what is due; at the end let what runs come to its end, within bounds."""
    watchdog = Watchdog(grace=pace.blocked_seconds)
    attempts = Attempts(
        runner,
        relay_url,
        watchdog,
        lease=pace.lease,
        # What a tenant is told and what else follows of the same events are two.
        transactions=2 * queues.get(EVENT_QUEUE, 1),
    )
    await attempts.start()
    watchdog.start()
    consumers = Consumers(broker_url, queues, attempts)
    consumers.start()
    try:
        yield consumers
    finally:
        grace = float(settings.shutdown_grace_seconds)
        ending = asyncio.create_task(asyncio.to_thread(consumers.stop, grace))
        await asyncio.wait({ending}, timeout=grace)
        await attempts.stop()
        await ending
        watchdog.stop()
        with contextlib.suppress(Exception):  # nothing is lost with what the broker holds
            consumers.broker.close()


def _listen(stop: Callable[[], None], lifeline: int | None) -> None:
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop)
    if lifeline is not None:

        def parent_has_gone() -> None:
            loop.remove_reader(lifeline)
            stop()

        loop.add_reader(lifeline, parent_has_gone)


class _Forwarding(logging.Handler):
    """What libraries log with the standard library takes our way."""

    def emit(self, record: logging.LogRecord) -> None:
        level = min(logging.ERROR, record.levelno)
        log.log(level, "library", logger=record.name, message=record.getMessage())


def configure_logging() -> None:
    """One JSON document a line on standard error."""
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(),
        ],
        logger_factory=structlog.WriteLoggerFactory(file=sys.stderr),
        cache_logger_on_first_use=True,
    )
    logging.basicConfig(level=logging.WARNING, handlers=[_Forwarding()], force=True)
    # It warns of each queue's worker but the first, which is as it should be here.
    logging.getLogger("dramatiq.broker").setLevel(logging.ERROR)


def main(lifeline: int | None = None, pace: Pace | None = None) -> None:
    """Run, and turn a refusal to start into one line."""
    configure_logging()
    sys.setswitchinterval(SWITCH_SECONDS)
    try:
        uvloop.run(work(load_settings(os.environ), lifeline, pace))
    except (SettingsError, DomainError) as error:
        sys.stderr.write(f"intellimatch worker: {error}\n")
        sys.exit(REFUSED)


if __name__ == "__main__":
    main()
