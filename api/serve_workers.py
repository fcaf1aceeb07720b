"""Serves on one port from several processes: starts them, replaces those that die, stops them.

Called by `intellimatch serve --workers N`. The parent binds the port and holds the engines; each
child opens a Runtime of its own.
"""

import asyncio
import contextlib
import multiprocessing
import os
import shutil
import signal
import socket
import tempfile
import time
from collections.abc import Callable
from multiprocessing.context import SpawnProcess
from multiprocessing.synchronize import Event
from typing import Final

import structlog
import uvloop

from api.logging import configure_logging
from api.serve import serve
from tenants.plugins.leaving import leave_threads_behind
from tenants.settings import Settings

QUICK_DEATH_SECONDS: Final = 2.0
"""A child that lived no longer is replaced only after this pause, lest a fault spin."""
METRICS_DIR: Final = "PROMETHEUS_MULTIPROC_DIR"
"""Where prometheus_client keeps each process's numbers. It looks when it is imported, so the parent
sets this before a child starts."""

_STOP_SIGNALS: Final = (signal.SIGTERM, signal.SIGINT)

log = structlog.get_logger("api.serve_workers")


class Workers:
    """The child processes of one server."""

    def __init__(self, settings: Settings, listener: socket.socket, count: int) -> None:
        self._settings = settings
        self._listener = listener
        self._count = count
        self._context = multiprocessing.get_context("spawn")
        self._ready = self._context.Event()
        self._children: list[tuple[SpawnProcess, float]] = []
        self._stopping = asyncio.Event()

    async def run(self, started: Callable[[], None]) -> None:
        """Serve until SIGTERM or SIGINT; `started` is called once one child answers."""
        told = False
        loop = asyncio.get_running_loop()
        for number in _STOP_SIGNALS:
            loop.add_signal_handler(number, self._stopping.set)
        folder = tempfile.mkdtemp(prefix="metrics-", dir=self._settings.data_dir)
        os.environ[METRICS_DIR] = folder
        try:
            self._children = [self._start() for _ in range(self._count)]
            while not self._stopping.is_set():
                if not told and self._ready.is_set():
                    started()
                    told = True
                await self._replace_dead()
                await self._pause(0.2)
        finally:
            await asyncio.to_thread(self._end)
            del os.environ[METRICS_DIR]
            shutil.rmtree(folder, ignore_errors=True)
            for number in _STOP_SIGNALS:
                loop.remove_signal_handler(number)

    async def _pause(self, seconds: float) -> None:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._stopping.wait(), seconds)

    def _end(self) -> None:
        for child, _ in self._children:
            child.terminate()
        for child, _ in self._children:
            child.join(self._settings.shutdown_grace_seconds + 10)
            if child.is_alive():
                child.kill()

    def _start(self) -> tuple[SpawnProcess, float]:
        child = self._context.Process(
            target=_work, args=(self._settings, self._listener, self._ready)
        )
        child.start()
        return child, time.monotonic()

    async def _replace_dead(self) -> None:
        for place, (child, since) in enumerate(self._children):
            if child.is_alive():
                continue
            log.error("worker_died", exit_code=child.exitcode)
            if time.monotonic() - since < QUICK_DEATH_SECONDS:
                await self._pause(QUICK_DEATH_SECONDS)
            if not self._stopping.is_set():
                self._children[place] = self._start()


def _work(settings: Settings, listener: socket.socket, ready: Event) -> None:
    configure_logging(settings.log_level, settings.log_format)
    uvloop.run(
        serve(
            settings,
            host=settings.host,
            port=settings.port,
            sockets=[listener],
            started=ready.set,
        )
    )
    leave_threads_behind()


def bind(host: str, port: int) -> socket.socket:
    """Return a bound socket that children can inherit. Raises OSError when the port is taken."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind((host, port))
    listener.set_inheritable(True)
    return listener
