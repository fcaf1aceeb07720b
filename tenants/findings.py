"""One thing that `intellimatch doctor` looked at, and how it is."""

from enum import StrEnum

import msgspec


class Status(StrEnum):
    """How it is. Only a problem makes the doctor's exit code 1."""

    OK = "ok"
    WARNING = "warning"
    PROBLEM = "problem"


class Finding(msgspec.Struct, frozen=True):
    """One line of the diagnosis."""

    subject: str
    status: Status
    message: str
    """What was seen."""
    remedy: str = ""
    """What to do; empty when nothing needs doing."""


def ok(subject: str, message: str) -> Finding:
    """All is well."""
    return Finding(subject, Status.OK, message)


def warning(subject: str, message: str, remedy: str) -> Finding:
    """It works, but someone should know."""
    return Finding(subject, Status.WARNING, message, remedy)


def problem(subject: str, message: str, remedy: str) -> Finding:
    """It doesn't work, or isn't safe."""
    return Finding(subject, Status.PROBLEM, message, remedy)


def in_megabytes(size: int) -> str:
    """A size in bytes for people: `12.3 MB`."""
    return f"{size / 1_000_000:,.1f} MB"
