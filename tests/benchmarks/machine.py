"""The machine that is measured on: what it is, who runs on which core, and what a process costs."""

import os
import platform
from pathlib import Path

import msgspec

_TICKS = os.sysconf("SC_CLK_TCK")


class Machine(msgspec.Struct, frozen=True):
    """What a result must name to be comparable."""

    cpu: str
    cores: int
    memory_gib: int
    kernel: str
    python: str


class Cores(msgspec.Struct, frozen=True):
    """Which cores servers and the rest get; the same one twice where there is only one."""

    server: int
    others: int

    @property
    def are_apart(self) -> bool:
        return self.server != self.others


def this_machine() -> Machine:
    """Ask before this process is pinned: the cores are those it may use."""
    model = "unknown"
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            model = line.partition(":")[2].strip()
            break
    pages = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return Machine(
        cpu=model,
        cores=len(os.sched_getaffinity(0)),
        memory_gib=round(pages / 2**30),
        kernel=platform.release(),
        python=platform.python_version(),
    )


def choose_cores() -> Cores:
    """The server gets a core of its own; engines and clients share another."""
    available = sorted(os.sched_getaffinity(0))
    return Cores(server=available[0], others=available[-1])


def pin(pid: int, core: int) -> None:
    """Keep a process, its threads and its descendants on one core."""
    keep_on(pid, {core})


def keep_on(pid: int, cores: set[int]) -> None:
    """Keep a process, its threads and its descendants on some cores."""
    for each in (pid, *descendants(pid)):
        try:
            threads = [int(path.name) for path in Path(f"/proc/{each}/task").iterdir()]
        except FileNotFoundError:
            continue
        for thread in threads:
            try:
                os.sched_setaffinity(thread, cores)
            except ProcessLookupError:
                continue


def cpu_seconds(pid: int) -> float:
    """User and system time of a process and its descendants until now (proc(5), stat)."""
    return sum(_own_cpu_seconds(each) for each in (pid, *descendants(pid)))


def descendants(pid: int) -> list[int]:
    """Every process below `pid`."""
    children: dict[int, list[int]] = {}
    for path in Path("/proc").iterdir():
        if path.name.isdigit():
            fields = _stat(int(path.name))
            if fields:
                children.setdefault(int(fields[1]), []).append(int(path.name))
    found: list[int] = []
    waiting = [pid]
    while waiting:
        below = children.get(waiting.pop(), [])
        found += below
        waiting += below
    return found


def _own_cpu_seconds(pid: int) -> float:
    fields = _stat(pid)
    return (int(fields[11]) + int(fields[12])) / _TICKS if fields else 0.0


def _stat(pid: int) -> list[str]:
    """The fields of /proc/<pid>/stat from the third on; empty when the process is gone."""
    try:
        # The second is the program's name in brackets, which may itself hold spaces and brackets.
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return []
