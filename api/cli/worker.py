"""`intellimatch worker`: becomes a worker. The API doesn't import workers, it starts them."""

import os
import sys

import click


@click.command()
def command() -> None:
    """Run background tasks until SIGTERM or Ctrl-C.

    Any number of workers may run, on any number of machines.
    """
    os.execv(sys.executable, [sys.executable, "-m", "workers"])  # noqa: S606 - our own module
