"""Which processes of ours run, told from /proc by what stands on their command line.

A process id alone proves nothing: it may have been given to another program, or belong to a
zombie that a container without a reaper keeps for ever. A zombie has an empty command line.
"""

import os
import signal
import time
from pathlib import Path

_PROC = Path("/proc")
_POLL_SECONDS = 0.02


def command_line(pid: int) -> tuple[str, ...]:
    """The arguments of a process; empty when there is none or it is a zombie."""
    try:
        raw = (_PROC / str(pid) / "cmdline").read_bytes()
    except OSError:
        return ()
    return tuple(os.fsdecode(part) for part in raw.rstrip(b"\0").split(b"\0") if part)


def runs_with(pid: int, argument: str) -> bool:
    """Whether process `pid` is alive and has `argument` among its arguments."""
    return argument in command_line(pid)


def find_titled(words: str) -> list[int]:
    """Processes whose title contains `words`."""
    return [
        int(entry.name)
        for entry in _PROC.iterdir()
        if entry.name.isdigit() and any(words in part for part in command_line(int(entry.name)))
    ]


def wait_until_gone(pids: list[int], seconds: float) -> bool:
    """Whether all of `pids` ended within `seconds`; a zombie counts as ended."""
    deadline = time.monotonic() + seconds
    while any(command_line(pid) for pid in pids):
        if time.monotonic() > deadline:
            return False
        time.sleep(_POLL_SECONDS)
    return True


def send_signal(pid: int, number: signal.Signals) -> None:
    """Signal a process that may have ended meanwhile."""
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return
