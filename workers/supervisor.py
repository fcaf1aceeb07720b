"""Keeps one worker process alive: starts another when it was killed, or ended itself.

A worker ends itself when an attempt blocks it past its time; a plugin or a library may end it at
any time. The parent has imported all that the worker needs and does nothing with it, so that the
next worker is a fork away and at work within a moment.
"""

import contextlib
import os
import signal
import sys
import time
import traceback
from collections.abc import Callable
from types import FrameType
from typing import Final, NoReturn

FIRST_PAUSE: Final = 0.1
LONGEST_PAUSE: Final = 5.0
"""Seconds before a worker that keeps ending at once is started again."""

LONG_LIFE: Final = 5.0
"""A worker that lived so many seconds did not end at once."""

REFUSED: Final = 2
"""Exit code of a worker that can't work with its settings."""

_STOP_SIGNALS: Final = (signal.SIGTERM, signal.SIGINT)
_LOOK: Final = 0.1

Work = Callable[[int], None]
"""What the worker process does until its end. It is given the end of a pipe that closes when the
parent has gone."""


class Supervisor:
    """Runs `work` in a process of its own until it ends in order, refuses, or a signal comes."""

    def __init__(self, work: Work) -> None:
        self._work = work
        self._stopping = False
        self._child: int | None = None

    def run(self) -> int:
        """Return the exit code: 0, or 2 when the worker refuses to start."""
        for number in _STOP_SIGNALS:
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
        theirs, ours = os.pipe()
        sys.stdout.flush()
        sys.stderr.flush()
        # A signal in between would be heard by the wrong one of the two, and by nobody later.
        signal.pthread_sigmask(signal.SIG_BLOCK, _STOP_SIGNALS)
        child = os.fork()
        if child == 0:
            os.close(ours)
            _be_worker(self._work, theirs)
        os.close(theirs)
        self._child = child
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _STOP_SIGNALS)
        try:
            if self._has_stopped():  # the signal came before there was a child
                os.kill(child, signal.SIGTERM)
            _, status = os.waitpid(child, 0)
        finally:
            self._child = None
            os.close(ours)
        return os.waitstatus_to_exitcode(status)

    def _stop(self, _number: int, _frame: FrameType | None) -> None:
        self._stopping = True
        if self._child is not None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self._child, signal.SIGTERM)

    def _has_stopped(self) -> bool:
        return self._stopping

    def _wait(self, seconds: float) -> None:
        until = time.monotonic() + seconds
        while not self._has_stopped() and time.monotonic() < until:
            time.sleep(_LOOK)


def _be_worker(work: Work, lifeline: int) -> NoReturn:
    for number in _STOP_SIGNALS:
        signal.signal(number, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, _STOP_SIGNALS)
    code = 1
    try:
        work(lifeline)
        code = 0
    except SystemExit as ended:
        code = ended.code if isinstance(ended.code, int) else int(ended.code is not None)
    except BaseException:  # noqa: BLE001 - the process ends here, whatever it was
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def _say(text: str) -> None:
    sys.stderr.write(f"intellimatch worker: {text}\n")
    sys.stderr.flush()
