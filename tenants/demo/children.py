"""Starts the demo's server and worker as processes of their own, and waits until they answer."""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from core.shared.errors import Conflict, Unavailable
from plugins.embedded.errors import log_tail
from tenants.demo.running import DemoLock
from tenants.settings import Settings

_READY_SECONDS = 60.0
_POLL_SECONDS = 0.05
_STOP_SECONDS = 20.0
_LOG_BYTES = 5_000_000
_PROGRAMS: Mapping[str, tuple[str, ...]] = {
    "server": ("api.cli.main", "serve"),
    "worker": ("workers",),
}


class PortTaken(Conflict):
    """Another program listens there, or nobody may."""

    code = "port_taken"
    title = "The port is taken"


class Child:
    """One process of the demo and its log."""

    def __init__(self, name: str, log: Path, process: "subprocess.Popen[bytes]") -> None:
        self.name = name
        self.log = log
        self.process = process

    @property
    def has_ended(self) -> bool:
        """Whether it runs no more."""
        return self.process.poll() is not None

    def explain_end(self) -> str:
        """Say that it ended, and what it wrote last."""
        code = self.process.returncode
        return f"The {self.name} ended with code {code}. Its log {self.log} ends:\n" + log_tail(
            self.log
        )


def start_children(settings: Settings, port: int, lock: DemoLock) -> list[Child]:
    """Start every process of the demo. Each takes the lock along and its own share of the engines.

    They are sessions of their own, so that Ctrl-C reaches only who watches them.
    """
    logs = settings.data_dir / "logs"
    logs.mkdir(parents=True, exist_ok=True)
    environment = {
        **os.environ,
        "INTELLIMATCH_DATA_DIR": str(settings.data_dir),
        "INTELLIMATCH_PORT": str(port),
        "PYTHONUNBUFFERED": "1",
    }
    return [
        _start(name, program, logs / f"{name}.log", environment, lock)
        for name, program in _PROGRAMS.items()
    ]


def wait_until_ready(children: list[Child], base_url: str) -> None:
    """Return when the server answers. Raises Unavailable, with the log, when something ended."""
    deadline = time.monotonic() + _READY_SECONDS
    while not answers(base_url):
        for child in children:
            if child.has_ended:
                raise Unavailable(child.explain_end())
        if time.monotonic() > deadline:
            raise Unavailable(
                f"The server did not answer within {_READY_SECONDS:.0f} seconds. Its log ends:\n"
                + log_tail(children[0].log)
            )
        time.sleep(_POLL_SECONDS)


def stop_children(children: list[Child]) -> None:
    """End every child and wait for it."""
    for child in children:
        if not child.has_ended:
            child.process.send_signal(signal.SIGTERM)
    for child in children:
        try:
            child.process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            child.process.kill()
            child.process.wait()


def answers(base_url: str) -> bool:
    """Whether a server there says that it is ready."""
    try:
        with urllib.request.urlopen(f"{base_url}/health/ready", timeout=2) as answer:  # noqa: S310 - our own address
            return bool(answer.status == 200)
    except (OSError, urllib.error.URLError):
        return False


@contextmanager
def reserved_port(host: str, port: int) -> Iterator[tuple[int, Callable[[], None]]]:
    """Yield `port`, held, or a free one for 0, and what lets it go. Raises PortTaken."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as holder:
        holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            holder.bind((host, port))
        except OSError as error:
            raise PortTaken(
                f"Can't listen on {host}:{port}: {error.strerror}. Choose another port with "
                "--port, or --port 0 for a free one.",
                port=port,
            ) from error
        yield int(holder.getsockname()[1]), holder.close


def _start(
    name: str, program: tuple[str, ...], log: Path, environment: dict[str, str], lock: DemoLock
) -> Child:
    if log.exists() and log.stat().st_size > _LOG_BYTES:
        log.replace(log.with_suffix(".log.1"))
    with log.open("ab") as output:
        process = subprocess.Popen(  # noqa: S603 - our own programs
            [sys.executable, "-m", *program],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            env=environment,
            pass_fds=[lock.descriptor],
            start_new_session=True,
        )
    return Child(name, log, process)
