"""Time as a port: nothing reads the clock in the middle of logic."""

from datetime import datetime
from typing import NewType, Protocol

UtcDatetime = NewType("UtcDatetime", datetime)
"""An aware datetime whose zone is UTC."""


class Clock(Protocol):
    """Source of the current time."""

    def now(self) -> UtcDatetime:
        """Return the current time in UTC."""
        ...
