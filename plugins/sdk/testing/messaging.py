"""The contract of `Messaging`: every messaging adapter passes this suite.

class TestMyVendor(MessagingContract):
    def rig(self) -> AbstractAsyncContextManager[MessagingRig]:
        return my_vendor_with_its_fake()
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager, suppress
from typing import Final, Protocol
from uuid import uuid4

import msgspec

from core.ports.messaging import (
    Mailbox,
    MessageRefused,
    Messaging,
    MessagingUnavailable,
    OutgoingEmail,
    SendOutcomeUnknown,
)
from core.ports.unsubscribing import unsubscribe_headers
from plugins.sdk.testing.expecting import expect_raises

SAMPLE: Final = "Thank you for applying: Müller & Søn 株式会社"
LINK: Final = "https://acme.mail.example.com/unsubscribe/" + "0123456789" * 7
"""Longer than a line of a header may be without folding, as such links are."""


class ReceivedEmail(msgspec.Struct, frozen=True, kw_only=True):
    """A message as the vendor's side saw it."""

    message_id: str
    sender: str
    to: str
    reply_to: str | None
    subject: str
    text: str
    html: str | None
    headers: dict[str, str]


class MessagingVendor(Protocol):
    """The other side, as the test commands it: a fake that answers as the vendor's own spec says.

    A vendor that can't do one of the last three, since it isn't reached over a line, returns False.
    """

    def received(self) -> Sequence[ReceivedEmail]:
        """Return what it took over, oldest first."""
        ...

    def refuse_next(self) -> bool:
        """Refuse the next message for good."""
        ...

    def be_away(self) -> bool:
        """Take no message until further notice."""
        ...

    def break_off_next(self) -> bool:
        """Take the next message, and break the line before saying so."""
        ...


class MessagingRig(Protocol):
    """An adapter and the vendor that it talks to."""

    @property
    def messaging(self) -> Messaging:
        """The adapter."""
        ...

    @property
    def vendor(self) -> MessagingVendor:
        """Its vendor."""
        ...


def sample_email(*, to: str = "ada@example.com", subject: str = SAMPLE) -> OutgoingEmail:
    """Return a message with everything in it that can go wrong on its way."""
    message_id = uuid4()
    return OutgoingEmail(
        id=message_id,
        message_id=f"<{message_id}@mail.example.com>",
        sender=Mailbox("jobs@example.com", "Jörg at Acme, Inc."),
        to=Mailbox(to, "Ada Łovelace"),
        reply_to=Mailbox("recruiter@example.com", "Rex Recruiter"),
        subject=subject,
        text="Hello Ada,\n\n.a line that begins with a dot\nGrüße\n",
        html="<p>Hello <b>Ada</b>, Grüße</p>\n",
        headers=(("X-Intellimatch-Tenant", "acme"), *unsubscribe_headers(LINK)),
    )


class MessagingContract(ABC):
    """What holds of every adapter."""

    @abstractmethod
    def rig(self) -> AbstractAsyncContextManager[MessagingRig]:
        """Give an adapter, with nothing sent yet, and its vendor."""

    async def test_a_message_arrives_as_it_was_given(self) -> None:
        async with self.rig() as rig:
            email = sample_email()
            sent = await rig.messaging.send(email)
            (seen,) = rig.vendor.received()
            assert sent.reference, "the vendor's reference is missing"
            assert (seen.to, seen.sender) == (email.to.address, email.sender.address)
            assert seen.reply_to == "recruiter@example.com"
            assert seen.subject == email.subject
            assert _lines(seen.text) == _lines(email.text)
            assert email.html is not None
            assert seen.html is not None
            assert _lines(seen.html) == _lines(email.html)
            assert seen.message_id == email.message_id
            assert seen.headers.get("x-intellimatch-tenant") == "acme"
            assert seen.headers.get("list-unsubscribe") == f"<{LINK}>"
            assert seen.headers.get("list-unsubscribe-post") == "List-Unsubscribe=One-Click"

    async def test_a_message_of_text_alone_arrives(self) -> None:
        async with self.rig() as rig:
            email = msgspec.structs.replace(sample_email(), html=None, reply_to=None, headers=())
            await rig.messaging.send(email)
            (seen,) = rig.vendor.received()
            assert _lines(seen.text) == _lines(email.text)
            assert seen.html is None

    async def test_a_repeated_message_can_be_told_from_a_second_one(self) -> None:
        async with self.rig() as rig:
            email = sample_email()
            await rig.messaging.send(email)
            await rig.messaging.send(email)
            seen = {each.message_id for each in rig.vendor.received()}
            assert seen == {email.message_id}, "an attempt changed the Message-ID"
            await rig.messaging.send(sample_email())
            assert len({each.message_id for each in rig.vendor.received()}) == 2

    async def test_what_is_refused_for_good_is_told_so(self) -> None:
        async with self.rig() as rig:
            if not rig.vendor.refuse_next():
                return
            await expect_raises(MessageRefused, rig.messaging.send(sample_email()))
            assert not rig.vendor.received()

    async def test_a_vendor_that_is_away_took_nothing(self) -> None:
        async with self.rig() as rig:
            if not rig.vendor.be_away():
                return
            await expect_raises(MessagingUnavailable, rig.messaging.send(sample_email()))
            assert not rig.vendor.received()

    async def test_a_line_that_broke_leaves_the_outcome_unknown_or_settles_it(self) -> None:
        async with self.rig() as rig:
            if not rig.vendor.break_off_next():
                return
            email = sample_email()
            with suppress(SendOutcomeUnknown):
                await rig.messaging.send(email)
            assert {each.message_id for each in rig.vendor.received()} <= {email.message_id}
            assert len(rig.vendor.received()) <= 1, "it was sent again without being known lost"


def _lines(text: str) -> list[str]:
    return text.replace("\r\n", "\n").rstrip("\n").split("\n")
