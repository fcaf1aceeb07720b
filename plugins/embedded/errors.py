"""The one error that embedded engines raise, and how an engine's own words become it.

Callers show `message` and `remedy` to the person who started the program.
"""

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_LOG_TAIL_BYTES = 4_000
_LOG_TAIL_LINES = 8


class EngineError(Exception):
    """An embedded engine can't do what was asked; `remedy` says what to do about it."""

    def __init__(self, message: str, remedy: str) -> None:
        super().__init__(f"{message} {remedy}")
        self.message = message
        self.remedy = remedy


# Words of the engines and of the C library, lower case, with what they mean for the operator.
_SYMPTOMS: tuple[tuple[tuple[str, ...], str, str], ...] = (
    (
        ("no space left on device", "disk quota exceeded", "could not extend file"),
        "the disk is full.",
        "Free some space on the disk of {folder} and start again; nothing committed is lost.",
    ),
    (
        ("read-only file system",),
        "the disk is read-only.",
        "Set INTELLIMATCH_DATA_DIR to a folder on a disk that can be written.",
    ),
    (
        ("address already in use", "could not bind", "is another postmaster already running"),
        "its socket is in use by another server.",
        "Stop the other server, or set INTELLIMATCH_DATA_DIR to another folder.",
    ),
    (
        (
            "permission denied",
            "has wrong ownership",
            "invalid permissions",
            "operation not permitted",
        ),
        "it isn't allowed to use its files.",
        "Give {folder} to the user who starts the program, or set INTELLIMATCH_DATA_DIR.",
    ),
    (
        ("cannot allocate memory", "could not map anonymous shared memory", "out of memory"),
        "there is not enough memory.",
        "Free some memory, or use an external server.",
    ),
    (
        (
            "invalid checkpoint record",
            "could not locate a valid checkpoint",
            "invalid data in file",
            "could not open file",
            "invalid magic number",
            "checksum",
            "panic:",
            "bad file format",
            "files are incompatible with server",
            "missing configuration file",
        ),
        "its files in {folder} are damaged.",
        "Restore the folder from a backup, or move it away to begin with an empty one.",
    ),
)


def explain_failure(engine: str, folder: Path, said: str) -> EngineError:
    """Turn what `engine` wrote while failing into an error with a remedy."""
    lowered = said.lower()
    for words, meaning, remedy in _SYMPTOMS:
        if any(word in lowered for word in words):
            return EngineError(
                f"{engine} could not start: {meaning.format(folder=folder)}{_quoted(said)}",
                remedy.format(folder=folder),
            )
    return EngineError(
        f"{engine} could not start.{_quoted(said)}",
        f"Look at its log in {folder}, or use an external server.",
    )


@contextmanager
def file_errors_explained(engine: str, folder: Path) -> Iterator[None]:
    """Within this block an `OSError` about our own files becomes an `EngineError`."""
    try:
        yield
    except OSError as error:
        # The number is surer than the text, which follows the locale.
        words = {
            errno.ENOSPC: "no space left on device",
            errno.EDQUOT: "disk quota exceeded",
            errno.EACCES: "permission denied",
            errno.EPERM: "operation not permitted",
            errno.EROFS: "read-only file system",
        }.get(error.errno or 0, "")
        raise explain_failure(engine, folder, f"{error} {words}".strip()) from error


def log_tail(log: Path, *, since: int = 0) -> str:
    """The last lines that were written to `log` after byte `since`."""
    try:
        with log.open("rb") as file:
            size = file.seek(0, 2)
            file.seek(max(min(since, size), size - _LOG_TAIL_BYTES))
            text = file.read().decode("utf-8", errors="replace")
    except OSError:
        return ""
    return "\n".join(text.splitlines()[-_LOG_TAIL_LINES:])


def _quoted(said: str) -> str:
    said = said.strip()
    return f" It said: {said}" if said else ""
