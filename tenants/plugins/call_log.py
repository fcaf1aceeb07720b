"""Notes which calls plugins make over HTTP, and writes many at once.

What a process had not written yet when it was killed is missing: the log answers "does it work?",
it is no record of what was sent. Messages have a timeline of their own for that.
"""

import asyncio
import contextlib
from collections import defaultdict
from datetime import timedelta
from typing import Final

import structlog
from yarl import URL

from core.installations.contracts import PluginCallView
from core.shared.clock import Clock, UtcDatetime
from core.shared.ids import Ids, TenantId
from plugins.postgres.database import Database
from plugins.postgres.plugin_calls import insert_calls

EVERY_SECONDS: Final = 0.25
MOST_WAITING: Final = 20_000
"""Calls that are kept in memory while the database is away; those beyond are counted only."""
_AT_ONCE: Final = 2_000
_LONGEST_HOST: Final = 253

log = structlog.get_logger(__name__)


class CallLog:
    """Of one process. Used from the host's loop."""

    def __init__(self, database: Database, clock: Clock, ids: Ids) -> None:
        self._database = database
        self._clock = clock
        self._ids = ids
        self._waiting: dict[TenantId, list[tuple[str, PluginCallView]]] = defaultdict(list)
        self._count = 0
        self._left_out = 0
        self._writing: asyncio.Task[None] | None = None

    def note(
        self,
        tenant_id: TenantId,
        plugin_id: str,
        method: str,
        url: str,
        *,
        status: int | None,
        problem: str | None,
        seconds: float,
        sent_bytes: int,
        received_bytes: int,
    ) -> None:
        """Note a call that has just ended; it is written within a second."""
        if self._count >= MOST_WAITING:
            self._left_out += 1
            return
        call = PluginCallView(
            id=self._ids.new(),
            at=UtcDatetime(self._clock.now() - timedelta(seconds=seconds)),
            method=method,
            host=_host(url),
            status=status,
            problem=problem,
            duration_ms=round(seconds * 1_000),
            sent_bytes=sent_bytes,
            received_bytes=received_bytes,
        )
        self._waiting[tenant_id].append((plugin_id, call))
        self._count += 1
        if self._writing is None or self._writing.done():
            self._writing = asyncio.create_task(self._write_soon())

    async def stop(self) -> None:
        """Write what waits."""
        if self._writing is not None:
            self._writing.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._writing
        await self._write()

    async def _write_soon(self) -> None:
        while self._count:
            await asyncio.sleep(EVERY_SECONDS)
            await self._write()

    async def _write(self) -> None:
        waiting, self._waiting, self._count = self._waiting, defaultdict(list), 0
        left_out, self._left_out = self._left_out, 0
        for tenant_id, calls in waiting.items():
            for start in range(0, len(calls), _AT_ONCE):
                part = calls[start : start + _AT_ONCE]
                try:
                    await insert_calls(self._database, tenant_id, part)
                except Exception as error:  # noqa: BLE001 - plugins go on calling without a log
                    left_out += len(part)
                    log.warning("plugin_calls_not_written", error=type(error).__name__)
        if left_out:
            log.warning("plugin_calls_left_out", calls=left_out)


def _host(url: str) -> str:
    """Return the host alone: paths and queries hold secrets and people's addresses."""
    try:
        return (URL(url).host or "")[:_LONGEST_HOST]
    except ValueError:
        return ""
