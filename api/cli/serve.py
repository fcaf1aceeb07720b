"""`intellimatch serve`: runs the web server until it is told to stop."""

import faulthandler
import os
import socket
from typing import Final

import click
import msgspec
import uvloop

from api.logging import configure_logging
from api.serve import serve
from api.serve_workers import Workers, bind
from tenants.bootstrap import ready_engines
from tenants.plugins.leaving import leave_threads_behind
from tenants.settings import Settings, load_settings

LATEST_END_SECONDS: Final = 12
"""Beyond the time that running requests have: whatever keeps a server that was told to stop from
ending is shown (the stack of each thread, on stderr), and it ends with code 1. What was promised
stands in the database by then."""


@click.command()
@click.option("--host", help="Address to listen on; otherwise INTELLIMATCH_HOST.")
@click.option("--port", type=click.IntRange(0, 65535), help="Port; otherwise INTELLIMATCH_PORT.")
@click.option(
    "--workers",
    type=click.IntRange(1, 64),
    default=1,
    show_default=True,
    help="Processes that answer requests.",
)
def command(host: str | None, port: int | None, workers: int) -> None:
    """Serve the API until SIGTERM or Ctrl-C.

    Starts the embedded engines unless the settings name others.
    """
    settings = load_settings(os.environ)
    settings = msgspec.structs.replace(
        settings,
        host=settings.host if host is None else host,
        port=settings.port if port is None else port,
    )
    configure_logging(settings.log_level, settings.log_format)
    try:
        listener = bind(settings.host, settings.port)
    except OSError as error:
        raise click.ClickException(
            f"can't listen on {settings.host}:{settings.port}: {error.strerror}. "
            "Is another server running? Choose another with --port."
        ) from error
    settings = msgspec.structs.replace(settings, port=listener.getsockname()[1])
    with listener:
        uvloop.run(_run(settings, listener, workers))
    leave_threads_behind()


async def _run(settings: Settings, listener: socket.socket, workers: int) -> None:
    def say_started() -> None:
        click.echo(f"Serving on http://{settings.host}:{settings.port}", err=True)

    async with ready_engines(settings) as ready:
        if workers == 1:
            await serve(
                ready,
                host=ready.host,
                port=ready.port,
                sockets=[listener],
                started=say_started,
                stopping=lambda: _end_anyway(settings.shutdown_grace_seconds),
            )
        else:
            await Workers(ready, listener, workers).run(say_started)


def _end_anyway(grace_seconds: int) -> None:
    faulthandler.dump_traceback_later(grace_seconds + LATEST_END_SECONDS, exit=True)
