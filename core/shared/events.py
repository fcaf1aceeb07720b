"""Events are versioned facts in the past tense; use cases record them, the unit of work keeps them.

`Recorder.record` is the one door: it writes the audit entry and the outbox row in the same
transaction as the state, so that neither can be forgotten.
"""

from typing import Any, ClassVar, Protocol
from uuid import UUID

import msgspec


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """Base of every event. Subclasses live in a slice's `events.py` and set the class variables."""

    type: ClassVar[str]
    """Dotted name without version, e.g. `application.moved`."""
    version: ClassVar[int] = 1
    aggregate: ClassVar[str]
    """The noun whose order matters, e.g. `application`."""

    aggregate_id: UUID


class Cause(msgspec.Struct, frozen=True):
    """That a rule of the workspace did it, not a person."""

    step_id: UUID
    """What the rule did."""
    depth: int
    """How many rules followed one another up to it; 1: a person or the clock caused that rule."""


class Recorder(Protocol):
    """Writes what happened beside the state, in one commit."""

    def record(
        self,
        event: Event,
        *,
        before: msgspec.Struct | dict[str, Any] | None = None,
        after: msgspec.Struct | dict[str, Any] | None = None,
        reason: str | None = None,
    ) -> None:
        """Keep `event` for the outbox, and an audit entry with the change."""
        ...
