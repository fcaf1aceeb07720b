"""Starts the servers that are measured, each as one process, and ends them."""

import asyncio
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec

from tests.benchmarks.databases import FOLDER, BenchDatabase
from tests.benchmarks.load_client import Job, Outcome
from tests.benchmarks.machine import Cores, cpu_seconds, pin
from tests.benchmarks.tenants_made import SECRET_KEY, BenchTenant
from tests.fixtures.repository import ROOT

_START_SECONDS = 60.0
_STOP_SECONDS = 20.0
_SCRIPTS = Path(sys.executable).parent


class Server(msgspec.Struct, frozen=True):
    """A running server."""

    name: str
    port: int
    pid: int

    def cpu_seconds(self) -> float:
        return cpu_seconds(self.pid)


def intellimatch() -> list[str]:
    """The command as an operator has it."""
    return [str(_SCRIPTS / "intellimatch")]


def clean_environment(**changes: str) -> dict[str, str]:
    """The environment without any setting of the caller's own."""
    kept = {name: value for name, value in os.environ.items() if "INTELLIMATCH" not in name}
    return {**kept, "PYTHONPATH": str(ROOT), **changes}


def our_environment(database_url: str, redis_url: str, port: int) -> dict[str, str]:
    """Settings for `intellimatch serve`: limits on, but far above what is asked."""
    return clean_environment(
        INTELLIMATCH_DATABASE_URL=database_url,
        INTELLIMATCH_REDIS_URL=redis_url,
        INTELLIMATCH_SECRET_KEY=SECRET_KEY,
        INTELLIMATCH_DATA_DIR=str(FOLDER / "served"),
        INTELLIMATCH_PORT=str(port),
        INTELLIMATCH_RATE_LIMIT_PER_MINUTE="10000000",
        INTELLIMATCH_RATE_LIMIT_BURST="10000000",
        INTELLIMATCH_LOG_LEVEL="info",
        INTELLIMATCH_LOG_FORMAT="json",
    )


@asynccontextmanager
async def ours(
    database: BenchDatabase,
    redis_url: str,
    cores: Cores,
    *,
    database_url: str | None = None,
    **changes: str,
) -> AsyncIterator[Server]:
    """`intellimatch serve`, one process, on `database` or what stands in front of it.

    `changes` are of its environment.
    """
    port = free_port()
    environment = our_environment(database_url or database.app_url, redis_url, port) | changes
    async with _running(
        f"ours-{database.name}", [*intellimatch(), "serve"], environment, port
    ) as server:
        pin(server.pid, cores.server)
        yield server


@asynccontextmanager
async def peer(
    database: BenchDatabase, redis_url: str, cores: Cores, *, cached: bool
) -> AsyncIterator[Server]:
    """The FastAPI service."""
    environment = clean_environment(
        BENCH_DATABASE_URL=database.app_url,
        BENCH_REDIS_URL=redis_url,
        BENCH_SECRET_KEY=SECRET_KEY,
        BENCH_CACHE="1" if cached else "0",
    )
    name = "fastapi-cached" if cached else "fastapi"
    async with _uvicorn(name, "fastapi_service", environment, cores) as server:
        yield server


@asynccontextmanager
async def bare(database: BenchDatabase, tenant: BenchTenant, cores: Cores) -> AsyncIterator[Server]:
    """The bare ASGI handler."""
    environment = clean_environment(
        BENCH_DATABASE_URL=database.app_url, BENCH_TENANT=str(tenant.id)
    )
    async with _uvicorn("bare", "bare", environment, cores) as server:
        yield server


async def run_load(job: Job, cores: Cores) -> Outcome:
    """Run the load client beside the engines and return what it saw."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.benchmarks.load_client",
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        preexec_fn=lambda: os.sched_setaffinity(0, {cores.others}),
    )
    answer, _ = await process.communicate(msgspec.json.encode(job))
    if process.returncode != 0:
        raise RuntimeError("the load client failed; see its message above")
    return msgspec.json.decode(answer, type=Outcome)


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


async def until_answered(url: str, process: "subprocess.Popen[bytes]", log: Path) -> None:
    """Return when `url` answers 200. Raises RuntimeError when the process ends first."""
    deadline = time.monotonic() + _START_SECONDS
    while not await asyncio.to_thread(_answers, url):
        if process.poll() is not None or time.monotonic() > deadline:
            raise RuntimeError(f"no server came up: {_end_of(log)}")
        await asyncio.sleep(0.02)


async def stop(process: "subprocess.Popen[bytes]") -> None:
    """Ask a server to end, and make it end."""
    process.send_signal(signal.SIGTERM)
    try:
        await asyncio.to_thread(process.wait, _STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        await asyncio.to_thread(process.wait)


def start(
    command: list[str], environment: Mapping[str, str], log: Path
) -> "subprocess.Popen[bytes]":
    """Start a server that logs to a file."""
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("wb") as output:
        return subprocess.Popen(
            command,
            cwd=ROOT,
            env=dict(environment),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )


@asynccontextmanager
async def _uvicorn(
    name: str, module: str, environment: Mapping[str, str], cores: Cores
) -> AsyncIterator[Server]:
    port = free_port()
    command = [
        *(sys.executable, "-m", "uvicorn", f"tests.benchmarks.peers.{module}:app"),
        *("--port", str(port), "--loop", "uvloop", "--http", "httptools"),
        *("--no-access-log", "--log-level", "warning", "--no-server-header"),
    ]
    async with _running(name, command, environment, port) as server:
        pin(server.pid, cores.server)
        yield server


@asynccontextmanager
async def _running(
    name: str, command: list[str], environment: Mapping[str, str], port: int
) -> AsyncIterator[Server]:
    log = FOLDER / "logs" / f"{name}.log"
    process = start(command, environment, log)
    try:
        # Any answer will do: the peers have no health route.
        await until_answered(f"http://127.0.0.1:{port}/health/ready", process, log)
        yield Server(name, port, process.pid)
    finally:
        await stop(process)


def _end_of(log: Path) -> str:
    return log.read_text()[-2_000:]


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=2) as answer:  # noqa: S310 - our own
            return bool(answer.status == 200)
    except urllib.error.HTTPError as error:
        return error.code == 404
    except OSError:
        return False
