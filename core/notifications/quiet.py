"""When it is quiet, and when e-mail that is gathered is due: by the clock on somebody's wall.

The wall clock is what counts: in a night that is an hour longer or shorter, things still happen
when it says so, once: at the first of two times that it shows twice, and at the moment that would
have been where it skips one.
"""

from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from core.notifications.contracts import Cadence, DigestTime, QuietHours
from core.shared.clock import UtcDatetime
from core.shared.quiet_hours import span_around

_DAY: Final = timedelta(days=1)
_WEEKDAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def is_quiet(hours: QuietHours, now: UtcDatetime) -> bool:
    """Whether `now` lies within the hours on the wall clock of their zone."""
    return quiet_until(hours, now) != now


def quiet_until(hours: QuietHours, now: UtcDatetime) -> UtcDatetime:
    """Return when the hours that `now` lies in end; `now` itself when it lies in none."""
    starts, ends = time.fromisoformat(hours.starts), time.fromisoformat(hours.ends)
    span = span_around(starts, ends, ZoneInfo(hours.zone), now)
    return now if span is None else span.ends


def held(hours: QuietHours | None, at: UtcDatetime) -> UtcDatetime:
    """Return when what is due at `at` may be sent: then, or when it is quiet no longer."""
    return at if hours is None else quiet_until(hours, at)


def due_at(cadence: Cadence, digest: DigestTime, zone: str, now: UtcDatetime) -> UtcDatetime:
    """Return when what happens now is due by e-mail: now, or with the next digest after now.

    Raises ValueError for `off`, which is never.
    """
    match cadence:
        case "at_once":
            return now
        case "hourly":
            return _next_full_hour(ZoneInfo(zone), now)
        case "daily" | "weekly":
            weekday = _WEEKDAYS.index(digest.weekday) if cadence == "weekly" else None
            return _next_time(time(digest.hour), weekday, ZoneInfo(zone), now)
        case _:
            raise ValueError("what is off is never due")


def _next_full_hour(zone: ZoneInfo, now: UtcDatetime) -> UtcDatetime:
    at = now.replace(second=0, microsecond=0)
    while True:  # A change of clocks by half an hour can fall into it.
        at += timedelta(minutes=60 - at.astimezone(zone).minute)
        if at.astimezone(zone).minute == 0:
            return UtcDatetime(at)


def _next_time(wall: time, weekday: int | None, zone: ZoneInfo, now: UtcDatetime) -> UtcDatetime:
    # From yesterday: a time that was skipped comes after midnight where midnight itself is.
    day = now.astimezone(zone).date() - _DAY
    while True:
        if weekday in (None, day.weekday()):
            at = _instant(day, wall, zone)
            if at > now:
                return at
        day += _DAY


def _instant(day: date, wall: time, zone: ZoneInfo) -> UtcDatetime:
    return UtcDatetime(datetime.combine(day, wall, zone).astimezone(UTC))
