"""Background work as a port: what is promised in a transaction and done after it.

A slice marks the command that does the work with `@task("kind")` in its `contracts.py`, and a use
case asks for `Tasks` to promise it. Workers run the command as the system, in the transaction that
also notes that the task is done: once for each promise that was committed.

Work that must reach the network is marked with `@outside("kind")` instead, as no transaction may be
open while somebody else is waited for. It is done at least once.
"""

import inspect
from collections.abc import Callable, Sequence
from typing import Any, Final, NewType, Protocol, TypeVar
from uuid import UUID

import msgspec

from core.shared.clock import UtcDatetime
from core.shared.reactions import DEFAULT_QUEUE
from core.shared.usecase import Command

TaskId = NewType("TaskId", UUID)

MAX_ATTEMPTS = 3
"""A task that failed this often stays, with its last error, and isn't tried again.

Attempts that ended with Unavailable don't count: a disk that is full for a day loses no work.
"""

TASK_SECONDS: Final = 300.0
"""Longest time that a task may take unless it says otherwise."""

OUTSIDE_SECONDS: Final = 60.0
"""Longest time that outside work may take unless it says otherwise."""


class TaskKind(msgspec.Struct, frozen=True):
    """How tasks of a kind are run. Either `command` or `outside` is set."""

    kind: str
    queue: str
    limit_seconds: float
    command: type[Command[Any]] | None = None
    outside: type[Any] | None = None


class Attempt(msgspec.Struct, frozen=True, kw_only=True):
    """The attempt that is being made; ask for it as a port in background work."""

    task_id: TaskId
    """The same at each attempt: fit as an idempotency key towards others."""
    number: int
    """1 at the first try, `MAX_ATTEMPTS` at the last."""
    request_id: str
    """Of the request that promised the work."""


TASK_KINDS: dict[str, TaskKind] = {}
"""Every kind of task; filled by importing the slices' `contracts`, `usecases` and `handlers`."""

C = TypeVar("C", bound=type[Command[Any]])
W = TypeVar("W", bound=type[Any])


class Work(msgspec.Struct, frozen=True, kw_only=True):
    """Work that is to be promised; see `Tasks.schedule`."""

    kind: str
    payload: dict[str, Any]
    run_at: UtcDatetime | None = None
    unique_key: str | None = None
    request_id: str | None = None
    """Of the request that it comes of; None: the one that promises it."""


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
        """Promise work of `kind` with `payload`, at `run_at` or at once.

        With `unique_key`, nothing is promised and None is returned when the tenant has, or had in
        the last days, a task of that key.
        """
        ...

    async def schedule_all(self, works: Sequence[Work]) -> list[TaskId | None]:
        """Promise several as `schedule` does one, in one round trip, and return their ids."""
        ...

    async def cancel(self, *unique_keys: str) -> bool:
        """Take back the promises of those keys; the keys may then be used again.

        False when there is none, all are done, or workers are at them: then their work must find
        out itself that there is nothing left to do.
        """
        ...


def task(
    kind: str, *, queue: str = DEFAULT_QUEUE, limit_seconds: float = TASK_SECONDS
) -> Callable[[C], C]:
    """Register the decorated command as the work of `kind`.

    The payload of a task holds the command's fields. Raises ValueError when the kind is taken.
    """

    def register(command: C) -> C:
        _add(TaskKind(kind, queue, limit_seconds, command=command))
        return command

    return register


def outside(
    kind: str, *, queue: str = DEFAULT_QUEUE, limit_seconds: float = OUTSIDE_SECONDS
) -> Callable[[W], W]:
    """Register the decorated class as the work of `kind` that reaches the network.

    The class is made without arguments for each attempt and has three async methods, whose further
    parameters are ports found by their type:

    - `prepare(self, work, *, ports)`: reads and writes in a transaction of its own. `work` is the
      payload, converted to the type that the parameter is annotated with. Returns what `perform`
      needs; None when nothing is left to be done, which ends the task.
    - `perform(self, prepared, *, ports)`: awaits the network, no transaction is open; ports that
      write can't be asked for. What it raises counts as a failed attempt; the work may have been
      done nevertheless, so hand on `task_id` of the port `Attempt` as an idempotency key.
    - `conclude(self, prepared, outcome, *, ports)`: notes what came of it, in the transaction that
      also finishes the task.

    Raises ValueError when the kind is taken and TypeError when a method is missing.
    """

    def register(work: W) -> W:
        for step in ("prepare", "perform", "conclude"):
            if not inspect.iscoroutinefunction(getattr(work, step, None)):
                raise TypeError(f"{work.__name__} has no async method {step}")
        _add(TaskKind(kind, queue, limit_seconds, outside=work))
        return work

    return register


def _add(made: TaskKind) -> None:
    if made.kind in TASK_KINDS:
        raise ValueError(f"two things do the work of the task {made.kind}")
    TASK_KINDS[made.kind] = made
