"""`Calendar` in memory: one calendar, whose owner's availability alone is known."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime

from core.ports.calendar import (
    Availabilities,
    BusyTime,
    CalendarEntry,
    CalendarUnavailable,
    EntryChanged,
    EntryMissing,
    PlacedEntry,
)
from plugins.sdk.testing.calendar import ORGANISER, SeenEntry


class MemoryCalendar:
    """An adapter and its vendor in one."""

    def __init__(self) -> None:
        self._entries: dict[str, tuple[CalendarEntry, int]] = {}
        self._is_away = False

    async def availabilities(
        self, addresses: Sequence[str], starts_at: datetime, ends_at: datetime
    ) -> Sequence[Availabilities]:
        """Say when the owner is taken."""
        self._be_there()
        taken = sorted(
            (entry.starts_at, entry.ends_at)
            for entry, _ in self._entries.values()
            if entry.starts_at < ends_at and entry.ends_at > starts_at
        )
        busy: list[BusyTime] = []
        for begin, end in taken:
            if busy and begin <= busy[-1].ends_at:
                last = busy.pop()
                busy.append(BusyTime(last.starts_at, max(end, last.ends_at)))
            else:
                busy.append(BusyTime(begin, end))
        return [
            Availabilities(each, "known", tuple(busy))
            if each == ORGANISER
            else Availabilities(each, "unknown")
            for each in addresses
        ]

    async def place(self, entry: CalendarEntry) -> PlacedEntry:
        """Keep the entry, once for each id."""
        self._be_there()
        self._entries.setdefault(entry.id.hex, (entry, 1))
        return self._placed(entry.id.hex)

    async def change(
        self, entry: CalendarEntry, reference: str, *, version: str | None = None
    ) -> PlacedEntry:
        """Replace the entry."""
        self._be_there()
        if reference not in self._entries:
            raise EntryMissing("The entry isn't in the calendar any more.")
        _, present = self._entries[reference]
        if version is not None and version != str(present):
            raise EntryChanged("Somebody changed the entry meanwhile.")
        self._entries[reference] = (entry, present + 1)
        return self._placed(reference)

    async def remove(self, reference: str) -> None:
        """Take the entry out."""
        self._be_there()
        self._entries.pop(reference, None)

    def entries(self) -> list[SeenEntry]:
        """Return what stands in the calendar."""
        return [
            SeenEntry(
                title=entry.title,
                starts_at=entry.starts_at,
                ends_at=entry.ends_at,
                attendees=tuple(each.address for each in entry.attendees),
                location=entry.location,
            )
            for entry, _ in self._entries.values()
        ]

    def edit(self, reference: str) -> None:
        """Count a change by a person."""
        entry, version = self._entries[reference]
        self._entries[reference] = (entry, version + 1)

    def delete(self, reference: str) -> None:
        """Remove the entry as a person does."""
        del self._entries[reference]

    def be_away(self) -> None:
        """Answer nothing."""
        self._is_away = True

    def _placed(self, reference: str) -> PlacedEntry:
        entry, version = self._entries[reference]
        link = f"https://meet.example.com/{reference}" if entry.wants_video else None
        return PlacedEntry(reference=reference, version=str(version), video_link=link)

    def _be_there(self) -> None:
        if self._is_away:
            raise CalendarUnavailable("The vendor is away.")


class MemoryCalendarRig:
    """Both sides of the same object."""

    def __init__(self, both: MemoryCalendar) -> None:
        self.calendar = both
        self.vendor = both


@asynccontextmanager
async def memory_calendar() -> AsyncIterator[MemoryCalendarRig]:
    """Yield a rig for `CalendarContract`."""
    yield MemoryCalendarRig(MemoryCalendar())
