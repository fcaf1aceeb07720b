"""What members want to hear of, what their workspace decided, and when it is quiet."""

from collections.abc import Mapping
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import msgspec

from core.notifications.contracts import (
    Channel,
    NotificationType,
    QuietHours,
    TypeSetting,
)
from core.notifications.types import TYPES
from core.shared.clock import UtcDatetime

Choices = Mapping[str, Mapping[str, bool]]
"""By type and channel. What isn't there wasn't chosen."""

IN_APP: Channel = "in_app"


class Preferences(msgspec.Struct, frozen=True):
    """What a member chose."""

    choices: dict[str, dict[str, bool]] = {}
    quiet_hours: QuietHours | None = None
    pop_ups: bool = True

    def pops_up(self, now: UtcDatetime) -> bool:
        """Whether something that comes now may show itself on the page that is open."""
        return self.pop_ups and not (
            self.quiet_hours is not None and is_quiet(self.quiet_hours, now)
        )


class Defaults(msgspec.Struct, frozen=True):
    """What a workspace decided."""

    choices: dict[str, dict[str, bool]] = {}
    locked: list[str] = []
    """Types that members can't choose about."""

    def locks(self, kind: NotificationType) -> bool:
        """Whether members can't choose."""
        return kind in self.locked


def hears(
    kind: NotificationType, own: Preferences, defaults: Defaults, channel: Channel = IN_APP
) -> bool:
    """Whether a member is told of a type by a channel: everything, unless somebody chose less."""
    decided = defaults.choices.get(kind, {}).get(channel, True)
    if defaults.locks(kind):
        return decided
    return own.choices.get(kind, {}).get(channel, decided)


def settings_of(own: Preferences, defaults: Defaults) -> tuple[TypeSetting, ...]:
    """Return what a member hears of each type; with empty preferences, what the workspace says."""
    return tuple(
        TypeSetting(
            type=kind,
            label=each.label,
            description=each.description,
            in_app=hears(kind, own, defaults),
            push=hears(kind, own, defaults, "push"),
            locked=defaults.locks(kind),
        )
        for kind, each in TYPES.items()
    )


def is_quiet(hours: QuietHours, now: UtcDatetime) -> bool:
    """Whether `now` lies within the hours on the wall clock of their zone.

    The wall clock is what counts: in a night that is an hour longer or shorter they still begin and
    end when it says so. Hours that end when they start never end.
    """
    wall = now.astimezone(ZoneInfo(hours.zone)).time()
    starts, ends = _time(hours.starts), _time(hours.ends)
    if starts < ends:
        return starts <= wall < ends
    return wall >= starts or wall < ends


def quiet_until(hours: QuietHours, now: UtcDatetime) -> UtcDatetime:
    """Return when the hours that `now` lies in end; `now` itself when it lies in none.

    An end that the wall clock skips in the night of a change is the moment it would have been.
    """
    if not is_quiet(hours, now):
        return now
    zone = ZoneInfo(hours.zone)
    wall = now.astimezone(zone)
    ends = _time(hours.ends)
    day = wall.date() if wall.time() < ends else wall.date() + timedelta(days=1)
    return UtcDatetime(datetime.combine(day, ends, zone).astimezone(UTC))


def _time(text: str) -> time:
    return time.fromisoformat(text)
