"""When people of a sample tenant work, and which hours of theirs are taken."""

from datetime import datetime, timedelta
from random import Random
from typing import Final
from zoneinfo import ZoneInfo

_FIRST_HOUR: Final = 8
_LAST_HOUR: Final = 18
_SLOT: Final = timedelta(minutes=30)


class Calendars:
    """The working hours of one office and the appointments of everybody in it."""

    def __init__(self, time_zone: str, chance: Random) -> None:
        self._zone = ZoneInfo(time_zone)
        self._chance = chance
        self._taken: dict[str, list[tuple[datetime, datetime]]] = {}

    def at_work(self, moment: datetime) -> datetime:
        """Return `moment`, or a time on the next working day when nobody is at work then."""
        local = moment.astimezone(self._zone)
        if local.hour >= _LAST_HOUR:
            local = self._morning(local + timedelta(days=1))
        elif local.hour < _FIRST_HOUR:
            local = self._morning(local)
        while local.weekday() >= 5:
            local = self._morning(local + timedelta(days=1))
        return local.astimezone(moment.tzinfo)

    def book(self, people: tuple[str, ...], earliest: datetime, minutes: int) -> datetime:
        """Take the first half hour from `earliest` on at which all of `people` are free."""
        length = timedelta(minutes=minutes)
        local = self.at_work(earliest).astimezone(self._zone)
        start = local.replace(minute=0, second=0, microsecond=0) + _SLOT * 2
        while not self._is_free(people, start, start + length):
            start += _SLOT
        for person in people:
            self._taken.setdefault(person, []).append((start, start + length))
        return start.astimezone(earliest.tzinfo)

    def _is_free(self, people: tuple[str, ...], start: datetime, end: datetime) -> bool:
        in_hours = start.weekday() < 5 and start.hour > _FIRST_HOUR and end.hour < _LAST_HOUR
        return in_hours and not any(
            start < taken_end and taken_start < end
            for person in people
            for taken_start, taken_end in self._taken.get(person, ())
        )

    def _morning(self, local: datetime) -> datetime:
        return local.replace(hour=_FIRST_HOUR, minute=0) + timedelta(
            minutes=self._chance.randint(5, 170)
        )
