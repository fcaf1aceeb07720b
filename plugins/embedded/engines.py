"""Embedded engines for whoever needs them: start or share, release, look, stop.

Called by the composition root, the tests and the command line. Any number of processes may use
the engines of one data folder; the last one to release them stops them. A process that is
killed releases its share, not the engines: they go on and the next start finds them.
"""

import atexit
import os
import sys
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Protocol, Self

import msgspec

from plugins.embedded.errors import EngineError, file_errors_explained
from plugins.embedded.folders import choose_account, describe_account, prepare_data_dir
from plugins.embedded.holds import Hold, exclusive_turn, is_held
from plugins.embedded.postgres_config import PostgresOptions
from plugins.embedded.postgres_server import PostgresServer
from plugins.embedded.valkey_server import ValkeyServer

EMBEDDED_DATABASE = "intellimatch"
"""Name of the application's database in the embedded PostgreSQL."""


class _Server(Protocol):
    folder: Path

    @property
    def running_pid(self) -> int | None: ...
    def start(self) -> None: ...
    def stop(self) -> None: ...


class EngineState(msgspec.Struct, frozen=True):
    """What is known of one engine without touching it."""

    folder: Path
    exists: bool
    pid: int | None
    url: str
    in_use: bool = False
    """Whether a running app relies on it."""


class EngineStates(msgspec.Struct, frozen=True):
    """Both engines of a data folder."""

    postgres: EngineState
    valkey: EngineState


class _Share(msgspec.Struct, frozen=True):
    hold: Hold
    server: _Server

    def give_up(self) -> None:
        last = self.hold.is_last()
        self.hold.drop()
        if last:
            self.server.stop()


class Engines:
    """A share in running engines; use as a context manager or call `release`."""

    def __init__(
        self,
        data_dir: Path,
        shares: list[_Share],
        *,
        postgres_admin_url: str | None,
        redis_url: str | None,
    ) -> None:
        self.data_dir = data_dir
        self.postgres_admin_url = postgres_admin_url
        """Superuser's address, for this operating-system user only; None when not asked for."""
        self.redis_url = redis_url
        """Address of the Valkey; None when not asked for."""
        self._shares = shares
        self._owner_pid = os.getpid()
        atexit.register(self.release)

    def release(self) -> None:
        """Give the shares up, and stop each engine that nobody else uses. Safe to call twice."""
        # A forked child inherits this object, but the share is its parent's.
        if not self._shares or os.getpid() != self._owner_pid:
            return
        shares, self._shares = self._shares, []
        atexit.unregister(self.release)
        with exclusive_turn(_start_lock(self.data_dir)):
            _give_up_all(shares)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.release()


def start_engines(
    data_dir: Path,
    *,
    postgres: bool,
    valkey: bool,
    durable: bool = True,
    max_connections: int = 200,
) -> Engines:
    """Start the wanted engines of `data_dir`, or share those that already run.

    `durable=False` gives up crash safety for speed and is for tests. A server that runs with
    other options is restarted when nobody uses it and shared as it is when somebody does, save
    that asking for durable while others use one that isn't is refused. Blocks: about a second
    for the very first start, as long as the recovery takes after a crash. Raises `EngineError`.
    """
    _check_system()
    data_dir = data_dir.absolute()
    shares: list[_Share] = []
    with file_errors_explained("An embedded engine", data_dir):
        account = choose_account(data_dir)
        prepare_data_dir(data_dir, account)
        options = PostgresOptions(durable=durable, max_connections=max_connections)
        database = PostgresServer(data_dir, account, options)
        store = ValkeyServer(data_dir, account)
        with exclusive_turn(_start_lock(data_dir)):
            try:
                if postgres:
                    shares.append(_share_postgres(database, durable=durable))
                if valkey:
                    shares.append(_share(store))
            except BaseException:
                _give_up_all(shares)
                raise
    return Engines(
        data_dir,
        shares,
        postgres_admin_url=database.admin_url if postgres else None,
        redis_url=store.url if valkey else None,
    )


def inspect_engines(data_dir: Path) -> EngineStates:
    """Say what runs in `data_dir`; starts, makes and changes nothing.

    Raises `EngineError` when the folder belongs to another user.
    """
    data_dir = data_dir.absolute()
    account = describe_account(data_dir)
    database, store = PostgresServer(data_dir, account), ValkeyServer(data_dir, account)
    return EngineStates(
        postgres=_state(database, database.admin_url), valkey=_state(store, store.url)
    )


def stop_engines(data_dir: Path) -> bool:
    """Stop the engines of `data_dir` whoever uses them; False when none ran.

    For `demo --stop` and for cleaning up after a killed process.
    """
    data_dir = data_dir.absolute()
    if not (data_dir / "run").is_dir():
        return False
    account = describe_account(data_dir)
    servers: list[_Server] = [PostgresServer(data_dir, account), ValkeyServer(data_dir, account)]
    with (
        file_errors_explained("An embedded engine", data_dir),
        exclusive_turn(_start_lock(data_dir)),
        ExitStack() as each,
    ):
        running = [server for server in servers if server.running_pid is not None]
        for server in running:
            each.callback(server.stop)
    return bool(running)


def _share_postgres(server: PostgresServer, *, durable: bool) -> _Share:
    if server.running_pid is not None and server.has_other_options():
        share = _share(server)
        if share.hold.is_last():
            server.stop()
            server.start()
        elif durable and not server.runs_durably:
            share.give_up()
            raise EngineError(
                f"The PostgreSQL in {server.folder} runs without crash safety, for a test.",
                "Wait for the test to end, or set INTELLIMATCH_DATA_DIR to another folder.",
            )
        return share
    return _share(server)


def _share(server: _Server) -> _Share:
    share = _Share(Hold(_users_file(server)), server)
    try:
        if server.running_pid is None:
            server.start()
    except BaseException:
        share.hold.drop()
        raise
    return share


def _give_up_all(shares: list[_Share]) -> None:
    with ExitStack() as each:
        # Each engine gets its turn even when stopping another one fails.
        for share in shares:
            each.callback(share.give_up)


def _state(server: _Server, url: str) -> EngineState:
    return EngineState(
        folder=server.folder,
        exists=server.folder.exists(),
        pid=server.running_pid,
        url=url,
        in_use=is_held(_users_file(server)),
    )


def _users_file(server: _Server) -> Path:
    return server.folder.parent / "run" / f"{server.folder.name}.users"


def _start_lock(data_dir: Path) -> Path:
    return data_dir / "run" / "start.lock"


def _check_system() -> None:
    if sys.platform != "linux":
        raise EngineError(
            "The embedded engines run on Linux only.",
            "Set INTELLIMATCH_DATABASE_URL and INTELLIMATCH_REDIS_URL to external servers.",
        )
