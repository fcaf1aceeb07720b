"""Ends a process although a plugin left threads in it that never end.

Python waits for every thread that isn't a daemon, and `asyncio.to_thread` makes such threads: one
blocking call of a vendor's library would keep a server from stopping. Called by the processes that
run plugins, once they have let go of everything.
"""

import logging
import os
import sys
import threading
import time
from typing import Final

import structlog

GRACE_SECONDS: Final = 2.0
"""For threads that are about to end by themselves."""

log = structlog.get_logger(__name__)


def leave_threads_behind() -> None:
    """Return when nothing keeps the process from ending; else end it here, with code 0."""
    until = time.monotonic() + GRACE_SECONDS
    while left := _strays():
        if time.monotonic() > until:
            log.warning("threads_left_behind", threads=[each.name for each in left][:10])
            logging.shutdown()
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(0)
        time.sleep(0.05)


def _strays() -> list[threading.Thread]:
    here = threading.current_thread()
    return [each for each in threading.enumerate() if each is not here and not each.daemon]
