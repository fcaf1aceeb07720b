"""What the database refused: which constraint was broken, for repositories to say it in the slice's
words, and which transaction lost a race, to run again."""

from typing import Final

import asyncpg
import sqlalchemy as sa

_LOST_RACE: Final = frozenset({"40001", "40P01"})
"""SQLSTATE of a serialisation failure and of a deadlock."""


def lost_a_race(error: Exception) -> bool:
    """Whether the transaction may succeed when it runs again, as it lost against another one."""
    if isinstance(error, sa.exc.DBAPIError):
        return getattr(error.orig, "sqlstate", None) in _LOST_RACE
    return isinstance(error, asyncpg.PostgresError) and error.sqlstate in _LOST_RACE


def broken_constraint(error: sa.exc.DBAPIError) -> str | None:
    """Return the name of the constraint that the database said was broken."""
    name = getattr(getattr(error.orig, "__cause__", None), "constraint_name", None)
    return name if isinstance(name, str) else None
