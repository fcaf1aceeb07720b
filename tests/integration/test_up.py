"""`intellimatch up` as an operator uses it: what dies comes back, and it ends in order."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import asyncpg
import httpx
import psutil
import pytest

from plugins.embedded.engines import inspect_engines, stop_engines
from tests.fixtures.examined import Examined
from tests.fixtures.ports import free_port
from tests.fixtures.repository import ROOT

pytestmark = [pytest.mark.slow, pytest.mark.embedded, pytest.mark.timeout(900)]

PROMISED = """
    INSERT INTO tasks (tenant_id, id, kind, payload, created_at, run_at)
    SELECT id, gen_random_uuid(), 'housekeeping', '{}', now(), now() FROM tenants
    RETURNING id
"""
WAIT = 120.0


class Up:
    """The command on a data folder of its own."""

    def __init__(self, data_dir: Path) -> None:
        self.data_dir = data_dir
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.log = data_dir / "up.log"
        self.environment = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith("INTELLIMATCH_")
        } | {"INTELLIMATCH_DATA_DIR": str(data_dir)}
        self.process = self._start()

    def _start(self) -> "subprocess.Popen[bytes]":
        with self.log.open("ab") as output:
            return subprocess.Popen(
                [sys.executable, "-m", "api.cli.main", "up", "--port", str(self.port)],
                cwd=ROOT,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
            )

    def is_ready(self) -> bool:
        try:
            return httpx.get(f"{self.url}/health/ready", timeout=2).status_code == 200
        except httpx.HTTPError:
            return False

    def says(self, words: str) -> int:
        return self.log.read_text().count(words)

    def children(self, module: str) -> list[psutil.Process]:
        """Those that it started, not those that these started."""
        found = psutil.Process(self.process.pid).children()
        return [each for each in found if module in each.cmdline()]

    def everything(self) -> list[psutil.Process]:
        """Every process of this folder but the engines."""
        found = []
        for process in psutil.process_iter():
            try:
                folder = process.environ().get("INTELLIMATCH_DATA_DIR")
                if folder == str(self.data_dir) and "-m" in process.cmdline():
                    found.append(process)
            except psutil.Error:
                continue
        return [each for each in found if each.status() != psutil.STATUS_ZOMBIE]

    def end(self, number: int) -> int:
        self.process.send_signal(number)
        return self.process.wait(WAIT)


@pytest.fixture
def up() -> Iterator[Up]:
    # A path that is short enough for the engines' sockets.
    data_dir = Path(tempfile.mkdtemp(prefix="up-"))
    started = Up(data_dir)
    try:
        until(started, started.is_ready)
        until(started, lambda: started.says('"worker_started"') == 1)
        yield started
    finally:
        for process in started.everything():
            process.kill()
        started.process.wait()
        stop_engines(data_dir)
        shutil.rmtree(data_dir, ignore_errors=True)


def until(up: Up, question: Callable[[], bool]) -> None:
    """Wait until the answer is yes."""
    end = time.monotonic() + WAIT
    while not question():
        assert time.monotonic() < end, up.log.read_text()[-4000:]
        time.sleep(0.1)


def make_tenant(up: Up) -> None:
    command = ("tenant", "create", "acme", "--name", "Acme", "--admin-email", "ada@acme.example")
    subprocess.run(
        [sys.executable, "-m", "api.cli.main", *command],
        cwd=ROOT,
        env=up.environment,
        check=True,
        capture_output=True,
    )


async def works(up: Up) -> bool:
    """Whether what is promised now is done by a worker."""
    connection = await asyncpg.connect(
        inspect_engines(up.data_dir).postgres.url, database="intellimatch"
    )
    try:
        promised = [row[0] for row in await connection.fetch(PROMISED)]
        assert promised
        await connection.execute("SELECT pg_notify('tasks_promised', '')")
        open_ones = "SELECT count(*) FROM tasks WHERE id = ANY($1) AND finished_at IS NULL"
        end = time.monotonic() + WAIT
        while await connection.fetchval(open_ones, promised):
            assert time.monotonic() < end, up.log.read_text()[-4000:]
            time.sleep(0.1)  # noqa: ASYNC251 - nothing else runs here
    finally:
        await connection.close()
    return True


async def test_what_dies_comes_back_and_all_ends_in_order(up: Up, examined: Examined) -> None:
    make_tenant(up)
    assert await works(up)
    kills = 0

    (server,) = up.children("api.cli.main")
    server.kill()
    until(up, lambda: up.says('"program_ended"') == 1)
    until(up, up.is_ready)
    kills += 1

    (supervisor,) = up.children("workers")
    (worker,) = supervisor.children()
    worker.kill()  # its own parent starts another
    until(up, lambda: up.says('"worker_started"') == 2)
    assert await works(up)
    kills += 1

    supervisor.kill()
    until(up, lambda: up.says('"program_ended"') == 2)
    until(up, lambda: up.says('"worker_started"') == 3)
    assert await works(up)
    kills += 1

    engines = inspect_engines(up.data_dir)
    for engine in (engines.postgres, engines.valkey):
        assert engine.pid is not None
        psutil.Process(engine.pid).kill()
        kills += 1
    until(up, lambda: up.says('"engine_ended"') >= 1)
    until(up, up.is_ready)
    assert await works(up)

    began = time.monotonic()
    assert up.end(signal.SIGTERM) == 0
    assert time.monotonic() - began < 60
    assert up.everything() == []
    after = inspect_engines(up.data_dir)
    assert (after.postgres.pid, after.valkey.pid) == (None, None)
    examined("kills", kills)


def test_ctrl_c_ends_all_and_a_killed_command_leaves_nothing(up: Up, examined: Examined) -> None:
    assert up.end(signal.SIGINT) == 0
    assert up.everything() == []
    up.process = up._start()
    until(up, up.is_ready)
    until(up, lambda: up.says('"worker_started"') == 2)
    left = len(up.everything()) - 1
    up.process.kill()
    up.process.wait()
    until(up, lambda: not up.everything())
    examined("processes that ended with it", left)


def test_a_setting_that_stops_a_program_stops_it_all(tmp_path: Path) -> None:
    environment = os.environ | {
        "INTELLIMATCH_DATA_DIR": str(tmp_path),
        "INTELLIMATCH_WORKER_QUEUES": "default=none",
    }
    done = subprocess.run(
        [sys.executable, "-m", "api.cli.main", "up", "--port", "0"],
        cwd=ROOT,
        env=environment,
        check=False,
        capture_output=True,
        timeout=WAIT,
    )
    assert done.returncode == 2
    assert b"INTELLIMATCH_WORKER_QUEUES" in done.stderr
