"""The contract of `Calendar`: every calendar adapter passes this suite."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime, timedelta
from typing import Final, Protocol
from uuid import uuid4

import msgspec

from core.ports.calendar import (
    Attendee,
    Calendar,
    CalendarEntry,
    CalendarUnavailable,
    EntryChanged,
    EntryMissing,
)
from core.shared.clock import UtcDatetime
from plugins.sdk.testing.expecting import expect_raises

MORNING: Final = datetime(2027, 3, 28, 8, 0, tzinfo=UTC)
"""Of the day on which summer time begins in Europe."""

ORGANISER: Final = "rita@example.com"
STRANGER: Final = "nobody@elsewhere.example"


class SeenEntry(msgspec.Struct, frozen=True, kw_only=True):
    """An entry as the vendor has it."""

    title: str
    starts_at: datetime
    ends_at: datetime
    attendees: tuple[str, ...]
    location: str


class CalendarVendor(Protocol):
    """The other side, as the test commands it. `ORGANISER` owns the calendar."""

    def entries(self) -> Sequence[SeenEntry]:
        """Return what stands in the calendar."""
        ...

    def edit(self, reference: str) -> None:
        """Let a person change the entry there."""
        ...

    def delete(self, reference: str) -> None:
        """Let a person remove the entry there."""
        ...

    def be_away(self) -> None:
        """Answer nothing until further notice."""
        ...


class CalendarRig(Protocol):
    """An adapter and the vendor that it talks to."""

    @property
    def calendar(self) -> Calendar:
        """The adapter."""
        ...

    @property
    def vendor(self) -> CalendarVendor:
        """Its vendor."""
        ...


def sample_entry(hours: int = 0, *, wants_video: bool = False) -> CalendarEntry:
    """Return an entry of an hour, `hours` after `MORNING`."""
    return CalendarEntry(
        id=uuid4(),
        title="Interview: Zoë Åström, engineer; part 1",
        starts_at=UtcDatetime(MORNING + timedelta(hours=hours)),
        ends_at=UtcDatetime(MORNING + timedelta(hours=hours + 1)),
        time_zone="Europe/Berlin",
        attendees=(Attendee("zoe@example.net", "Zoë Åström"),),
        location="Room 4, 2nd floor",
        wants_video=wants_video,
    )


class CalendarContract(ABC):
    """What holds of every adapter."""

    @abstractmethod
    def rig(self) -> AbstractAsyncContextManager[CalendarRig]:
        """Give an adapter to an empty calendar of `ORGANISER`, and its vendor."""

    async def test_an_entry_is_placed_as_given(self) -> None:
        async with self.rig() as rig:
            entry = sample_entry()
            placed = await rig.calendar.place(entry)
            (seen,) = rig.vendor.entries()
            assert placed.reference
            assert placed.version
            assert (seen.title, seen.location) == (entry.title, entry.location)
            assert (seen.starts_at, seen.ends_at) == (entry.starts_at, entry.ends_at)
            assert seen.attendees == ("zoe@example.net",)

    async def test_the_same_entry_is_placed_once(self) -> None:
        async with self.rig() as rig:
            entry = sample_entry()
            first = await rig.calendar.place(entry)
            again = await rig.calendar.place(entry)
            assert again.reference == first.reference
            assert len(rig.vendor.entries()) == 1

    async def test_an_entry_gets_its_video_meeting(self) -> None:
        async with self.rig() as rig:
            placed = await rig.calendar.place(sample_entry(wants_video=True))
            assert placed.video_link is not None
            assert placed.video_link.startswith("https://")
            assert (await rig.calendar.place(sample_entry(2))).video_link is None

    async def test_a_placed_entry_takes_the_time(self) -> None:
        async with self.rig() as rig:
            entry = sample_entry(1)
            await rig.calendar.place(entry)
            day = MORNING + timedelta(hours=9)
            mine, theirs = await rig.calendar.availabilities([ORGANISER, STRANGER], MORNING, day)
            assert (mine.address, mine.availability) == (ORGANISER, "known")
            assert [(each.starts_at, each.ends_at) for each in mine.busy] == [
                (entry.starts_at, entry.ends_at)
            ]
            assert (theirs.address, theirs.availability) == (STRANGER, "unknown")
            assert not theirs.busy

    async def test_entries_that_touch_are_one_span(self) -> None:
        async with self.rig() as rig:
            await rig.calendar.place(sample_entry(2))
            await rig.calendar.place(sample_entry(1))
            (mine,) = await rig.calendar.availabilities(
                [ORGANISER], MORNING, MORNING + timedelta(hours=9)
            )
            (span,) = mine.busy
            assert span.starts_at == MORNING + timedelta(hours=1)
            assert span.ends_at == MORNING + timedelta(hours=3)

    async def test_an_entry_is_changed(self) -> None:
        async with self.rig() as rig:
            entry = sample_entry()
            placed = await rig.calendar.place(entry)
            later = msgspec.structs.replace(entry, starts_at=entry.ends_at, ends_at=_plus(entry, 2))
            changed = await rig.calendar.change(later, placed.reference, version=placed.version)
            assert changed.version != placed.version
            (seen,) = rig.vendor.entries()
            assert seen.starts_at == later.starts_at

    async def test_what_a_person_changed_is_not_overwritten(self) -> None:
        async with self.rig() as rig:
            entry = sample_entry()
            placed = await rig.calendar.place(entry)
            rig.vendor.edit(placed.reference)
            before = list(rig.vendor.entries())
            change = rig.calendar.change(entry, placed.reference, version=placed.version)
            await expect_raises(EntryChanged, change)
            assert list(rig.vendor.entries()) == before
            await rig.calendar.change(entry, placed.reference)

    async def test_what_a_person_removed_is_missing(self) -> None:
        async with self.rig() as rig:
            entry = sample_entry()
            placed = await rig.calendar.place(entry)
            rig.vendor.delete(placed.reference)
            await expect_raises(EntryMissing, rig.calendar.change(entry, placed.reference))
            await rig.calendar.remove(placed.reference)

    async def test_a_removed_entry_gives_the_time_back(self) -> None:
        async with self.rig() as rig:
            placed = await rig.calendar.place(sample_entry())
            await rig.calendar.remove(placed.reference)
            await rig.calendar.remove(placed.reference)
            assert not rig.vendor.entries()

    async def test_a_vendor_that_is_away_is_told_so(self) -> None:
        async with self.rig() as rig:
            entry = sample_entry()
            placed = await rig.calendar.place(entry)
            rig.vendor.be_away()
            for work in (
                rig.calendar.availabilities([ORGANISER], entry.starts_at, entry.ends_at),
                rig.calendar.place(sample_entry(3)),
                rig.calendar.change(entry, placed.reference),
                rig.calendar.remove(placed.reference),
            ):
                await expect_raises(CalendarUnavailable, work)
            assert len(rig.vendor.entries()) == 1


def _plus(entry: CalendarEntry, hours: int) -> UtcDatetime:
    return UtcDatetime(entry.starts_at + timedelta(hours=hours))
