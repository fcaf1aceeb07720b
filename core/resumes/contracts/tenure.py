"""How long somebody has worked: months in which at least one position was held."""

from collections.abc import Sequence
from datetime import date

from core.resumes.contracts.structure import Experience

_MID_START, _MID_END = 7, 6
"""A year without a month is counted from its middle to its middle, so 2015 to 2018 is 3 years."""


def years_of_experience(positions: Sequence[Experience], today: date) -> float | None:
    """Return the years with one decimal, or None when no position has dates.

    Months are counted from the first to the last, both in; those of two positions at a time once.
    A position with only one date doesn't say how long it lasted and isn't counted.
    """
    now = today.year * 12 + today.month - 1
    intervals = [span for each in positions if (span := _months(each, now)) is not None]
    if not intervals:
        return None
    total = 0
    reached = -1
    for first, last in sorted(intervals):
        begin = max(first, reached + 1)
        if last >= begin:
            total += last - begin + 1
            reached = last
    return round(total / 12, 1)


def _months(position: Experience, now: int) -> tuple[int, int] | None:
    """First and last month, as months since the year 0."""
    if position.start is None or (position.end is None and not position.current):
        return None
    first = _month(position.start, _MID_START)
    last = now if position.current or position.end is None else _month(position.end, _MID_END)
    if last < first and position.end is not None and len(position.end) == 4:
        last = int(position.end) * 12 + 11
        first = max(first, last - 5)
    last = min(last, now)
    return (first, last) if first <= last else None


def _month(written: str, otherwise: int) -> int:
    year, _, month = written.partition("-")
    return int(year) * 12 + (int(month) if month else otherwise) - 1
