"""Takes from the reading process what reading needs not. Called by `child.py` after its imports."""

import ctypes
import os
import resource
import signal

from plugins.document_reader.limits import Limits

_PR_SET_PDEATHSIG = 1
_PR_SET_NO_NEW_PRIVS = 38
_CLONE_NEWNET = 0x40000000
_CLONE_NEWUSER = 0x10000000
_OPEN_FILES = 48
_WRITTEN_BYTES = 64 << 20
"""For the temporary picture that text recognition reads."""


def confine(limits: Limits) -> None:
    """Bound memory, files and privileges; leave the network where the kernel lets us.

    What a kernel or container refuses is not fatal: the parent's clock bounds everything anyway.
    """
    _limit(resource.RLIMIT_AS, limits.memory_bytes)
    _limit(resource.RLIMIT_CORE, 0)
    _limit(resource.RLIMIT_NOFILE, _OPEN_FILES)
    _limit(resource.RLIMIT_FSIZE, _WRITTEN_BYTES)
    system = ctypes.CDLL(None, use_errno=True)
    if hasattr(system, "prctl"):
        system.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        system.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    if hasattr(system, "unshare") and system.unshare(_CLONE_NEWNET) != 0:
        system.unshare(_CLONE_NEWUSER | _CLONE_NEWNET)
    os.chdir("/")


def allow_cpu(seconds: int) -> None:
    """Give the next document so much computing time; the kernel ends the process after it."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    spent = int(used.ru_utime + used.ru_stime)
    resource.setrlimit(resource.RLIMIT_CPU, (spent + seconds + 1, resource.RLIM_INFINITY))


def _limit(kind: int, value: int) -> None:
    _, hard = resource.getrlimit(kind)
    bound = value if hard == resource.RLIM_INFINITY else min(value, hard)
    resource.setrlimit(kind, (bound, bound))
