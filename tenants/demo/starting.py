"""Starts a demo from nothing or from what is there: engines, schema, tenants, processes."""

import asyncio
import os
import shutil
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from core.shared.errors import Conflict, Unavailable
from plugins.embedded.engines import inspect_engines
from tenants.bootstrap import ready_engines
from tenants.demo.book import DemoBook, book_path, read_book, write_book
from tenants.demo.children import (
    Child,
    reserved_port,
    start_children,
    stop_children,
    wait_until_ready,
)
from tenants.demo.report import DemoReport, local_url, make_report
from tenants.demo.running import (
    DemoLock,
    DemoProcesses,
    forget_processes,
    stop_demo,
    write_processes,
)
from tenants.demo.seeding import Progress, forget_all, seed
from tenants.migration import migrate_database
from tenants.settings import Settings

_LOOK_SECONDS = 0.5
_MADE_BY_THE_DEMO = ("postgres", "valkey", "files", "account-mail", "logs")

Phase = Callable[[str], None]
"""Told what begins."""


class Started:
    """A demo that answers."""

    report: DemoReport

    def __init__(self, children: list[Child]) -> None:
        self.children = children
        self.is_left_running = False
        """Set, the processes go on without the one that started them."""

    async def watch(self) -> None:
        """Wait for as long as every process runs. Raises Unavailable when one has ended."""
        while True:
            for child in self.children:
                if child.has_ended:
                    raise Unavailable(child.explain_end())
            await asyncio.sleep(_LOOK_SECONDS)


@asynccontextmanager
async def started_demo(
    settings: Settings, lock: DemoLock, *, fresh: bool, phase: Phase, progress: Progress
) -> AsyncIterator[Started]:
    """Start the demo and yield it when it answers; stop all that was started at the end.

    Raises PortTaken, and the errors of engines, schema and settings.
    """
    left_running = False
    with reserved_port(settings.host, settings.port) as (port, let_go):
        processes = DemoProcesses(port, watcher=os.getpid())
        write_processes(settings.data_dir, processes)
        try:
            async with _furnished(settings, fresh=fresh, phase=phase, progress=progress) as home:
                phase("Starting the server and the worker")
                let_go()
                started = Started(start_children(settings, port, lock))
                try:
                    processes.children = {
                        child.name: child.process.pid for child in started.children
                    }
                    write_processes(settings.data_dir, processes)
                    url = local_url(settings, port)
                    await asyncio.to_thread(wait_until_ready, started.children, url)
                    processes.report = started.report = make_report(*home, port)
                    write_processes(settings.data_dir, processes)
                    yield started
                    left_running = started.is_left_running
                finally:
                    if not left_running:
                        await asyncio.to_thread(stop_children, started.children)
        finally:
            if left_running:
                processes.watcher = None
                write_processes(settings.data_dir, processes)
            else:
                forget_processes(settings.data_dir)


@asynccontextmanager
async def _furnished(
    settings: Settings, *, fresh: bool, phase: Phase, progress: Progress
) -> AsyncIterator[tuple[Settings, DemoBook]]:
    """Yield the settings of ready engines that hold the sample tenants, and the book of them."""
    phase("Starting the engines")
    embedded = settings.uses_embedded_postgres
    made_now = embedded and not (settings.data_dir / "postgres").exists()
    book = read_book(settings.data_dir) or DemoBook(owns_database=made_now)
    if not embedded:
        phase("Migrating the database")
        await migrate_database(settings)
    # Before there is a database, or the next start would take it for somebody else's.
    write_book(settings.data_dir, book)
    async with ready_engines(settings) as ready:
        if fresh and not embedded:
            phase("Removing the sample tenants")
            await forget_all(ready, book)
        phase("Making the sample tenants")
        await seed(ready, book, progress)
        yield ready, book


def refuse_to_wipe(settings: Settings) -> str | None:
    """Say why starting from nothing would destroy what isn't the demo's; None when it would not."""
    if not settings.uses_embedded_postgres:
        return "The database is an external one; its sample tenants would be removed."
    if not (settings.data_dir / "postgres").exists():
        return None
    book = read_book(settings.data_dir)
    if book is None or not book.owns_database:
        return f"The database in {settings.data_dir} was there before the demo; all would be lost."
    return None


def wipe(settings: Settings) -> None:
    """Stop the demo and remove its embedded data. Raises Conflict when others use the engines."""
    stop_demo(settings.data_dir)
    if not settings.uses_embedded_postgres:
        return
    if (settings.data_dir / "run").is_dir():
        states = inspect_engines(settings.data_dir)
        if states.postgres.pid is not None or states.valkey.pid is not None:
            raise Conflict(
                f"Other processes use the engines in {settings.data_dir}. End them first; "
                "`intellimatch doctor` shows what runs."
            )
    for name in _MADE_BY_THE_DEMO:
        shutil.rmtree(settings.data_dir / name, ignore_errors=True)
    book_path(settings.data_dir).unlink(missing_ok=True)
