"""Hours on the wall clock in which nothing goes out, and when they begin and end as instants.

The wall clock is what counts: in a night that is an hour longer or shorter they still begin and end
when it says so, once: at the first of two times that it shows twice, and at the moment that would
have been where it skips one.
"""

from datetime import UTC, datetime, time, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from core.shared.clock import UtcDatetime


class Span(NamedTuple):
    """One night's quiet hours."""

    begins: UtcDatetime
    ends: UtcDatetime
    """Exclusive."""


def span_around(starts: time, ends: time, zone: ZoneInfo, instant: datetime) -> Span | None:
    """Return the hours that `instant` lies in, None when it lies in none.

    `ends` is the next day's when it is earlier than `starts`; equal ones are no hours at all.
    """
    if starts == ends:
        return None
    today = instant.astimezone(zone).date()
    for day in (today - timedelta(days=1), today):
        last = day if starts < ends else day + timedelta(days=1)
        begin = datetime.combine(day, starts, zone).astimezone(UTC)
        end = datetime.combine(last, ends, zone).astimezone(UTC)
        if begin <= instant < end:
            return Span(UtcDatetime(begin), UtcDatetime(end))
    return None
