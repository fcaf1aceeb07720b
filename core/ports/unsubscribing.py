"""How mails that answer nothing are stopped by who gets them: RFC 8058, one-click unsubscribe.

Whoever writes such a mail asks for `UnsubscribeLinks`, puts the link below the text and adds
`unsubscribe_headers(link)` to the headers.
"""

from typing import Final, Protocol
from uuid import UUID

import msgspec

from core.shared.ids import MemberId

ONE_CLICK: Final = ("List-Unsubscribe", "One-Click")
"""The field that mail services POST to the link, and its value (RFC 8058 3.1)."""

EVERY_NOTIFICATION: Final = "notifications"
"""The list of all that members are told by e-mail, digests included."""


class MessageLink(msgspec.Struct, frozen=True):
    """What a link is about that stood in a message to a candidate: its kind, for its address."""

    message_id: UUID


class MemberLink(msgspec.Struct, frozen=True):
    """What a link is about that stood in a mail to a member."""

    member_id: MemberId
    mail_list: str
    """A type of notifications, or `EVERY_NOTIFICATION`."""


class UnsubscribeLinks(Protocol):
    """Makes the links of one tenant, and reads them. Nobody else can make one."""

    def of_message(self, message_id: UUID) -> str:
        """Return the address that stops mails of the message's kind to its receiver.

        The same each time; it works for as long as the message is kept.
        """
        ...

    def of_member(self, member_id: MemberId, mail_list: str) -> str:
        """Return the address that stops mails of a list to a member."""
        ...

    def read(self, link: str) -> MessageLink | MemberLink | None:
        """Return what the last part of such an address is about; None when it isn't one of ours."""
        ...


def unsubscribe_headers(url: str) -> tuple[tuple[str, str], ...]:
    """Return the two headers of RFC 8058; both must be covered by the DKIM signature."""
    return (("List-Unsubscribe", f"<{url}>"), ("List-Unsubscribe-Post", "=".join(ONE_CLICK)))
