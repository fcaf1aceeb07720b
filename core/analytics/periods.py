"""Days of a calendar as instants: where periods begin and end, in a zone whose clocks may change.

Used by the use cases; storage is given instants only.
"""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec

from core.analytics.contracts import LONGEST_DAYS, GetHiringFigures, Period, TrendUnit
from core.shared.clock import UtcDatetime
from core.shared.errors import FieldError, InvalidInput

MOST_DAYS_BY_DAY: Final = 31
"""Longer periods are shown by weeks, which begin on Monday (ISO 8601)."""

EARLIEST: Final = date(2000, 1, 1)
_DAY: Final = timedelta(days=1)


class Span(msgspec.Struct, frozen=True):
    """A piece of the period: the first and the last of its days."""

    first: date
    last: date


class Calendar(msgspec.Struct, frozen=True):
    """A period with its pieces and the period before it."""

    period: Period
    before: Period
    unit: TrendUnit
    spans: tuple[Span, ...]
    bounds: tuple[datetime, ...]
    """Instants: the beginning of the period before, that of each span, and the period's end."""

    @property
    def starts_at(self) -> datetime:
        """When the period begins."""
        return self.bounds[1]

    @property
    def ends_at(self) -> datetime:
        """When it is over."""
        return self.bounds[-1]


def zone_of(name: str) -> ZoneInfo:
    """Return a time zone. Raises InvalidInput naming `time_zone`."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise InvalidInput(
            FieldError("time_zone", "This is no time zone that is known here.")
        ) from error


def midnight(day: date, zone: ZoneInfo) -> datetime:
    """Return the first instant of a day, in UTC.

    Where midnight comes twice the day begins with the first one; where clocks jump over it, with
    the jump: read with the offset from before (`fold=0`, PEP 495), a time that is left out is that
    instant.
    """
    return datetime.combine(day, time(), zone).astimezone(UTC)


def calendar_of(query: GetHiringFigures, zone: ZoneInfo, now: UtcDatetime) -> Calendar:
    """Return the period that is asked for. Raises InvalidInput naming what is wrong with it."""
    today = now.astimezone(zone).date()
    first, last = _asked(query, today)
    _check(first, last, today)
    days = (last - first).days + 1
    before = Period(first - days * _DAY, first - _DAY, days)
    unit: TrendUnit = "day" if days <= MOST_DAYS_BY_DAY else "week"
    spans = tuple(_spans(first, last, unit))
    starts = (before.first, *(span.first for span in spans), last + _DAY)
    bounds = tuple(midnight(day, zone) for day in starts)
    return Calendar(Period(first, last, days), before, unit, spans, bounds)


def _asked(query: GetHiringFigures, today: date) -> tuple[date, date]:
    last = query.last or today
    if query.first is not None:
        return query.first, last
    if not 1 <= query.days <= LONGEST_DAYS:
        raise InvalidInput(
            FieldError("days", f"A period has 1 to {LONGEST_DAYS} days.", "out_of_range")
        )
    if last < EARLIEST:  # before it, there may not be so many days to go back
        raise InvalidInput(
            FieldError("to", f"A period ends on {EARLIEST} or later.", "out_of_range")
        )
    return max(last - (query.days - 1) * _DAY, EARLIEST), last


def _check(first: date, last: date, today: date) -> None:
    if first < EARLIEST:
        raise InvalidInput(
            FieldError("from", f"A period begins on {EARLIEST} or later.", "out_of_range")
        )
    if last < first:
        raise InvalidInput(FieldError("to", "The period ends before it begins.", "out_of_range"))
    if last > today + _DAY:
        raise InvalidInput(FieldError("to", "The period ends in the future.", "out_of_range"))
    if (last - first).days >= LONGEST_DAYS:
        raise InvalidInput(
            FieldError("to", f"A period has at most {LONGEST_DAYS} days.", "out_of_range")
        )


def _spans(first: date, last: date, unit: TrendUnit) -> Sequence[Span]:
    found = []
    begins = first
    while begins <= last:
        length = 1 if unit == "day" else 7 - begins.weekday()
        ends = min(begins + (length - 1) * _DAY, last)
        found.append(Span(begins, ends))
        begins = ends + _DAY
    return found
