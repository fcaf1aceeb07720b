"""What an entry of the table of notifications is; `notices` puts the table together."""

from collections.abc import Callable
from typing import Any, Literal

import msgspec

from core.notifications.about import About
from core.notifications.contracts import NotificationType
from core.shared.events import Event

Receiver = Literal["assignee", "recruiters", "named", "mentioned", "keepers", "starter", "admins"]
"""Who is told: who looks after the application; the hiring team save its interviewers; whom the
event names; whom a note mentions; who looks after any active application of the candidate; who
started the work; the admins."""

Grouping = Literal["", "job", "stage", "candidate", "note"]
"""What makes two of an entry one notification until it is read; `` keeps each by itself."""


EventClass = type[Event]


class Notice(msgspec.Struct, frozen=True, kw_only=True):
    """One entry."""

    type: NotificationType
    events: tuple[EventClass, ...]
    about: Callable[[Any], About | None]
    """Reads an event; None: nobody is told of this one."""
    receivers: tuple[Receiver, ...]
    otherwise: tuple[Receiver, ...] = ()
    """Told when `receivers` are nobody."""
    title: str
    titles: str = ""
    """The title of several; with `{count}`."""
    message: str = ""
    post: str = ""
    """The title in a chat, where `title` speaks to its reader; it then says whom it is for."""
    posts: str = ""
    link: str
    links: str = ""
    """Where several lead."""
    grouping: Grouping = ""
    is_once: bool = False
    """Whether a member is told once of what `grouping` names, be it read or not."""
    tells_doer: bool = False
    """Whether it is told to who did it as well, since they don't know of it.

    Who moved an application a moment before counts as who did it."""
