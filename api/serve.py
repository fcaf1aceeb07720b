"""Serves the application over HTTP in this process until it is told to stop.

Called by `intellimatch serve` and, for each worker process, by `api.serve_workers`. A SIGTERM first
flips readiness, so that load balancers look elsewhere, then closes the listener, then lets running
requests end, then lets go of the engines.
"""

import signal
import socket
import time
from collections.abc import Awaitable, Callable
from types import FrameType
from typing import Final

import structlog
import uvicorn

from api.app import create_app
from api.health import Health
from api.streams.connection import StreamableProtocol
from tenants.collector import spare_the_collector
from tenants.runtime import Runtime
from tenants.settings import Settings

DRAIN_SECONDS: Final = 1.0
"""Between saying "not ready" and closing the listener; load balancers ask about every second."""

log = structlog.get_logger("api.serve")


class DrainingServer(uvicorn.Server):
    """Flips readiness before it stops, and leaves the process to those who have more to close."""

    def __init__(
        self,
        config: uvicorn.Config,
        health: Health,
        started: Callable[[], None],
        stopping: Callable[[], None],
        end_streams: Callable[[], Awaitable[None]],
    ) -> None:
        super().__init__(config)
        self._health = health
        self._stopping = stopping
        self._end_streams = end_streams
        self._closes_at: float | None = None
        self._say_started: Callable[[], None] | None = started

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:  # noqa: ARG002
        """Begin to stop; a second signal doesn't wait for running requests."""
        if self._closes_at is not None or self.should_exit:
            self.should_exit = self.force_exit = True
            return
        self._stopping()
        self._health.drain()
        wait = DRAIN_SECONDS if sig == signal.SIGTERM else 0.0
        self._closes_at = time.monotonic() + wait

    async def on_tick(self, counter: int) -> bool:
        """Close the listener when its time has come. Called ten times a second."""
        if self._say_started is not None:
            self._say_started()
            self._say_started = None
        if self._closes_at is not None and time.monotonic() >= self._closes_at:
            self.should_exit = True
        return await super().on_tick(counter)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """End the streams, which would go on for ever, then wait for what else runs."""
        await self._end_streams()
        await super().shutdown(sockets)


async def serve(
    settings: Settings,
    *,
    host: str,
    port: int,
    sockets: list[socket.socket] | None = None,
    started: Callable[[], None] = lambda: None,
    stopping: Callable[[], None] = lambda: None,
) -> None:
    """Serve until a signal. `settings` names both engines; `started` is called once it listens.

    `stopping` is called at the first signal, before anything is let go of.

    Raises Unavailable when an engine can't be reached at the start.
    """
    runtime = await Runtime.open(settings)
    try:
        app = create_app(runtime)
        spare_the_collector()
        config = uvicorn.Config(
            app,
            host=host,
            port=port,
            http=StreamableProtocol,
            ws="none",
            lifespan="on",
            access_log=False,
            log_config=None,
            proxy_headers=False,
            server_header=False,
            timeout_keep_alive=75,
            timeout_graceful_shutdown=settings.shutdown_grace_seconds,
            backlog=2048,
        )
        server = DrainingServer(config, app.health, started, stopping, app.streams.end_all)
        await server.serve(sockets)
        log.info("stopped")
    finally:
        await runtime.close()
