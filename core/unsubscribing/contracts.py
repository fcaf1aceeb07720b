"""What others may know of stopped mails: what a link is about, and whether mails are stopped."""

from typing import Literal, Protocol

import msgspec

from core.shared.clock import UtcDatetime
from core.shared.usecase import Command, Query


class Subscription(msgspec.Struct, frozen=True, kw_only=True):
    """What a link is about, and how it stands."""

    receiver: Literal["candidate", "member"]
    mail_list: str
    """A kind of template, a type of notifications, or `EVERY_NOTIFICATION`."""
    to: str
    """The address, without most of what is before its @: whoever forwards a mail shows the link."""
    is_stopped: bool
    is_decided: bool = False
    """Whether an admin decided for everybody, so that nothing can be changed here."""


class ShowSubscription(Query[Subscription], frozen=True, kw_only=True):
    """Show what a link is about. Changes nothing."""

    link: str

    def __repr__(self) -> str:
        return "ShowSubscription(...)"


class Unsubscribe(Command[Subscription], frozen=True, kw_only=True):
    """Stop mails of the list to the address that a link is about."""

    link: str

    def __repr__(self) -> str:
        return "Unsubscribe(...)"


class Resubscribe(Command[Subscription], frozen=True, kw_only=True):
    """Let them come again."""

    link: str

    def __repr__(self) -> str:
        return "Resubscribe(...)"


class StoppedMails(Protocol):
    """What candidates have stopped, for whoever is about to write to them."""

    async def since(self, address: str, mail_list: str) -> UtcDatetime | None:
        """Return when mails of a list to an address were stopped; None when they weren't."""
        ...
