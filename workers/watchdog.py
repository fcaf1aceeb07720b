"""Ends the process when an attempt holds it past its time: what can't be cancelled is killed.

asyncio ends an attempt that awaits something. One that blocks the loop, or swallows the
cancellation, is ended with the process; the attempt was counted, and the parent starts another
process. The database rolls back what was open.
"""

import os
import threading
import time
from collections.abc import Callable
from typing import Final

import msgspec
import structlog

GRACE: Final = 5.0
"""Seconds past its limit after which an attempt that blocks the loop ends the process."""

LONG_GRACE: Final = 30.0
"""Seconds past its limit for an attempt that doesn't block the loop but doesn't end either."""

EXIT_CODE: Final = 70

_LOOK: Final = 0.25

log = structlog.get_logger(__name__)


class Watched(msgspec.Struct):
    """An attempt that runs, as the watchdog needs to know it."""

    task_id: str
    kind: str
    deadline: float
    """On the monotonic clock."""


class Watchdog:
    """A thread that looks at the running attempts from outside of the loop."""

    def __init__(self, *, grace: float = GRACE, end: Callable[[int], object] = os._exit) -> None:
        self._grace = grace
        self._end = end
        self._beat_at = time.monotonic()
        self._running: dict[int, Watched] = {}
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="watchdog", daemon=True)

    def start(self) -> None:
        """Begin to watch."""
        self._thread.start()

    def stop(self) -> None:
        """Watch no more."""
        self._stopped.set()
        self._thread.join()

    def beat(self) -> None:
        """Say that the loop runs; to be called from it several times a second."""
        self._beat_at = time.monotonic()

    def enter(self, attempt: Watched) -> int:
        """Watch an attempt; return what `leave` takes."""
        key = id(attempt)
        self._running[key] = attempt
        return key

    def leave(self, key: int) -> None:
        """Watch it no longer."""
        self._running.pop(key, None)

    def _watch(self) -> None:
        while not self._stopped.wait(_LOOK):
            overdue = self._overdue(time.monotonic())
            if overdue is not None:
                log.error("attempt_ends_the_process", task_id=overdue.task_id, kind=overdue.kind)
                self._end(EXIT_CODE)
                return

    def _overdue(self, now: float) -> Watched | None:
        is_blocked = now - self._beat_at > self._grace
        grace = self._grace if is_blocked else max(self._grace, LONG_GRACE)
        for attempt in list(self._running.values()):
            if now > attempt.deadline + grace:
                return attempt
        return None
