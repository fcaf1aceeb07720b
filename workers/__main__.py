"""`python -m workers`, run by `intellimatch worker`: tasks and the event log, until SIGTERM."""

import asyncio
import os
import signal
import sys
from datetime import timedelta
from typing import Final

import structlog
import uvloop

from core.shared.errors import DomainError
from tenants.auditing import AuditSealer
from tenants.bootstrap import ready_engines
from tenants.runtime import Runtime
from tenants.settings import Settings, load_settings
from tenants.settings_values import SettingsError, SettingsProblem
from tenants.tasks import TaskRunner
from workers.relay import Sequencer
from workers.sealing import SealingLoop
from workers.tasks import TaskWorker

PERIODIC: Final = {"housekeeping": timedelta(hours=6), "sweep_files": timedelta(days=1)}
"""What is promised to every tenant in each slot of this length."""

NO_RELAY: Final = SettingsProblem(
    "INTELLIMATCH_RELAY_DATABASE_URL",
    "is not set",
    "name the same database as the relay role: workers claim tasks through it",
)


async def work(settings: Settings) -> None:
    """Run a worker on the engines that `settings` name, until a signal says to stop."""
    async with ready_engines(settings) as ready:
        if ready.relay_database_url is None:
            raise SettingsError((NO_RELAY,))
        runtime = await Runtime.open(ready)
        runner = TaskRunner(runtime)
        worker = TaskWorker(runner, ready.relay_database_url, periodic=PERIODIC)
        retention = timedelta(hours=ready.event_retention_hours)
        sequencer = Sequencer(
            ready.relay_database_url, retention=retention, subscriptions=runner.subscriptions
        )
        sealing = SealingLoop(AuditSealer(runtime), ready.relay_database_url)

        def stop() -> None:
            worker.stop()
            sequencer.stop()
            sealing.stop()

        loop = asyncio.get_running_loop()
        for name in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(name, stop)
        structlog.get_logger(__name__).info("worker_started")
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(worker.run(), name="tasks")
                group.create_task(sequencer.run(), name="sequencer")
                group.create_task(sealing.run(), name="sealer")
        finally:
            await runtime.close()


def main() -> None:
    """Run, and turn a refusal to start into one line."""
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.JSONRenderer(),
        ],
        logger_factory=structlog.WriteLoggerFactory(file=sys.stderr),
    )
    try:
        uvloop.run(work(load_settings(os.environ)))
    except (SettingsError, DomainError) as error:
        sys.stderr.write(f"intellimatch worker: {error}\n")
        sys.exit(2)


if __name__ == "__main__":
    main()
