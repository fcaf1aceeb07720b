"""When a mail to a candidate goes out: not in the quiet hours where they are, and never too late.

Quiet hours hold, they never drop. What is about a time (an interview) goes out while it still makes
sense, be it before the hours begin.
"""

from datetime import datetime, time
from typing import Annotated
from zoneinfo import ZoneInfo

import msgspec

from core.shared.clock import UtcDatetime
from core.shared.quiet_hours import span_around

WallTime = Annotated[
    str,
    msgspec.Meta(
        pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$",
        description="A time on the wall clock, hours and minutes.",
        examples=["20:00"],
    ),
]


class QuietTimes(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """From when to when no mail of an automation goes out, on the receiver's wall clock."""

    starts: WallTime
    ends: WallTime
    """The next day's when it is earlier than `starts`."""


def time_to_send(
    hours: QuietTimes | None,
    zone: ZoneInfo,
    due: UtcDatetime,
    now: UtcDatetime,
    about: datetime | None = None,
    *,
    is_reminder: bool = False,
) -> UtcDatetime:
    """Return when what is due at `due` goes out.

    `about` is when the interview begins that the mail is about. A reminder that would have lost
    more than half of its lead goes out as the quiet hours begin, unless that is past; nothing about
    an interview is held until after it has begun.
    """
    if hours is None:
        return due
    at = max(due, now)
    span = span_around(time.fromisoformat(hours.starts), time.fromisoformat(hours.ends), zone, at)
    if span is None:
        return due
    if about is None:
        return span.ends
    if is_reminder and about - span.ends < (about - due) / 2 and now < span.begins:
        return span.begins
    return span.ends if span.ends < about else due
