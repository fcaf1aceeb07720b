"""A clock that is set by hand, so that a year of hiring can be played in seconds.

Each asyncio task has a time of its own: histories are played side by side, each in its own order.
"""

from contextvars import ContextVar
from datetime import UTC, datetime
from uuid import UUID

import uuid_utils

from core.shared.clock import UtcDatetime
from plugins.system.ids import RandomIds


class SetClock:
    """Implements `core.shared.clock.Clock`; stands still until it is set."""

    def __init__(self, start: UtcDatetime) -> None:
        self._now: ContextVar[UtcDatetime] = ContextVar("demo_now", default=start)

    def now(self) -> UtcDatetime:
        """Return the time that was set last in this task, or else the start."""
        return self._now.get()

    def set(self, moment: datetime) -> None:
        """Make it `moment` for this task and the tasks it starts from now on."""
        self._now.set(UtcDatetime(moment.astimezone(UTC)))


class DatedIds(RandomIds):
    """Ids whose time part is the set clock's, since lists break ties by id."""

    def __init__(self, clock: SetClock) -> None:
        self._clock = clock

    def new(self) -> UUID:
        """Return a new UUIDv7 as if made at the set time."""
        nanoseconds = int(self._clock.now().timestamp() * 1_000_000) * 1_000
        return UUID(int=uuid_utils.uuid7(nanoseconds=nanoseconds).int)
