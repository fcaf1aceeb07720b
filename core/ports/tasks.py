"""Background work as a port: what is promised in a transaction and done after it.

A slice marks the command that does the work with `@task("kind")` in its `contracts.py`, and a use
case asks for `Tasks` to promise it. Workers run the command as the system, once for each promise
that was committed.
"""

from collections.abc import Callable
from typing import Any, NewType, Protocol, TypeVar
from uuid import UUID

from core.shared.clock import UtcDatetime
from core.shared.usecase import Command

TaskId = NewType("TaskId", UUID)

MAX_ATTEMPTS = 3
"""A task that failed this often stays, with its last error, and isn't tried again.

Attempts that ended with Unavailable don't count: a disk that is full for a day loses no work.
"""

TASK_COMMANDS: dict[str, type[Command[Any]]] = {}
"""The command that does the work of each kind; filled by importing the slices' `contracts`."""

C = TypeVar("C", bound=type[Command[Any]])


class Tasks(Protocol):
    """Promises work within the open transaction: it is done if and only if that commits."""

    async def schedule(
        self,
        kind: str,
        payload: dict[str, Any],
        *,
        run_at: UtcDatetime | None = None,
        unique_key: str | None = None,
    ) -> TaskId | None:
        """Promise to run the command of `kind`, built from `payload`, at `run_at` or at once.

        With `unique_key`, nothing is promised and None is returned when the tenant has, or had in
        the last days, a task of that key.
        """
        ...


def task(kind: str) -> Callable[[C], C]:
    """Register the decorated command as the work of `kind`.

    The payload of a task holds the command's fields. Raises ValueError when the kind is taken.
    """

    def register(command: C) -> C:
        if kind in TASK_COMMANDS:
            raise ValueError(f"the task {kind} has two commands")
        TASK_COMMANDS[kind] = command
        return command

    return register
