"""The pepper of every hashed credential: from the settings, or made once and kept in a file.

Called by the composition root at start.
"""

import os
import secrets
from pathlib import Path

from tenants.settings import Settings
from tenants.settings_values import SettingsError, SettingsProblem

SECRET_KEY_FILE = "secret_key"  # noqa: S105 - the file's name, not a secret
_MIN_LENGTH = 32


def secret_key_path(settings: Settings) -> Path:
    """Where the generated key is kept."""
    return settings.data_dir / SECRET_KEY_FILE


def resolve_secret_key(settings: Settings) -> str:
    """The configured key, else the one in the data folder, which is made on the first call.

    Two processes that start at once get the same key. Raises `SettingsError` when the file is
    there but can't be used, since a new key would void every session and API key.
    """
    if settings.secret_key is not None:
        return settings.secret_key
    path = secret_key_path(settings)
    try:
        settings.data_dir.mkdir(parents=True, exist_ok=True)
        if not path.exists():
            _create(path)
        key = path.read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise _unusable(path, f"can't be read or written: {error}") from error
    if len(key) < _MIN_LENGTH:
        raise _unusable(path, "is damaged: too short")
    return key


def _create(path: Path) -> None:
    draft = path.with_name(f"{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(secrets.token_hex(32) + "\n")
            file.flush()
            os.fsync(file.fileno())
        try:
            # A link fails when the name exists, a rename would replace: the first process wins.
            os.link(draft, path)
        except FileExistsError:
            return
    finally:
        draft.unlink(missing_ok=True)


def _unusable(path: Path, wrong: str) -> SettingsError:
    return SettingsError(
        (
            SettingsProblem(
                "INTELLIMATCH_SECRET_KEY",
                f"is unset and its file {path} {wrong}",
                "restore the file from a backup, make it readable, or set the variable",
            ),
        )
    )
