"""Who uses an engine: file locks that the kernel drops when a process dies, however it dies.

Each user holds a shared lock on the engine's users file. Starting, stopping and counting happen
under one exclusive lock, so two processes that start at once get one engine and the last one
out, and nobody earlier, stops it.
"""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from plugins.embedded.errors import EngineError

_POLL_SECONDS = 0.02
_LONGEST_WAIT_SECONDS = 180.0


@contextmanager
def exclusive_turn(lock_file: Path) -> Iterator[None]:
    """Hold the exclusive lock within the block; raises `EngineError` after three minutes."""
    descriptor = os.open(lock_file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        deadline = time.monotonic() + _LONGEST_WAIT_SECONDS
        while not _try_lock(descriptor, fcntl.LOCK_EX):
            if time.monotonic() > deadline:
                raise EngineError(
                    "Another process has been starting or stopping the embedded engines for "
                    "three minutes.",
                    f"End it; `fuser {lock_file}` names it.",
                )
            time.sleep(_POLL_SECONDS)
        yield
    finally:
        os.close(descriptor)


class Hold:
    """This caller's share in one engine. Take and drop it only within `exclusive_turn`."""

    def __init__(self, users_file: Path) -> None:
        self._descriptor = os.open(users_file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        if not _try_lock(self._descriptor, fcntl.LOCK_SH):
            os.close(self._descriptor)
            raise EngineError(
                f"{users_file} is locked by another program.", "End that program and start again."
            )

    def is_last(self) -> bool:
        """Whether nobody else holds a share."""
        alone = _try_lock(self._descriptor, fcntl.LOCK_EX)
        fcntl.flock(self._descriptor, fcntl.LOCK_SH)
        return alone

    def drop(self) -> None:
        """Give the share up."""
        # Unlocking, not only closing: a forked child may have inherited the descriptor.
        fcntl.flock(self._descriptor, fcntl.LOCK_UN)
        os.close(self._descriptor)


def is_held(users_file: Path) -> bool:
    """Whether somebody has a share, found without locking: who starts now isn't disturbed."""
    try:
        inode = str(users_file.stat().st_ino)
    except FileNotFoundError:
        return False
    lines = Path("/proc/locks").read_text(encoding="ascii").splitlines()
    return any(line.split()[-3].rpartition(":")[2] == inode for line in lines)


def _try_lock(descriptor: int, kind: int) -> bool:
    try:
        fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
