"""`intellimatch up`: everything that one machine needs, in one command that keeps it running."""

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Final

import click
import msgspec
import structlog
import uvloop

from api.cli.up_processes import REFUSED, Program, Refused, stop_all
from api.logging import configure_logging
from plugins.embedded.engines import inspect_engines, start_engines
from plugins.embedded.errors import EngineError
from tenants.bootstrap import ready_engines
from tenants.demo.children import answers, reserved_port
from tenants.demo.report import local_url
from tenants.migration import migrate_database, pending_migrations
from tenants.settings import Settings, load_settings

LOOK_SECONDS: Final = 0.2
ENGINES_SECONDS: Final = 1.0
"""Between looks at the embedded engines."""

STOP_SECONDS: Final = 15.0
"""Beyond the grace for running requests and tasks, until what doesn't end is killed."""

log = structlog.get_logger("api.up")


@click.command("up")
@click.option("--host", help="Address to listen on; otherwise INTELLIMATCH_HOST.")
@click.option("--port", type=click.IntRange(0, 65535), help="Port; otherwise INTELLIMATCH_PORT.")
@click.option(
    "--servers",
    type=click.IntRange(1, 64),
    default=1,
    show_default=True,
    help="Processes that answer requests.",
)
@click.option(
    "--workers",
    type=click.IntRange(0, 64),
    default=1,
    show_default=True,
    help="Processes that do background work.",
)
def command(host: str | None, port: int | None, servers: int, workers: int) -> None:
    """Run everything on this machine until SIGTERM or Ctrl-C.

    Starts the embedded engines unless the settings name others, migrates, and keeps the server
    and the workers running: what ends is started again.
    """
    settings = load_settings(os.environ)
    settings = msgspec.structs.replace(
        settings,
        data_dir=settings.data_dir.absolute(),
        host=settings.host if host is None else host,
        port=settings.port if port is None else port,
    )
    configure_logging(settings.log_level, settings.log_format)
    with reserved_port(settings.host, settings.port) as (taken, let_go):
        settings = msgspec.structs.replace(settings, port=taken)
        let_go()
    sys.exit(uvloop.run(_Up(settings, servers, workers).run()))


class _Up:
    def __init__(self, settings: Settings, servers: int, workers: int) -> None:
        self._settings = settings
        self._stopping = asyncio.Event()
        self._signals = 0
        environment = {
            **os.environ,
            "INTELLIMATCH_DATA_DIR": str(settings.data_dir),
            "INTELLIMATCH_HOST": settings.host,
            "INTELLIMATCH_PORT": str(settings.port),
        }
        serve = ("api.cli.main", "serve", "--workers", str(servers))
        self._programs = [
            Program("server", serve, environment, holds_port=True),
            *(
                Program(f"worker {number}", ("workers",), environment)
                for number in range(1, workers + 1)
            ),
        ]

    async def run(self) -> int:
        """Return the exit code: 0, or 2 when a program can't work with its settings."""
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, self._stop)
        with ExitStack() as more_engines:
            if not self._settings.uses_embedded_postgres:
                await self._migrate()
            async with ready_engines(self._settings):
                try:
                    await asyncio.gather(
                        self._keep(), self._keep_engines(more_engines), self._say_when_ready()
                    )
                except Refused as refused:
                    return self._say_refused(refused)
                finally:
                    self._stopping.set()
                    seconds = self._settings.shutdown_grace_seconds + STOP_SECONDS
                    await asyncio.to_thread(stop_all, self._programs, seconds)
        log.info("everything_stopped")
        return 0

    def _stop(self) -> None:
        """Begin to stop; a second signal doesn't wait for what runs."""
        self._signals += 1
        self._stopping.set()
        if self._signals > 1:
            for program in self._programs:
                program.kill()

    def _say_refused(self, refused: Refused) -> int:
        log.error("program_refused", program=str(refused))
        return REFUSED

    async def _migrate(self) -> None:
        """Migrate when the owner's address is known; otherwise an operator does that elsewhere."""
        if self._settings.owner_database_url is None:
            log.warning("not_migrated", reason="INTELLIMATCH_OWNER_DATABASE_URL is not set")
            return
        if steps := await pending_migrations(self._settings):
            log.info("migrating", steps=len(steps))
        done = await migrate_database(self._settings)
        for reason in done.refused:
            log.warning("plugin_tables_refused", reason=reason)

    async def _keep(self) -> None:
        while not self._stopping.is_set():
            await asyncio.gather(*(program.keep() for program in self._programs))
            await self._sleep(LOOK_SECONDS)

    async def _keep_engines(self, more: ExitStack) -> None:
        """Start an embedded engine again that has ended; the others connect anew by themselves."""
        postgres, valkey = (
            self._settings.uses_embedded_postgres,
            self._settings.uses_embedded_valkey,
        )
        while (postgres or valkey) and not self._stopping.is_set():
            await self._sleep(ENGINES_SECONDS)
            states = inspect_engines(self._settings.data_dir)
            has_ended = (postgres and states.postgres.pid is None) or (
                valkey and states.valkey.pid is None
            )
            if not has_ended or self._stopping.is_set():
                continue
            log.error("engine_ended", postgres=states.postgres.pid, valkey=states.valkey.pid)
            with self._engine_errors_said():
                more.push(
                    await asyncio.to_thread(
                        start_engines, self._settings.data_dir, postgres=postgres, valkey=valkey
                    )
                )

    @contextlib.contextmanager
    def _engine_errors_said(self) -> Iterator[None]:
        try:
            yield
        except EngineError as error:
            log.warning("engine_not_started", error=str(error))

    async def _say_when_ready(self) -> None:
        url = local_url(self._settings, self._settings.port)
        while not self._stopping.is_set():
            if await asyncio.to_thread(answers, url):
                click.echo(f"Everything runs; {url}", err=True)
                return
            await self._sleep(LOOK_SECONDS)

    async def _sleep(self, seconds: float) -> None:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._stopping.wait(), seconds)
