"""Stopping e-mail about a type of notifications, or about all, by the link in such a mail.

What an admin decided for everybody stays. `tenants.member_mail` calls it for `core.unsubscribing`.
"""

from typing import get_args

import msgspec

from core.notifications.contracts import NotificationType
from core.notifications.preferences import Defaults, Preferences, cadence_of
from core.ports.unsubscribing import EVERY_NOTIFICATION

_EMAIL = "email"


def types_of(mail_list: str) -> tuple[NotificationType, ...]:
    """Return the types that a list is about; none when there is no such list."""
    every: tuple[NotificationType, ...] = get_args(NotificationType)
    return tuple(kind for kind in every if mail_list in (EVERY_NOTIFICATION, kind))


def is_decided(mail_list: str, defaults: Defaults) -> bool:
    """Whether members can't choose about any type of the list."""
    return all(defaults.locks(kind) for kind in types_of(mail_list))


def is_stopped(mail_list: str, own: Preferences, defaults: Defaults) -> bool:
    """Whether no e-mail comes of the list, but for what an admin decided."""
    return all(
        cadence_of(kind, own, defaults) == "off"
        for kind in types_of(mail_list)
        if not defaults.locks(kind)
    )


def chosen(mail_list: str, own: Preferences, defaults: Defaults, *, wanted: bool) -> Preferences:
    """Return the preferences with e-mail of the list stopped, or as the workspace has it again.

    One type that the workspace doesn't send by e-mail is wanted once a day: else nothing would
    come again.
    """
    choices = {kind: dict(each) for kind, each in own.choices.items()}
    for kind in types_of(mail_list):
        if defaults.locks(kind):
            continue
        mine = choices.setdefault(kind, {})
        if not wanted:
            mine[_EMAIL] = "off"
            continue
        mine.pop(_EMAIL, None)
        changed = msgspec.structs.replace(own, choices=choices)
        if mail_list == kind and cadence_of(kind, changed, defaults) == "off":
            mine[_EMAIL] = "daily"
    return msgspec.structs.replace(
        own, choices={kind: each for kind, each in choices.items() if each}
    )
