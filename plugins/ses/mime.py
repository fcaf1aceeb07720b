"""Builds the message that SES is given whole (RFC 5322 with MIME)."""

import re
from datetime import datetime
from email.errors import HeaderParseError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from typing import Final

from plugins.sdk.mail_over_http import ascii_address, ascii_header, plain_line
from plugins.sdk.ports import Mailbox, MessageRefused, OutgoingEmail

_AS_GIVEN: Final = SMTP.clone(refold_source="none")
"""Headers that are given whole go as they are: folding turns an address that is longer than a line,
as in List-Unsubscribe, into encoded words, which nobody may read as an address (RFC 2047 5)."""

_PARTS_OWN: Final = re.compile(
    "cc|bcc|sender|reply-to|mime-version|return-path|(content|resent)-.*", re.IGNORECASE
)
"""Headers that would add a receiver, or say something else of the message than its fields."""


def build(email: OutgoingEmail, sender: Mailbox, sent_at: datetime) -> bytes:
    """Return the message with CRLF line ends, its text before its HTML.

    Raises MessageRefused for an address or header that can't be written.
    """
    message = EmailMessage(policy=_AS_GIVEN)
    try:
        message["From"] = _address(sender)
        message["To"] = _address(email.to)
        if email.reply_to is not None:
            message["Reply-To"] = _address(email.reply_to)
        message["Subject"] = plain_line(email.subject)
        message["Date"] = format_datetime(sent_at)
        message["Message-ID"] = email.message_id
        for name, value in email.headers:
            if name in message or _PARTS_OWN.fullmatch(name):
                raise MessageRefused(f"The header {name} has a field of its own.")
            message.set_raw(name, ascii_header(plain_line(value)))
    except (ValueError, HeaderParseError, IndexError) as error:
        raise MessageRefused(f"The message can't be written: {error}.") from error
    message.set_content(email.text, cte="quoted-printable")
    if email.html is not None:
        message.add_alternative(email.html, subtype="html", cte="quoted-printable")
    return message.as_bytes()


def _address(mailbox: Mailbox) -> Address:
    return Address(display_name=plain_line(mailbox.name), addr_spec=ascii_address(mailbox.address))
