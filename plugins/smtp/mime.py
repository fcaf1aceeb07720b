"""Builds the message that goes over the line (RFC 5322 with MIME)."""

from datetime import datetime
from email.errors import HeaderParseError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

from plugins.sdk.ports import Mailbox, MessageRefused, OutgoingEmail


def build(email: OutgoingEmail, sent_at: datetime) -> bytes:
    """Return the message with CRLF line ends, its text before its HTML.

    Raises MessageRefused for an address that has no place in a header.
    """
    message = EmailMessage(policy=SMTP)
    try:
        message["From"] = _address(email.sender)
        message["To"] = _address(email.to)
        if email.reply_to is not None:
            message["Reply-To"] = _address(email.reply_to)
        message["Subject"] = _plain(email.subject)
        message["Date"] = format_datetime(sent_at)
        message["Message-ID"] = email.message_id
        for name, value in email.headers:
            message[name] = _plain(value)
    except (ValueError, HeaderParseError, IndexError) as error:
        raise MessageRefused(f"The message can't be written: {error}.") from error
    message.set_content(email.text)
    if email.html is not None:
        message.add_alternative(email.html, subtype="html")
    return message.as_bytes()


def envelope_address(mailbox: Mailbox) -> str:
    """Return the address as the envelope has it: the domain in ASCII (RFC 5891).

    Raises MessageRefused when the local part isn't ASCII, which few servers take (RFC 6531).
    """
    local, _, domain = mailbox.address.rpartition("@")
    try:
        local.encode("ascii")
        return f"{local}@{domain.encode('idna').decode('ascii')}"
    except UnicodeError as error:
        raise MessageRefused("The address has letters that mail servers don't take.") from error


def _address(mailbox: Mailbox) -> Address:
    return Address(display_name=_plain(mailbox.name), addr_spec=envelope_address(mailbox))


def _plain(text: str) -> str:
    """Let nothing pass for an encoded word (RFC 2047).

    `EmailMessage` decodes such words when it is given a header, line ends among them.
    """
    return text.replace("=?", "= ?")
