"""The embedded engines start, are shared, survive what kills them, and stop with the last user."""

import os
import pwd
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import asyncpg
import pytest
import redis

from plugins.embedded.engines import Engines, inspect_engines, start_engines, stop_engines
from plugins.embedded.errors import EngineError
from plugins.embedded.folders import socket_folder
from plugins.embedded.processes import command_line, wait_until_gone
from tests.fixtures.repository import ROOT

pytestmark = pytest.mark.embedded

# Starts the engines of a folder, says where and as whom, and releases them when told to.
USER = """
import codecs
import os
import sys
from pathlib import Path
from plugins.embedded.engines import inspect_engines, start_engines
folder = Path(sys.argv[1])
if len(sys.argv) > 2:
    # Only now: the interpreter itself may lie where this user can't read, codecs included.
    codecs.lookup("ascii")
    os.setgroups([])
    os.setgid(int(sys.argv[3]))
    os.setuid(int(sys.argv[2]))
with start_engines(folder, postgres=True, valkey=True, durable=False):
    states = inspect_engines(folder)
    print(states.postgres.pid, states.valkey.pid, flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def folder() -> Iterator[Path]:
    # Not pytest's folder: the engines' user has to pass through, and another pytest closes it.
    with tempfile.TemporaryDirectory(prefix="intellimatch-test-", ignore_cleanup_errors=True) as it:
        yield Path(it) / "data"
        stop_engines(Path(it) / "data")


def start(folder: Path, *, valkey: bool = False, durable: bool = False) -> Engines:
    return start_engines(folder, postgres=True, valkey=valkey, durable=durable)


def pids(folder: Path) -> tuple[int | None, int | None]:
    states = inspect_engines(folder)
    return states.postgres.pid, states.valkey.pid


def kill(pid: int | None) -> None:
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    assert wait_until_gone([pid], 10)


def owner_of(pid: int | None) -> int:
    return Path(f"/proc/{pid}").stat().st_uid


async def query(engines: Engines, statement: str) -> object:
    connection = await asyncpg.connect(engines.postgres_admin_url)
    try:
        return await connection.fetchval(statement)
    finally:
        await connection.close()


def another_process(folder: Path, *user: int) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-c", USER, str(folder), *map(str, user)],
        cwd=ROOT,
        env={"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def pids_of(process: "subprocess.Popen[str]") -> tuple[int, int]:
    assert process.stdout is not None
    postgres, valkey = process.stdout.readline().split()
    return int(postgres), int(valkey)


async def test_the_last_of_several_users_stops_them(folder: Path) -> None:
    assert pids_untouched(folder)
    first = start(folder, valkey=True)
    running = pids(folder)
    assert None not in running
    second = start(folder)
    assert pids(folder) == running
    first.release()
    first.release()
    assert pids(folder) == (running[0], None)
    assert await query(second, "SELECT 1") == 1
    second.release()
    assert pids(folder) == (None, None)


def pids_untouched(folder: Path) -> bool:
    """Looking at a folder that isn't there makes none."""
    return pids(folder) == (None, None) and not folder.exists()


async def test_committed_data_survives_a_killed_postgres(folder: Path) -> None:
    with start(folder, durable=True) as engines:
        await query(engines, "CREATE TABLE kept AS SELECT 7 AS number")
        abandoned = await asyncpg.connect(engines.postgres_admin_url)
        await abandoned.execute("BEGIN; INSERT INTO kept VALUES (8)")
        kill(pids(folder)[0])
        assert pids(folder)[0] is None
        with start(folder, durable=True) as again:
            assert await query(again, "SELECT array_agg(number) FROM kept") == [7]
            assert await query(again, "SELECT current_setting('fsync')") == "on"
        abandoned.terminate()


def test_what_valkey_was_given_survives_its_killing(folder: Path) -> None:
    with start_engines(folder, postgres=False, valkey=True) as engines:
        assert engines.redis_url is not None
        assert engines.postgres_admin_url is None
        with redis.Redis.from_url(engines.redis_url) as client:
            client.set("work", "kept")
            assert client.config_get("port", "appendfsync") == {
                "port": "0",
                "appendfsync": "everysec",
            }
        pid = pids(folder)[1]
        kill(pid)
        with (
            start_engines(folder, postgres=False, valkey=True),
            redis.Redis.from_url(engines.redis_url) as client,
        ):
            assert client.get("work") == b"kept"
            assert pids(folder)[1] != pid


def test_engines_outlive_a_killed_app_and_are_found_again(folder: Path) -> None:
    app = another_process(folder)
    running = pids_of(app)
    app.kill()
    app.communicate()
    assert pids(folder) == running
    with start(folder, valkey=True):
        assert pids(folder) == running
    assert pids(folder) == (None, None)


def test_starters_at_the_same_moment_get_one_engine(folder: Path) -> None:
    with ExitStack() as each:
        apps = [each.enter_context(another_process(folder)) for _ in range(3)]
        seen = [pids_of(app) for app in apps]
        assert len(set(seen)) == 1
        for app in apps[:2]:
            app.communicate("")
        assert pids(folder) == seen[0]
        apps[2].communicate("")
        assert [app.returncode for app in apps] == [0, 0, 0]
    assert pids(folder) == (None, None)


async def test_a_pid_file_that_names_another_program_is_no_server(folder: Path) -> None:
    with start(folder, durable=True) as engines:
        await query(engines, "CREATE TABLE kept (id int)")
        pid_file = folder / "postgres" / "postmaster.pid"
        lines = pid_file.read_text().splitlines()
        kill(pids(folder)[0])
        # As after a reboot: the number now belongs to this test.
        pid_file.write_text("\n".join([str(os.getpid()), *lines[1:], ""]))
        assert pids(folder)[0] is None
        with start(folder, durable=True) as again:
            assert await query(again, "SELECT count(*) FROM kept") == 0


async def test_a_folder_too_deep_for_a_socket_gets_a_short_one(folder: Path) -> None:
    deep = folder / ("deep " * 12) / ("' quoted, " * 8)
    try:
        with start(deep, valkey=True) as engines:
            assert await query(engines, "SELECT 1") == 1
            assert engines.redis_url is not None
            with redis.Redis.from_url(engines.redis_url) as client:
                assert client.ping()
            assert "/tmp/intellimatch-" in engines.redis_url
    finally:
        stop_engines(deep)
        socket_folder(deep).rmdir()


async def test_postgres_listens_on_its_socket_only_and_asks_the_kernel_who_comes(
    folder: Path,
) -> None:
    with start(folder) as engines:
        assert await query(engines, "SELECT current_setting('listen_addresses')") == ""
        rules = "SELECT array_agg(type || ' ' || auth_method) FROM pg_hba_file_rules"
        assert await query(engines, rules) == ["local peer"]
        assert (folder / "sockets").stat().st_mode & 0o077 == 0
        assert owner_of(pids(folder)[0]) != 0


def test_it_runs_for_an_ordinary_user() -> None:
    """As root: as `nobody`, who must not need any right of ours. Else: as ourselves."""
    with tempfile.TemporaryDirectory(prefix="intellimatch-test-") as made:
        base = Path(made)
        user = pwd.getpwnam("nobody") if os.geteuid() == 0 else pwd.getpwuid(os.geteuid())
        os.chown(base, user.pw_uid, user.pw_gid)
        become = (user.pw_uid, user.pw_gid) if os.geteuid() == 0 else ()
        with another_process(base / "data", *become) as app:
            running = pids_of(app)
            assert [owner_of(pid) for pid in running] == [user.pw_uid] * 2
            app.communicate("")
            assert app.returncode == 0
        assert not any(command_line(pid) for pid in running)


def test_a_folder_that_cannot_be_used_is_explained(folder: Path) -> None:
    folder.parent.mkdir(exist_ok=True)
    (folder.parent / "file").write_text("")
    with pytest.raises(EngineError) as caught:
        start(folder.parent / "file")
    assert str(folder.parent / "file") in str(caught.value)
    assert caught.value.remedy


def test_damage_and_foreign_versions_are_explained(folder: Path) -> None:
    start(folder).release()
    version = folder / "postgres" / "PG_VERSION"
    written = version.read_text()
    version.write_text("15\n")
    with pytest.raises(EngineError, match=r"written by PostgreSQL 15") as caught:
        start(folder)
    assert "pg_dump" in caught.value.remedy
    version.write_text(written)
    control = folder / "postgres" / "global" / "pg_control"
    control.write_bytes(b"\0" * control.stat().st_size)
    with pytest.raises(EngineError, match=r"damaged") as caught:
        start(folder)
    assert "backup" in caught.value.remedy
    assert pids(folder) == (None, None)


def test_an_interrupted_initdb_is_begun_again_and_foreign_files_are_left_alone(
    folder: Path,
) -> None:
    (folder / "postgres.new-1").mkdir(parents=True)
    start(folder).release()
    assert not (folder / "postgres.new-1").exists()
    (folder / "postgres" / "PG_VERSION").unlink()
    with pytest.raises(EngineError, match=r"is not a PostgreSQL data folder"):
        start(folder)


async def test_crash_safety_is_not_silently_given_up(folder: Path) -> None:
    test = start(folder, durable=False)
    with pytest.raises(EngineError, match=r"without crash safety"):
        start(folder, durable=True)
    test.release()
    with start(folder, durable=False):
        pass
    with start(folder, durable=True) as engines:
        assert await query(engines, "SELECT current_setting('fsync')") == "on"
        with start(folder, durable=False) as shared:
            assert await query(shared, "SELECT current_setting('fsync')") == "on"


def test_stopping_by_force_ends_what_a_killed_app_left(folder: Path) -> None:
    assert not stop_engines(folder)
    app = another_process(folder)
    pids_of(app)
    app.kill()
    app.communicate()
    assert stop_engines(folder)
    assert pids(folder) == (None, None)
    assert not stop_engines(folder)
