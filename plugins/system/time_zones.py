"""Tells time zones by what people write of where they are: a telephone number, or a city.

Numbers are read with Google's libphonenumber, cities are those that the tz database names zones by.
"""

from functools import cache
from typing import Final
from zoneinfo import ZoneInfo, available_timezones

import phonenumbers
import phonenumbers.timezone

_CONTINENTS: Final = frozenset(
    {
        "Africa",
        "America",
        "Asia",
        "Atlantic",
        "Australia",
        "Europe",
        "Indian",
        "Pacific",
    }
)


def zone_of_number(number: str) -> ZoneInfo | None:
    """Return the zone of a number in the form E.164, None when it may be in several."""
    try:
        parsed = phonenumbers.parse(number, None)
    except phonenumbers.NumberParseException:
        return None
    zones = phonenumbers.timezone.time_zones_for_number(parsed)
    if len(zones) != 1 or zones[0] == phonenumbers.timezone.UNKNOWN_TIMEZONE:
        return None
    return ZoneInfo(zones[0]) if zones[0] in available_timezones() else None


def zone_of_place(place: str) -> ZoneInfo | None:
    """Return the zone of the first city in `place` ("Berlin, Germany") that a zone is named by."""
    cities = _cities()
    for part in place.replace("/", ",").replace("(", ",").replace(")", ",").split(","):
        zone = cities.get(" ".join(part.casefold().split()))
        if zone is not None:
            return ZoneInfo(zone)
    return None


@cache
def _cities() -> dict[str, str]:
    """Return zones by the cities that they are named by."""
    found: dict[str, str] = {}
    for name in sorted(available_timezones()):
        continent, _, city = name.partition("/")
        if continent in _CONTINENTS and city:
            found.setdefault(city.rpartition("/")[2].replace("_", " ").casefold(), name)
    return found
