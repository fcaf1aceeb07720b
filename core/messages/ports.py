"""What this slice needs from outside: storage, what is known of receivers, and who sends."""

from collections.abc import Mapping, Sequence
from typing import Literal, Protocol
from uuid import UUID

import msgspec

from core.applications.contracts import ApplicationId
from core.candidates.contracts import CandidateId
from core.messages.contracts import (
    ListMessages,
    ListSuppressions,
    MessageId,
    MessageRow,
    MessageView,
    SuppressionId,
    SuppressionView,
    Timeline,
)
from core.messages.member_views import ListMemberMessages, MemberMessageRow
from core.messages.model import Content, Message
from core.messages.sender_views import SenderFailure
from core.messages.suppression import Suppression
from core.messages.timeline import Entry
from core.ports.messaging import Mailbox, OutgoingEmail
from core.shared.clock import UtcDatetime
from core.shared.paging import Page


class MessageRepository(Protocol):
    """Keeps messages."""

    async def add(self, message: Message) -> None:
        """Keep a new message, and that it was queued."""
        ...

    async def add_once(self, message: Message) -> bool:
        """Keep a new message unless one of its id is there; say whether it wasn't."""
        ...

    async def newest_application(self, candidate_id: CandidateId) -> ApplicationId | None:
        """Return the candidate's newest application, an open one before all others, or None."""
        ...

    async def get_for_change(self, message_id: MessageId) -> Message | None:
        """Return the message, locked until the end of the transaction, or None."""
        ...

    async def save(self, message: Message) -> None:
        """Keep what became of it, and what was noted of it."""
        ...

    async def by_reference(self, plugin: str, reference: str) -> MessageId | None:
        """Return the newest message that the plugin's service calls so, or None."""
        ...

    async def was_given_to(self, message: Message, plugin: str) -> bool:
        """Whether the plugin was ever handed the message."""
        ...

    async def plugin_of(self, installation_id: UUID) -> str | None:
        """Return the id of the plugin of an installation."""
        ...

    async def note(self, message_id: MessageId, entry: Entry) -> bool:
        """Keep an entry of the message's timeline; say whether it wasn't there."""
        ...

    async def timeline(self, message_id: MessageId) -> Sequence[Entry]:
        """Return what happened to the message, in no order."""
        ...

    async def remove(self, message_id: MessageId) -> None:
        """Forget a message that has nothing to say."""
        ...

    async def stuck(self, before: UtcDatetime, *, limit: int) -> Sequence[MessageId]:
        """Return messages that have waited or been under way since before then, oldest first."""
        ...

    async def prune_to_members(self, before: UtcDatetime) -> int:
        """Forget messages to members that are older, and return how many.

        What keeps an address from being written to stays.
        """
        ...


class Written(msgspec.Struct, frozen=True):
    """A message as it is handed over."""

    content: Content
    headers: tuple[tuple[str, str], ...] = ()
    """More headers than every message has, such as those of RFC 8058."""


class FinalWording(Protocol):
    """Says what a message says at the moment when it is handed over; none of it is kept."""

    async def of(self, message: Message) -> Written | None:
        """Return it: links in the place of what stands for them; what is told to a member.

        None when there is nothing to say any more.
        """
        ...


class Suppressions(Protocol):
    """Keeps the addresses that aren't written to."""

    async def of(self, address: str) -> Suppression | None:
        """Return the entry of an address, however it is capitalised, or None."""
        ...

    async def get(self, suppression_id: SuppressionId) -> Suppression | None:
        """Return an entry, locked, or None."""
        ...

    async def put(self, suppression: Suppression) -> None:
        """Keep an entry in the place of the one that the address may have."""
        ...

    async def remove(self, suppression: Suppression) -> None:
        """Forget an entry."""
        ...


class SenderOrder(Protocol):
    """The order in which the tenant wants its plugins to be tried."""

    async def get(self) -> Sequence[str]:
        """Return the plugins that it named, the first first."""
        ...

    async def put(self, plugins: Sequence[str]) -> None:
        """Replace the order."""
        ...

    async def failures(self) -> Mapping[str, SenderFailure]:
        """Return the plugins that put off the last message that they were given."""
        ...


class MessageQueries(Protocol):
    """Reads views straight from rows."""

    async def page(self, query: ListMessages) -> Page[MessageRow]:
        """Return a page, newest first."""
        ...

    async def get(self, message_id: MessageId) -> MessageView:
        """Return the message. Raises MessageNotFound."""
        ...

    async def timeline(self, message_id: MessageId, *, to_member: bool = False) -> Timeline:
        """Return what happened to the message to a candidate, or to a member.

        Raises MessageNotFound, also for one of the other kind.
        """
        ...

    async def to_members(self, query: ListMemberMessages) -> Page[MemberMessageRow]:
        """Return a page of messages to members, newest first."""
        ...

    async def suppressions(self, query: ListSuppressions) -> Page[SuppressionView]:
        """Return a page, newest first."""
        ...

    async def sender_order(self) -> Sequence[str]:
        """Return the plugins that the tenant named, the first first."""
        ...

    async def sender_failures(self) -> Mapping[str, SenderFailure]:
        """Return the plugins that put off the last message that they were given."""
        ...


class Sender(msgspec.Struct, frozen=True):
    """A plugin of the tenant's that sends."""

    plugin: str
    repeatable: bool
    """Whether it notices a message that it was given before and doesn't send it twice."""
    away: bool = False
    """Whether it failed so often that it isn't tried just now."""


class Handover(msgspec.Struct, frozen=True):
    """What came of handing a message to a plugin."""

    result: Literal["taken", "refused", "away", "unknown"]
    said: str
    """The service's reference when it was taken; otherwise why not."""
    after_seconds: float | None = None
    """With `away`: how long the service asks to be left alone."""


class Postman(Protocol):
    """The tenant's plugins that send messages."""

    def identity(self) -> Mailbox:
        """Return as whom the tenant writes."""
        ...

    async def senders(self) -> tuple[Sender, ...]:
        """Return those that are enabled, in the order in which they were."""
        ...

    async def hand_over(self, plugin: str, email: OutgoingEmail) -> Handover:
        """Give `email` to `plugin`. Never raises for what plugins do."""
        ...
