"""What members want to hear of and by which channel, and what their workspace decided."""

from collections.abc import Mapping
from typing import Final

import msgspec

from core.notifications.contracts import (
    Cadence,
    Channel,
    DigestTime,
    NotificationType,
    QuietHours,
    TypeSetting,
)
from core.notifications.quiet import is_quiet
from core.notifications.types import TYPES
from core.shared.clock import UtcDatetime

Choice = bool | Cadence
Choices = Mapping[str, Mapping[str, Choice]]
"""By type and channel. What isn't there wasn't chosen."""

IN_APP: Final[Channel] = "in_app"
ESCALATES: Final = "escalates"
"""Stands beside the channels in what a workspace decided of a type."""


class Preferences(msgspec.Struct, frozen=True):
    """What a member chose."""

    choices: dict[str, dict[str, Choice]] = {}
    quiet_hours: QuietHours | None = None
    pop_ups: bool = True
    digest: DigestTime = DigestTime()
    escalate_after_hours: int | None = None
    """None: as the workspace decided; 0: never."""

    def pops_up(self, now: UtcDatetime) -> bool:
        """Whether something that comes now may show itself on the page that is open."""
        return self.pop_ups and not (
            self.quiet_hours is not None and is_quiet(self.quiet_hours, now)
        )

    def zone(self, workspace: str) -> str:
        """Return the time zone that digests keep to, in a workspace of that zone."""
        if self.digest.zone is not None:
            return self.digest.zone
        return workspace if self.quiet_hours is None else self.quiet_hours.zone


class ChatRules(msgspec.Struct, frozen=True):
    """What a workspace decided of its chat, besides which types are posted there."""

    names: bool = False
    escalations: bool = False
    quiet_hours: QuietHours | None = None


class Defaults(msgspec.Struct, frozen=True):
    """What a workspace decided."""

    choices: dict[str, dict[str, Choice]] = {}
    locked: list[str] = []
    """Types that members can't choose about."""
    escalate_after_hours: int = 0
    """0: never."""
    chat: ChatRules = ChatRules()

    def locks(self, kind: NotificationType) -> bool:
        """Whether members can't choose."""
        return kind in self.locked

    def posts(self, kind: NotificationType) -> bool:
        """Whether a type goes to the workspace's chat: only where an admin said so."""
        return self.choices.get(kind, {}).get("chat", False) is True

    def escalates(self, kind: NotificationType) -> bool:
        """Whether a type goes to the next channel when nobody looks at it."""
        return self.choices.get(kind, {}).get(ESCALATES, TYPES[kind].escalates) is True


def hears(
    kind: NotificationType, own: Preferences, defaults: Defaults, channel: Channel = IN_APP
) -> bool:
    """Whether a member is told of a type at the bell or by push message.

    Of everything, unless somebody chose less.
    """
    decided = defaults.choices.get(kind, {}).get(channel, True)
    if not defaults.locks(kind):
        decided = own.choices.get(kind, {}).get(channel, decided)
    return decided is True


def cadence_of(kind: NotificationType, own: Preferences, defaults: Defaults) -> Cadence:
    """Return when a member gets e-mail about a type."""
    decided = defaults.choices.get(kind, {}).get("email", TYPES[kind].email)
    if not defaults.locks(kind):
        decided = own.choices.get(kind, {}).get("email", decided)
    return "off" if isinstance(decided, bool) else decided


def refuses_mail(kind: NotificationType, own: Preferences, defaults: Defaults) -> bool:
    """Whether somebody said that this type is never to come by e-mail, not even in the end."""
    said = defaults.choices.get(kind, {}).get("email")
    if not defaults.locks(kind):
        said = own.choices.get(kind, {}).get("email", said)
    return said == "off"


def escalation_hours(own: Preferences, defaults: Defaults) -> int:
    """Return after how many hours what a member didn't look at goes on; 0: never.

    A workspace that doesn't want it has it for nobody; members may wait longer, shorter, or never.
    """
    if not defaults.escalate_after_hours or own.escalate_after_hours is None:
        return defaults.escalate_after_hours
    return own.escalate_after_hours


def settings_of(own: Preferences, defaults: Defaults) -> tuple[TypeSetting, ...]:
    """Return what a member hears of each type; with empty preferences, what the workspace says."""
    return tuple(
        TypeSetting(
            type=kind,
            label=each.label,
            description=each.description,
            in_app=hears(kind, own, defaults),
            push=hears(kind, own, defaults, "push"),
            email=cadence_of(kind, own, defaults),
            chat=defaults.posts(kind),
            escalates=defaults.escalates(kind),
            locked=defaults.locks(kind),
        )
        for kind, each in TYPES.items()
    )
