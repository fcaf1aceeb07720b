"""The processes of `intellimatch up`: starts them, starts again what ends, stops them in order."""

import asyncio
import contextlib
import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from typing import Final

import structlog

FIRST_PAUSE: Final = 0.5
LONGEST_PAUSE: Final = 10.0
"""Seconds before a program that keeps ending at once is started again."""

LONG_LIFE: Final = 10.0
"""A program that ran so many seconds did not end at once."""

REFUSED: Final = 2
"""Exit code of a program that can't work with its settings: starting it again would not help."""

_LEFTOVER_SECONDS: Final = 3.0
_PARENT_DEATH: Final = 1
"""PR_SET_PDEATHSIG of prctl(2)."""

_LIBC = ctypes.CDLL(None)

log = structlog.get_logger("api.up")


class Refused(Exception):
    """A program says that it can't work with its settings; the reason is in its log."""


class Program:
    """One program that is to run at all times."""

    def __init__(
        self,
        name: str,
        module: Sequence[str],
        environment: Mapping[str, str],
        *,
        holds_port: bool = False,
    ) -> None:
        self.name = name
        self._holds_port = holds_port
        self._command = [sys.executable, "-m", *module]
        self._environment = dict(environment)
        self._process: subprocess.Popen[bytes] | None = None
        self._began_at = 0.0
        self._again_at = 0.0
        self._pause = FIRST_PAUSE

    @property
    def pid(self) -> int | None:
        """Of the running process."""
        return None if self._process is None else self._process.pid

    async def keep(self) -> None:
        """Start it when it doesn't run and its pause is over. Raises Refused.

        To be called from the main thread: the system ends a process with the thread it is from.
        """
        if self._process is None:
            if time.monotonic() >= self._again_at:
                self._start()
            return
        code = self._process.poll()
        if code is None:
            return
        ended, self._process = self._process, None
        if self._holds_port:
            await asyncio.to_thread(_end_group, ended.pid)
        if code == REFUSED:
            raise Refused(self.name)
        if time.monotonic() - self._began_at > LONG_LIFE:
            self._pause = FIRST_PAUSE
        log.error("program_ended", program=self.name, exit_code=code, again_in=self._pause)
        self._again_at = time.monotonic() + self._pause
        self._pause = min(self._pause * 2, LONGEST_PAUSE)

    def terminate(self) -> None:
        """Ask it to end."""
        if self._process is not None:
            self._process.terminate()

    def wait(self, until: float) -> None:
        """Wait for its end, at most until that monotonic moment; then kill what is left of it."""
        if self._process is None:
            return
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(max(0.0, until - time.monotonic()))
        if self._process.poll() is None:
            log.error("program_killed", program=self.name)
            _signal_group(self._process.pid, signal.SIGKILL)
            self._process.wait()

    def kill(self) -> None:
        """End it at once."""
        if self._process is not None and self._process.poll() is None:
            _signal_group(self._process.pid, signal.SIGKILL)

    def _start(self) -> None:
        # A session of its own: Ctrl-C reaches only us, and we end all of it in order. It ends
        # with us too, however we end.
        self._process = subprocess.Popen(  # noqa: S603 - our own programs
            self._command,
            env=self._environment,
            stdin=subprocess.DEVNULL,
            start_new_session=True,
            preexec_fn=_end_with_parent,  # noqa: PLW1509 - one system call, nothing that locks
        )
        self._began_at = time.monotonic()
        log.info("program_started", program=self.name, pid=self._process.pid)


def stop_all(programs: Sequence[Program], seconds: float) -> None:
    """End them all within some seconds."""
    until = time.monotonic() + seconds
    for program in programs:
        program.terminate()
    for program in programs:
        program.wait(until)


def _end_with_parent() -> None:
    _LIBC.prctl(_PARENT_DEATH, int(signal.SIGTERM))


def _end_group(group: int) -> None:
    """End what a program left behind that holds the port; others end by themselves."""
    if not _signal_group(group, signal.SIGTERM):
        return
    until = time.monotonic() + _LEFTOVER_SECONDS
    while time.monotonic() < until:
        if not _signal_group(group, 0):
            return
        time.sleep(0.05)
    _signal_group(group, signal.SIGKILL)


def _signal_group(group: int, number: int) -> bool:
    try:
        os.killpg(group, number)
    except (ProcessLookupError, PermissionError):
        return False
    return True
