"""`intellimatch demo`: everything on one machine, with two sample tenants to look at."""

import asyncio
import os
import signal
import sys
import time

import click
import msgspec
import uvloop
from rich.console import Console

from api.cli.demo_display import SeedingDisplay, show_report
from tenants.demo.children import answers
from tenants.demo.report import DemoReport, local_url
from tenants.demo.running import DemoLock, read_processes, stop_demo
from tenants.demo.starting import refuse_to_wipe, started_demo, wipe
from tenants.settings import Settings, load_settings

_INTERRUPTED = 130
_OTHER_STARTS_SECONDS = 180.0
_LOOK_SECONDS = 0.2


@click.command("demo")
@click.option("--detach", is_flag=True, help="Return when it answers, and leave it running.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document for programs.")
@click.option("--stop", is_flag=True, help="End the demo that runs, wherever it was started.")
@click.option("--fresh", is_flag=True, help="Remove the demo's data and start from nothing.")
@click.option("--yes", is_flag=True, help="Let --fresh remove more than the demo has made.")
@click.option("--port", type=click.IntRange(0, 65535), help="Port to serve on; 0 takes a free one.")
def command(
    *, detach: bool, as_json: bool, stop: bool, fresh: bool, yes: bool, port: int | None
) -> None:
    """Start everything with two sample tenants, and print URLs, logins and API keys.

    Runs until Ctrl-C. Data, passwords and keys are kept in the data folder and are the same at
    the next start.
    """
    settings = load_settings(os.environ)
    settings = msgspec.structs.replace(
        settings,
        data_dir=settings.data_dir.absolute(),
        port=settings.port if port is None else port,
    )
    # Progress goes to stderr, so that stdout holds nothing but the answer.
    console = Console(stderr=True)
    if stop:
        ran = stop_demo(settings.data_dir)
        console.print("The demo is stopped." if ran else "No demo runs here.")
        return
    if fresh:
        _wipe(settings, yes=yes)
    lock = DemoLock.take(settings.data_dir)
    if lock is None:
        report = _find_running(settings, console)
        if report is not None:
            console.print(f"A demo runs already at {report.base_url}.", highlight=False)
            _tell(report, as_json=as_json)
            return
        lock = DemoLock.take(settings.data_dir)
        if lock is None:
            raise click.ClickException("another demo is being started here; try again")
    try:
        uvloop.run(_run(settings, lock, console, detach=detach, as_json=as_json, fresh=fresh))
    except KeyboardInterrupt:
        console.print("Interrupted. The next start makes what is missing.")
        sys.exit(_INTERRUPTED)
    finally:
        lock.leave()


async def _run(
    settings: Settings,
    lock: DemoLock,
    console: Console,
    *,
    detach: bool,
    as_json: bool,
    fresh: bool,
) -> None:
    running = asyncio.current_task()
    if running is None:
        raise RuntimeError("not in a task")
    _cancel_once(running)
    display = SeedingDisplay(console)
    was_shown = False
    try:
        async with started_demo(
            settings, lock, fresh=fresh, phase=display.begin, progress=display.advance
        ) as started:
            display.end()
            _tell(started.report, as_json=as_json)
            was_shown = True
            if detach:
                started.is_left_running = True
                return
            console.print("Runs until Ctrl-C. Logs are in", settings.data_dir / "logs")
            await started.watch()
    except asyncio.CancelledError:
        display.end()
        if not was_shown:
            raise KeyboardInterrupt from None
        console.print("The demo is stopped.")
    finally:
        display.end()


def _cancel_once(running: "asyncio.Task[None]") -> None:
    """Let SIGINT and SIGTERM end the demo in order; more of them change nothing."""
    signalled = False

    def cancel() -> None:
        nonlocal signalled
        if not signalled:
            signalled = True
            running.cancel()

    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, cancel)


def _wipe(settings: Settings, *, yes: bool) -> None:
    reason = refuse_to_wipe(settings)
    if reason is not None and not yes:
        raise click.ClickException(f"{reason} Add --yes if that is what you want.")
    wipe(settings)


def _find_running(settings: Settings, console: Console) -> DemoReport | None:
    """Return where the demo of this folder runs. One that no longer answers is ended: None."""
    deadline = time.monotonic() + _OTHER_STARTS_SECONDS
    processes = read_processes(settings.data_dir)
    if processes is not None and processes.report is None and processes.alive:
        console.print(f"A demo is being started by process {processes.watcher}; waiting for it.")
    while time.monotonic() < deadline:
        processes = read_processes(settings.data_dir)
        if processes is None or not processes.alive:
            break
        if processes.report is not None:
            if answers(local_url(settings, processes.port)):
                return processes.report
            break
        time.sleep(_LOOK_SECONDS)
    stop_demo(settings.data_dir)
    return None


def _tell(report: DemoReport, *, as_json: bool) -> None:
    if as_json:
        click.echo(msgspec.json.encode(report).decode())
    else:
        show_report(report, Console())
