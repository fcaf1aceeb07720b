"""Keeps one worker process alive: starts another when it was killed, or ended itself.

A worker ends itself when an attempt blocks it past its time; a plugin or a library may end it at
any time. The parent imports nothing that could do the same.
"""

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from types import FrameType
from typing import Final

FIRST_PAUSE: Final = 0.25
LONGEST_PAUSE: Final = 10.0
"""Seconds before a worker that keeps ending at once is started again."""

LONG_LIFE: Final = 20.0
"""A worker that lived so long did not end at once."""

REFUSED: Final = 2
"""Exit code of a worker that can't work with its settings."""

_LOOK: Final = 0.1


class Supervisor:
    """Runs `command` until it ends in order, refuses, or a signal says to stop."""

    def __init__(self, command: Sequence[str]) -> None:
        self._command = tuple(command)
        self._stopping = False
        self._child: subprocess.Popen[bytes] | None = None

    def run(self) -> int:
        """Return the exit code: 0, or 2 when the worker refuses to start."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._stop)
        pause = FIRST_PAUSE
        while True:
            began = time.monotonic()
            code = self._run_once()
            if code in {0, REFUSED}:
                return code
            if self._has_stopped():
                return 0
            _say(f"the worker ended with code {code}; another follows")
            pause = FIRST_PAUSE if time.monotonic() - began > LONG_LIFE else pause
            self._wait(pause)
            pause = min(pause * 2, LONGEST_PAUSE)
            if self._has_stopped():
                return 0

    def _run_once(self) -> int:
        # The child stops when this pipe closes, which it does however we end.
        ours, theirs = os.pipe()
        os.set_inheritable(ours, True)  # noqa: FBT003 - takes no keyword
        try:
            self._child = subprocess.Popen(  # noqa: S603 - our own program
                [*self._command, "--lifeline", str(ours)], close_fds=False
            )
        finally:
            os.close(ours)
        try:
            if self._has_stopped():  # the signal came in between
                self._child.terminate()
            return self._child.wait()
        finally:
            os.close(theirs)
            self._child = None

    def _stop(self, _number: int, _frame: FrameType | None) -> None:
        self._stopping = True
        if self._child is not None:
            with contextlib.suppress(ProcessLookupError):
                self._child.terminate()

    def _has_stopped(self) -> bool:
        return self._stopping

    def _wait(self, seconds: float) -> None:
        until = time.monotonic() + seconds
        while not self._has_stopped() and time.monotonic() < until:
            time.sleep(_LOOK)


def _say(text: str) -> None:
    sys.stderr.write(f"intellimatch worker: {text}\n")
    sys.stderr.flush()
