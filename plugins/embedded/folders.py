"""Where the engines' files and sockets live, and the operating-system user they run as.

PostgreSQL refuses to run as root. When we are root, both engines run as a system user of their
own that has no shell and no home, and owns nothing but their folders.
"""

import hashlib
import logging
import os
import pwd
import shutil
import stat
import subprocess
from pathlib import Path
from typing import Any

import msgspec

from plugins.embedded.errors import EngineError

SYSTEM_USER = "intellimatch-engines"
# A socket's path may have 107 bytes; the longest name we put in the folder has 13.
_LONGEST_SOCKET_FOLDER_BYTES = 90
_SHORT_ROOT = Path("/tmp")  # noqa: S108 - the folder made in it is checked for owner and mode
_USE_EXTERNAL = "Or set INTELLIMATCH_DATABASE_URL and INTELLIMATCH_REDIS_URL to external servers."

_log = logging.getLogger(__name__)


class Account(msgspec.Struct, frozen=True):
    """The operating-system user that the engines run as."""

    name: str
    uid: int
    gid: int

    def process_options(self) -> dict[str, Any]:
        """Arguments of `subprocess.run` that make a process run as this account."""
        if os.geteuid() == self.uid:
            return {}
        return {"user": self.uid, "group": self.gid, "extra_groups": []}

    def own(self, path: Path) -> None:
        """Give a file or folder to this account."""
        if os.geteuid() != self.uid:
            os.chown(path, self.uid, self.gid)


def choose_account(data_dir: Path) -> Account:
    """The account of existing engine folders, else ours, else, for root, the system user."""
    owner = _owner_of_engines(data_dir)
    if os.geteuid() != 0:
        if owner not in {None, os.geteuid()}:
            raise EngineError(
                f"The embedded engines in {data_dir} belong to {_user_name(owner)}.",
                "Start as that user, or set INTELLIMATCH_DATA_DIR to another folder.",
            )
        return _account_of(os.geteuid())
    if owner:
        return _account_of(owner)
    try:
        return _account_of(pwd.getpwnam(SYSTEM_USER).pw_uid)
    except KeyError:
        return _create_system_user()


def describe_account(data_dir: Path) -> Account:
    """The account of existing engine folders, else our own; makes no user."""
    owner = _owner_of_engines(data_dir)
    return _account_of(os.geteuid() if owner is None else owner)


def client_user_name() -> str:
    """Name of the operating-system user that this process connects as."""
    return _account_of(os.geteuid()).name


def prepare_data_dir(data_dir: Path, account: Account) -> None:
    """Make the data folder and let `account` pass through it and everything above it.

    Only root ever needs the second part; it adds the right to pass, not to list or to read.
    """
    if not data_dir.exists():
        data_dir.mkdir(parents=True, mode=0o700 if os.geteuid() == account.uid else 0o711)
    (data_dir / "run").mkdir(exist_ok=True, mode=0o700)
    let_pass(data_dir, account)


def let_pass(folder: Path, account: Account) -> None:
    """Let `account` reach what is inside `folder`; as another user than root it changes nothing."""
    if os.geteuid() == account.uid:
        return
    for place in (folder, *folder.parents):
        status = place.stat()
        if not _may_pass(status, account):
            try:
                place.chmod(stat.S_IMODE(status.st_mode) | stat.S_IXOTH)
            except OSError as error:
                raise EngineError(
                    f"{account.name}, the user the engines run as, can't pass through {place}.",
                    f"Run `chmod o+x {place}`, or set INTELLIMATCH_DATA_DIR to another folder.",
                ) from error
            _log.warning("%s may now be passed through (o+x), for user %s", place, account.name)


def make_private_folder(folder: Path, account: Account) -> None:
    """Make a folder that only `account` (and root) can enter; a foreign one is refused."""
    try:
        folder.mkdir(mode=0o700)
    except FileExistsError:
        status = folder.lstat()
        if not stat.S_ISDIR(status.st_mode) or status.st_uid not in {account.uid, os.geteuid()}:
            raise EngineError(
                f"{folder} is not a folder of user {account.name}.",
                "Find out who made it, remove it and start again.",
            ) from None
        folder.chmod(0o700)
    account.own(folder)


def socket_folder(data_dir: Path) -> Path:
    """Folder of the engines' sockets: in the data folder, or under /tmp when that is too deep."""
    inside = data_dir / "sockets"
    if len(os.fsencode(inside)) <= _LONGEST_SOCKET_FOLDER_BYTES:
        return inside
    digest = hashlib.sha256(os.fsencode(data_dir)).hexdigest()[:16]
    return _SHORT_ROOT / f"intellimatch-{digest}"


def _owner_of_engines(data_dir: Path) -> int | None:
    for name in ("postgres", "valkey"):
        folder = data_dir / name
        if folder.exists():
            return folder.stat().st_uid
    return None


def _account_of(uid: int) -> Account:
    try:
        entry = pwd.getpwuid(uid)
    except KeyError:
        raise EngineError(
            f"User id {uid} has no name on this system, and PostgreSQL needs one.",
            f"Add a line for it to /etc/passwd. {_USE_EXTERNAL}",
        ) from None
    return Account(name=entry.pw_name, uid=entry.pw_uid, gid=entry.pw_gid)


def _user_name(uid: int | None) -> str:
    try:
        return f"user {pwd.getpwuid(uid or 0).pw_name}"
    except KeyError:
        return f"user id {uid}"


def _create_system_user() -> Account:
    useradd = shutil.which("useradd", path="/usr/sbin:/sbin:/usr/bin:/bin")
    said = "there is no useradd"
    if useradd is not None:
        options = ("--system", "--user-group", "--no-create-home", "--home-dir", "/nonexistent")
        shell = ("--shell", "/usr/sbin/nologin")
        made = subprocess.run(  # noqa: S603 - fixed arguments
            [useradd, *options, *shell, SYSTEM_USER], capture_output=True, text=True, check=False
        )
        said = made.stderr.strip()
    try:
        # Also when useradd failed: another process may have made the user a moment ago.
        return _account_of(pwd.getpwnam(SYSTEM_USER).pw_uid)
    except KeyError:
        raise EngineError(
            f"PostgreSQL doesn't run as root, and user {SYSTEM_USER} can't be made: {said}.",
            f"Make a system user of that name, or start as another user. {_USE_EXTERNAL}",
        ) from None


def _may_pass(status: os.stat_result, account: Account) -> bool:
    if status.st_uid == account.uid:
        return bool(status.st_mode & stat.S_IXUSR)
    if status.st_gid == account.gid:
        return bool(status.st_mode & stat.S_IXGRP)
    return bool(status.st_mode & stat.S_IXOTH)
