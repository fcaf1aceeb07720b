"""`Messaging` in memory: what was sent is a list."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from core.ports.messaging import (
    MessageRefused,
    MessagingUnavailable,
    OutgoingEmail,
    SendOutcomeUnknown,
    SentEmail,
)
from plugins.sdk.testing.messaging import ReceivedEmail


class MemoryMessaging:
    """An adapter and its vendor in one."""

    def __init__(self) -> None:
        self._taken: dict[str, ReceivedEmail] = {}
        self._refuses = self._is_away = self._breaks = False

    async def send(self, email: OutgoingEmail) -> SentEmail:
        """Take `email`; once for each id."""
        if self._is_away:
            raise MessagingUnavailable("The vendor is away.")
        if self._refuses:
            self._refuses = False
            raise MessageRefused("The vendor refuses this address.")
        self._taken.setdefault(str(email.id), _received(email))
        if self._breaks:
            self._breaks = False
            raise SendOutcomeUnknown("The line broke.")
        return SentEmail(f"memory-{email.id}")

    def received(self) -> list[ReceivedEmail]:
        """Return what was taken."""
        return list(self._taken.values())

    def refuse_next(self) -> bool:
        """Refuse the next."""
        self._refuses = True
        return True

    def be_away(self) -> bool:
        """Take nothing."""
        self._is_away = True
        return True

    def break_off_next(self) -> bool:
        """Take the next and don't say so."""
        self._breaks = True
        return True


class MemoryMessagingRig:
    """Both sides of the same object."""

    def __init__(self, both: MemoryMessaging) -> None:
        self.messaging = both
        self.vendor = both


@asynccontextmanager
async def memory_messaging() -> AsyncIterator[MemoryMessagingRig]:
    """Yield a rig for `MessagingContract`."""
    yield MemoryMessagingRig(MemoryMessaging())


def _received(email: OutgoingEmail) -> ReceivedEmail:
    return ReceivedEmail(
        message_id=email.message_id,
        sender=email.sender.address,
        to=email.to.address,
        reply_to=None if email.reply_to is None else email.reply_to.address,
        subject=email.subject,
        text=email.text,
        html=email.html,
        headers={name.lower(): value for name, value in email.headers},
    )
