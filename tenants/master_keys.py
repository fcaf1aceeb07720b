"""Where this process's master keys come from: the setting, else the file in the data folder.

Without either there is version 1 alone, which is derived from the secret key: what wrapped
everything before there were versions. `plugins.postgres.master_keys` holds what is read here.
"""

import fcntl
import hmac
import os
import secrets
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from hashlib import sha256
from pathlib import Path
from typing import Final, Literal

import asyncpg

from core.ports.secrets import MasterKeyMissing
from plugins.postgres.database import Database
from plugins.postgres.master_keys import SETTING, MasterKeys, asked_by
from tenants.master_key_text import KEY_BYTES, format_master_keys, parse_master_keys
from tenants.settings import Settings
from tenants.settings_values import SettingsError, SettingsProblem

FILE: Final = "master_keys"
RETIRED_FILE: Final = "master_keys.retired"
_PRIVATE: Final = 0o600

Source = Literal["setting", "file", "secret_key"]


def master_keys_path(settings: Settings) -> Path:
    """Where the file is kept."""
    return settings.data_dir / FILE


def source_of(settings: Settings) -> Source:
    """Return which of the three is in use."""
    if settings.master_keys is not None:
        return "setting"
    return "file" if master_keys_path(settings).exists() else "secret_key"


def read_master_keys(settings: Settings) -> dict[int, bytes]:
    """Return the keys by version. Raises SettingsError when the file can't be used."""
    source = source_of(settings)
    if source == "file":
        return _read(master_keys_path(settings))
    keys = {} if settings.master_keys is None else parse_master_keys(settings.master_keys)
    # What was wrapped before the setting was made stays readable until version 1 is retired.
    return keys if 1 in keys else {**keys, 1: first_master_key(settings)}


def master_key_loader(settings: Settings) -> Callable[[], Mapping[int, bytes]]:
    """Return what reads the keys anew in a running process. It raises MasterKeyMissing."""

    def load() -> Mapping[int, bytes]:
        try:
            return read_master_keys(settings)
        except SettingsError as error:
            raise MasterKeyMissing(
                "The server can't read its master keys. Its operator must run "
                "`intellimatch doctor`.",
                setting=SETTING,
            ) from error

    return load


async def check_master_keys(keys: MasterKeys, database: Database) -> None:
    """Raise MasterKeyMissing when the process doesn't hold the key that is in use, or a wrong one.

    Says nothing about a database that isn't migrated yet: readiness does.
    """
    with suppress(asyncpg.UndefinedFunctionError):
        await keys.newest(asked_by(database, keys.held().get(1)))


def keep_first_master_key(settings: Settings) -> None:
    """Make the file when there is neither it nor the setting: it holds version 1.

    From then on the secret key can be changed without losing what was encrypted. Whoever makes it
    first, all make the same. Raises SettingsError when it can't be made.
    """
    if source_of(settings) != "secret_key":
        return
    path = master_keys_path(settings)
    try:
        with _alone(path):
            if not path.exists():
                _write(path, {1: first_master_key(settings)})
    except OSError as error:
        raise _unusable(path, f"can't be made: {error}") from error


def add_master_key(settings: Settings) -> int:
    """Add a new key to the file and return its version. Raises SettingsError."""
    path = master_keys_path(settings)
    try:
        with _alone(path):
            keys = _read(path)
            version = max(keys) + 1
            _write(path, {**keys, version: secrets.token_bytes(KEY_BYTES)})
    except OSError as error:
        raise _unusable(path, f"can't be written: {error}") from error
    return version


def set_aside(settings: Settings, version: int) -> Path | None:
    """Move a retired key out of the file; return where it is now, or None if it wasn't there.

    Backups that are older than its retirement can't be read without it. Raises SettingsError.
    """
    path = master_keys_path(settings)
    aside = settings.data_dir / RETIRED_FILE
    try:
        with _alone(path):
            keys = _read(path)
            if version not in keys:
                return None
            kept = _read(aside) if aside.exists() else {}
            _write(aside, {**kept, version: keys.pop(version)})
            _write(path, keys)
    except OSError as error:
        raise _unusable(path, f"can't be written: {error}") from error
    return aside


def first_master_key(settings: Settings) -> bytes:
    """Return version 1 as the secret key gives it. Raises ValueError without a secret key."""
    if settings.secret_key is None:
        raise ValueError("settings must hold the secret key; see tenants.bootstrap")
    return hmac.digest(settings.secret_key.encode(), b"intellimatch subject keys 1", sha256)


def _read(path: Path) -> dict[int, bytes]:
    try:
        return parse_master_keys(path.read_text(encoding="ascii"))
    except (OSError, UnicodeDecodeError) as error:
        raise _unusable(path, "can't be read") from error
    except ValueError as error:
        raise _unusable(path, f"is damaged: {error}") from error


def _write(path: Path, keys: Mapping[int, bytes]) -> None:
    """Replace the file as a whole: who reads meanwhile, or after a crash, sees the old or new."""
    draft = path.with_name(f"{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _PRIVATE)
    try:
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(format_master_keys(keys))
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    """Keep other processes from changing the file meanwhile; the lock ends with the process."""
    path.parent.mkdir(parents=True, exist_ok=True)
    lock = os.open(path.with_name(f"{path.name}.lock"), os.O_WRONLY | os.O_CREAT, _PRIVATE)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
    finally:
        os.close(lock)


def _unusable(path: Path, wrong: str) -> SettingsError:
    return SettingsError(
        (
            SettingsProblem(
                SETTING,
                f"is unset and its file {path} {wrong}",
                "restore the file from a backup, make it readable, or set the variable",
            ),
        )
    )
