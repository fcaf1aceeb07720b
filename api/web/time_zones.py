"""The time zones that fields offer: regions and their cities, without the older names of the same.

One list of a page serves all of its fields, since it is longer than most pages. Another name that
the zone database knows may be typed as well; whoever keeps it says when there is none like it.
"""

from typing import Final
from zoneinfo import available_timezones

_REGIONS: Final = (
    "Africa/",
    "America/",
    "Antarctica/",
    "Arctic/",
    "Asia/",
    "Atlantic/",
    "Australia/",
    "Europe/",
    "Indian/",
    "Pacific/",
)

TIME_ZONES: Final = (
    *sorted(name for name in available_timezones() if name.startswith(_REGIONS)),
    "UTC",
)
"""Their IANA names."""
