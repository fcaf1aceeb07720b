"""A team member's calendar at a vendor: the port that calendar plugins implement."""

from collections.abc import Sequence
from datetime import datetime
from typing import Literal, Protocol
from uuid import UUID

import msgspec

from core.shared.clock import UtcDatetime

Availability = Literal["known", "unknown"]


class BusyTime(msgspec.Struct, frozen=True):
    """A span, end excluded, in which somebody is taken."""

    starts_at: UtcDatetime
    ends_at: UtcDatetime


class Availabilities(msgspec.Struct, frozen=True):
    """When one person is taken. `unknown` isn't free: the vendor couldn't say."""

    address: str
    availability: Availability
    busy: tuple[BusyTime, ...] = ()
    """In order, merged where they touch."""


class Attendee(msgspec.Struct, frozen=True):
    """Somebody who is asked to come."""

    address: str
    name: str = ""


class CalendarEntry(msgspec.Struct, frozen=True, kw_only=True):
    """What is to stand in the calendar."""

    id: UUID
    """Ours; the same for every attempt and every change of this entry."""
    title: str
    starts_at: UtcDatetime
    ends_at: UtcDatetime
    time_zone: str
    """IANA name of the zone in which people speak of it."""
    attendees: tuple[Attendee, ...] = ()
    location: str = ""
    description: str = ""
    wants_video: bool = False
    """Whether the vendor should make a video meeting for it."""


class PlacedEntry(msgspec.Struct, frozen=True, kw_only=True):
    """An entry as it stands at the vendor."""

    reference: str
    version: str
    """Changes with every change there (an etag); given back to change only what was seen."""
    video_link: str | None = None


class Calendar(Protocol):
    """Keeps entries in one calendar."""

    async def availabilities(
        self, addresses: Sequence[str], starts_at: datetime, ends_at: datetime
    ) -> Sequence[Availabilities]:
        """Return for each address, in the order asked, when it is taken between two instants.

        Raises CalendarUnavailable and CalendarRefused.
        """
        ...

    async def place(self, entry: CalendarEntry) -> PlacedEntry:
        """Put `entry` into the calendar; one with this id that stands there is left and returned.

        Raises CalendarUnavailable and CalendarRefused.
        """
        ...

    async def change(
        self, entry: CalendarEntry, reference: str, *, version: str | None = None
    ) -> PlacedEntry:
        """Change the entry. Raises EntryChanged when it no longer has `version`, EntryMissing when
        it was removed there, CalendarUnavailable and CalendarRefused.
        """
        ...

    async def remove(self, reference: str) -> None:
        """Take the entry out; one that is gone is no error. Raises CalendarUnavailable."""
        ...


class CalendarError(Exception):
    """Base of what calendars raise. Its text is shown to team members; no secrets in it."""


class CalendarRefused(CalendarError):
    """The vendor refuses for good; often the account must be connected again."""


class CalendarUnavailable(CalendarError):
    """The vendor is away or asks to slow down."""

    def __init__(self, message: str, *, after_seconds: float | None = None) -> None:
        super().__init__(message)
        self.after_seconds = after_seconds


class EntryMissing(CalendarError):
    """The entry isn't in the calendar any more."""


class EntryChanged(CalendarError):
    """Somebody changed the entry there meanwhile."""
