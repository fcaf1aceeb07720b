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
    """Whether `now` lies within the hours on the wall clock of their zone."""
    return quiet_until(hours, now) != now


def quiet_until(hours: QuietHours, now: UtcDatetime) -> UtcDatetime:
    """Return when the hours that `now` lies in end; `now` itself when it lies in none.

    The wall clock is what counts: in a night that is an hour longer or shorter they still begin and
    end when it says so, once: at the first of two times that it shows twice, and at the moment that
    would have been where it skips one.
    """
    zone = ZoneInfo(hours.zone)
    starts, ends = time.fromisoformat(hours.starts), time.fromisoformat(hours.ends)
    today = now.astimezone(zone).date()
    for day in (today - timedelta(days=1), today):
        last = day if starts < ends else day + timedelta(days=1)
        begin = datetime.combine(day, starts, zone).astimezone(UTC)
        end = datetime.combine(last, ends, zone).astimezone(UTC)
        if begin <= now < end:
            return UtcDatetime(end)
    return now
