"""What this slice needs from outside: storage, what is known of receivers, and who sends."""

from typing import Literal, Protocol

import msgspec

from core.applications.contracts import ApplicationId
from core.candidates.contracts import CandidateId
from core.messages.contracts import ListMessages, MessageId, MessageRow, MessageView
from core.messages.model import Message
from core.ports.messaging import Mailbox, OutgoingEmail
from core.shared.paging import Page


class Applicant(msgspec.Struct, frozen=True):
    """Who applied for what."""

    candidate_id: CandidateId
    full_name: str
    email: str | None
    job_title: str


class MessageRepository(Protocol):
    """Keeps messages."""

    async def add(self, message: Message) -> None:
        """Keep a new message."""
        ...

    async def get_for_change(self, message_id: MessageId) -> Message | None:
        """Return the message, locked until the end of the transaction, or None."""
        ...

    async def save(self, message: Message) -> None:
        """Keep what became of it."""
        ...

    async def applicant(self, application_id: ApplicationId) -> Applicant | None:
        """Return who applied, or None when the application isn't there any more."""
        ...


class MessageQueries(Protocol):
    """Reads views straight from rows."""

    async def page(self, query: ListMessages) -> Page[MessageRow]:
        """Return a page, newest first."""
        ...

    async def get(self, message_id: MessageId) -> MessageView:
        """Return the message. Raises MessageNotFound."""
        ...


class Sender(msgspec.Struct, frozen=True):
    """A plugin of the tenant's that sends."""

    plugin: str
    repeatable: bool
    """Whether it notices a message that it was given before and doesn't send it twice."""


class Handover(msgspec.Struct, frozen=True):
    """What came of handing a message to a plugin."""

    result: Literal["taken", "refused", "away", "unknown"]
    said: str
    """The service's reference when it was taken; otherwise why not."""


class Postman(Protocol):
    """The tenant's plugins that send messages, in the order in which they are tried."""

    def identity(self) -> Mailbox:
        """Return as whom the tenant writes."""
        ...

    async def senders(self) -> tuple[Sender, ...]:
        """Return those that are enabled and not known to be away just now, the first first.

        When all are away, all of them.
        """
        ...

    async def hand_over(self, plugin: str, email: OutgoingEmail) -> Handover:
        """Give `email` to `plugin`. Never raises for what plugins do."""
        ...
