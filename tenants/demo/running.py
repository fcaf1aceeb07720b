"""Whether a demo runs in a data folder, where, and how to end it.

The processes of a demo inherit one locked file: the kernel holds the lock for as long as any of
them lives, however it dies. What is written beside it says which they are.
"""

import fcntl
import os
import signal
import time
from pathlib import Path
from typing import Self

import msgspec

from plugins.embedded.engines import inspect_engines, start_engines
from plugins.embedded.processes import command_line, send_signal, wait_until_gone
from tenants.demo.report import DemoReport

_PATIENCE_SECONDS = 20.0
_POLL_SECONDS = 0.05
_OURS = ("api.cli.main", "intellimatch", "workers")
"""What stands on the command line of each process of a demo; an id alone may be anybody's."""


class DemoProcesses(msgspec.Struct):
    """The processes of a demo. `watcher` is the one in the foreground, if there is one."""

    port: int
    report: DemoReport | None = None
    """None until it answers."""
    watcher: int | None = None
    children: dict[str, int] = {}

    @property
    def alive(self) -> list[int]:
        """Ids of those that run; the watcher first, who ends the others."""
        pids = [self.watcher, *self.children.values()]
        return [pid for pid in pids if pid is not None and _is_ours(pid)]


class DemoLock:
    """The right to be the demo of a data folder; children take it along."""

    def __init__(self, descriptor: int) -> None:
        self.descriptor = descriptor

    @classmethod
    def take(cls, data_dir: Path) -> Self | None:
        """Return the lock, or None while another demo has it."""
        folder = data_dir / "run"
        data_dir.mkdir(parents=True, exist_ok=True, mode=0o711)
        folder.mkdir(exist_ok=True, mode=0o700)
        descriptor = os.open(folder / "demo.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            return None
        return cls(descriptor)

    def leave(self) -> None:
        """Close this process's hold on it; children keep theirs."""
        os.close(self.descriptor)


def is_running(data_dir: Path) -> bool:
    """Whether any process of a demo lives."""
    lock = DemoLock.take(data_dir) if (data_dir / "run").is_dir() else None
    if lock is None:
        return (data_dir / "run").is_dir()
    lock.leave()
    return False


def read_processes(data_dir: Path) -> DemoProcesses | None:
    """Return what the last demo wrote about itself, or None."""
    try:
        return msgspec.json.decode(_record(data_dir).read_bytes(), type=DemoProcesses)
    except (FileNotFoundError, msgspec.DecodeError):
        return None


def write_processes(data_dir: Path, processes: DemoProcesses) -> None:
    """Write what others need to find this demo; for its owner only, since it holds keys."""
    path = _record(data_dir)
    draft = path.with_name(f"{path.name}.{os.getpid()}")
    draft.touch(mode=0o600)
    draft.write_bytes(msgspec.json.encode(processes))
    draft.replace(path)


def forget_processes(data_dir: Path) -> None:
    """Note that no demo runs."""
    _record(data_dir).unlink(missing_ok=True)


def stop_demo(data_dir: Path) -> bool:
    """End the demo of a data folder and engines that nobody else uses; False when none ran."""
    ran = is_running(data_dir)
    processes = read_processes(data_dir)
    if ran and processes is not None:
        _end(processes.alive[:1] if processes.watcher else processes.alive)
        # A watcher that was killed, or that did not finish, leaves the others to us.
        _end(processes.alive)
    if ran and not _wait_for_lock(data_dir):
        raise TimeoutError(f"the demo in {data_dir} does not end: {processes}")
    forget_processes(data_dir)
    return stop_abandoned_engines(data_dir) or ran


def stop_abandoned_engines(data_dir: Path) -> bool:
    """Stop engines that run though nobody uses them, as after a crash."""
    if not (data_dir / "run").is_dir():
        return False
    states = inspect_engines(data_dir)
    postgres, valkey = states.postgres.pid is not None, states.valkey.pid is not None
    if not (postgres or valkey):
        return False
    # The last one who gives a share back stops the engine; others who use it keep it.
    start_engines(data_dir, postgres=postgres, valkey=valkey).release()
    return True


def _end(pids: list[int]) -> None:
    for pid in pids:
        send_signal(pid, signal.SIGTERM)
    if not wait_until_gone(pids, _PATIENCE_SECONDS):
        for pid in pids:
            send_signal(pid, signal.SIGKILL)
        wait_until_gone(pids, _PATIENCE_SECONDS)


def _wait_for_lock(data_dir: Path) -> bool:
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while is_running(data_dir):
        if time.monotonic() > deadline:
            return False
        time.sleep(_POLL_SECONDS)
    return True


def _is_ours(pid: int) -> bool:
    return any(word in part for part in command_line(pid) for word in _OURS)


def _record(data_dir: Path) -> Path:
    return data_dir / "run" / "demo-processes.json"
