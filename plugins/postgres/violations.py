"""What the database refused: which constraint was broken, for repositories to say it in the slice's
words, and which transaction lost a race or waited in vain, to run again."""

from typing import Final

import asyncpg
import sqlalchemy as sa

_LOST_RACE: Final = frozenset({"40001", "40P01"})
"""SQLSTATE of a serialisation failure and of a deadlock."""

_NO_LOCK: Final = "55P03"
"""SQLSTATE of a lock that others held for longer than may be waited."""


def lost_a_race(error: BaseException | None) -> bool:
    """Whether the transaction may succeed when it runs again, as it lost against another one."""
    return _sqlstate(error) in _LOST_RACE


def waited_in_vain(error: BaseException) -> bool:
    """Whether others held a lock for too long: the transaction may succeed some seconds later."""
    return _sqlstate(error) == _NO_LOCK


def _sqlstate(error: BaseException | None) -> str | None:
    if not isinstance(error, sa.exc.DBAPIError | asyncpg.PostgresError):
        return None
    refused = error.orig if isinstance(error, sa.exc.DBAPIError) else error
    sqlstate: str | None = getattr(refused, "sqlstate", None)
    return sqlstate


def broken_constraint(error: sa.exc.DBAPIError) -> str | None:
    """Return the name of the constraint that the database said was broken."""
    name = getattr(getattr(error.orig, "__cause__", None), "constraint_name", None)
    return name if isinstance(name, str) else None
