"""The table of what members are told: one entry for each thing that happens.

An entry names the event, who is told, what belongs together, and the words. A further kind of
notification is a further entry in `hiring_notices` or `workspace_notices`; its words are marked for
translation in `api.web.notification_words`.
"""

from typing import Final

from core.notifications.hiring_notices import HIRING
from core.notifications.notice import EventClass, Grouping, Notice, Receiver
from core.notifications.workspace_notices import WORKSPACE
from core.shared.events import Event

__all__ = ["EVENTS", "NOTICES", "EventClass", "Grouping", "Notice", "Receiver", "notices_of"]

NOTICES: Final[dict[str, Notice]] = {**HIRING, **WORKSPACE}
"""Every entry by its name, which is kept with what was told: renaming it loses its words."""

EVENTS: Final[tuple[EventClass, ...]] = tuple(
    dict.fromkeys(event for notice in NOTICES.values() for event in notice.events)
)


def notices_of(event: Event) -> list[tuple[str, Notice]]:
    """Return the entries of an event, with their names."""
    return [(name, each) for name, each in NOTICES.items() if type(event) in each.events]
