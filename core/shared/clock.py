"""Time as a port: nothing reads the clock in the middle of logic."""

from datetime import UTC, datetime
from typing import NewType, Protocol

from core.shared.errors import FieldError, InvalidInput

UtcDatetime = NewType("UtcDatetime", datetime)
"""An aware datetime whose zone is UTC."""


class Clock(Protocol):
    """Source of the current time."""

    def now(self) -> UtcDatetime:
        """Return the current time in UTC."""
        ...


def to_utc(instant: datetime, field: str) -> UtcDatetime:
    """Return the instant in UTC; one without an offset is read as UTC.

    Raises InvalidInput naming `field` when UTC has no such instant: 0001-01-01T00:00+14:00 lies in
    the year 0.
    """
    if instant.tzinfo is None:
        return UtcDatetime(instant.replace(tzinfo=UTC))
    try:
        return UtcDatetime(instant.astimezone(UTC))
    except OverflowError as error:
        message = "In UTC this lies outside the years 1 to 9999."
        raise InvalidInput(FieldError(field, message, "out_of_range")) from error
