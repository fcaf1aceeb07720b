"""How a message reaches a person by e-mail: the port that messaging plugins implement."""

import re
import unicodedata
from typing import Final, Protocol
from uuid import UUID

import msgspec

_NAME: Final = re.compile(r"[!-9;-~]{1,76}")
"""Of a header: printable ASCII without a colon (RFC 5322 3.6.8)."""

_BREAKING: Final = frozenset({"Cc", "Cs", "Zl", "Zp"})
"""Controls, halves of characters, and separators of lines and paragraphs."""


class Mailbox(msgspec.Struct, frozen=True):
    """An address with the name that is shown (RFC 5322 `mailbox`)."""

    address: str
    name: str = ""


class OutgoingEmail(msgspec.Struct, frozen=True, kw_only=True):
    """A message, complete and checked: nothing in a header that could end it, one receiver."""

    id: UUID
    """The same for every attempt to send this message; an idempotency key where there is one.

    A plugin that notices repetitions is given another for a copy that somebody asked for."""
    message_id: str
    """The Message-ID header, with angle brackets; the same for every attempt (RFC 5322 3.6.4)."""
    sender: Mailbox
    to: Mailbox
    reply_to: Mailbox | None = None
    subject: str
    text: str
    html: str | None = None
    headers: tuple[tuple[str, str], ...] = ()
    """Further headers, e.g. List-Unsubscribe."""
    transactional: bool = True
    """Whether it answers what the receiver did, so that it needs no way to unsubscribe."""

    def __post_init__(self) -> None:
        lines = [self.subject, self.message_id, *(part for pair in self.headers for part in pair)]
        for each in (self.sender, self.to, self.reply_to):
            lines += [] if each is None else [each.address, each.name]
        if any(unicodedata.category(mark) in _BREAKING for line in lines for mark in line):
            raise ValueError("a header of a message holds a control character")
        if not all(_NAME.fullmatch(name) for name, _ in self.headers):
            raise ValueError("a header of a message has a name that isn't one")


class SentEmail(msgspec.Struct, frozen=True):
    """A message that the service has taken over. Whether it arrives is told later, or never."""

    reference: str
    """What the service calls it; its events name it."""


class Messaging(Protocol):
    """Hands messages to a service that delivers them."""

    async def send(self, email: OutgoingEmail) -> SentEmail:
        """Hand over `email`; with an `id` that was taken over before, change nothing.

        Raises MessageRefused when it will never be taken, MessagingUnavailable when it may be
        later and certainly wasn't now, and SendOutcomeUnknown when nobody can say.
        """
        ...


class MessagingError(Exception):
    """Base of what `Messaging.send` raises. Its text is shown to recruiters; no secrets in it."""


class MessageRefused(MessagingError):
    """The service refuses this message for good: the address, the content, the account."""


class MessagingUnavailable(MessagingError):
    """The service is away or asks to slow down; the message was not taken."""

    def __init__(self, message: str, *, after_seconds: float | None = None) -> None:
        super().__init__(message)
        self.after_seconds = after_seconds


class SendOutcomeUnknown(MessagingError):
    """The line broke after the message was given and before it was confirmed."""
