"""The times of a cron expression, in a zone; what Debian's cron does when clocks change.

`0 2 * * *` on the night without a two o'clock runs when the clock has jumped, and on the night with
two of them runs once. Used by `workers.scheduling` and to check what plugins ask for.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from cronsim import CronSim, CronSimError

from core.shared.clock import UtcDatetime


def times_after(cron: str, zone: str, after: datetime) -> Iterator[UtcDatetime]:
    """Yield the times after `after`, earliest first, without end.

    Raises ValueError for an expression that can't be read, and for one that never comes (30 Feb).
    """
    try:
        times = CronSim(cron, after.astimezone(ZoneInfo(zone)))
        for each in times:
            yield UtcDatetime(each.astimezone(UTC))
    except CronSimError as error:
        raise ValueError(f"{cron!r} is no cron expression: {error}") from error


def next_time(cron: str, zone: str, after: datetime) -> UtcDatetime:
    """Return the first time after `after`. Raises ValueError."""
    found = next(times_after(cron, zone, after), None)
    if found is None:
        raise ValueError(f"{cron!r} never comes")
    return found


def last_time(cron: str, zone: str, moment: datetime) -> UtcDatetime:
    """Return the latest time that isn't after `moment`. Raises ValueError."""
    try:
        local = (moment + timedelta(seconds=1)).astimezone(ZoneInfo(zone))
        return UtcDatetime(next(CronSim(cron, local, reverse=True)).astimezone(UTC))
    except (CronSimError, StopIteration) as error:
        raise ValueError(f"{cron!r} is no cron expression: {error}") from error
