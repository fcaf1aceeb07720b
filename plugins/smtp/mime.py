"""Builds the message that goes over the line (RFC 5322 with MIME)."""

import re
from binascii import b2a_qp
from datetime import datetime
from email.errors import HeaderParseError
from email.headerregistry import Address
from email.policy import SMTP
from email.utils import format_datetime
from functools import lru_cache
from typing import Final
from uuid import uuid4

from plugins.sdk.mail_over_http import ascii_header
from plugins.sdk.ports import Mailbox, MessageRefused, OutgoingEmail

_AS_GIVEN: Final = SMTP.clone(refold_source="none")
"""Headers that are given whole go as they are: folding turns an address that is longer than a line,
as in List-Unsubscribe, into encoded words, which nobody may read as an address (RFC 2047 5)."""

_PARTS_OWN: Final = re.compile(
    "cc|bcc|sender|reply-to|mime-version|return-path|(content|resent)-.*", re.IGNORECASE
)
"""Headers that would add a receiver, or say something else of the message than its fields."""

_OF_FIELDS: Final = frozenset({"from", "to", "subject", "date", "message-id"})

_END: Final = b"\r\n"


def build(email: OutgoingEmail, sent_at: datetime) -> bytes:
    """Return the message with CRLF line ends, its text before its HTML.

    Raises MessageRefused for an address that has no place in a header.
    """
    names = set(_OF_FIELDS)
    try:
        head = [
            _of_few(email.sender, "From"),
            _of_one(email.to, "To"),
            b"" if email.reply_to is None else _of_few(email.reply_to, "Reply-To"),
            _parsed("Subject", _plain(email.subject)),
            _raw("Date", format_datetime(sent_at)),
            _raw("Message-ID", email.message_id),
        ]
        for name, value in email.headers:
            if name.lower() in names or _PARTS_OWN.fullmatch(name):
                raise MessageRefused(f"The header {name} has a field of its own.")
            names.add(name.lower())
            head.append(_raw(name, ascii_header(_plain(value))))
        return b"".join(head) + _body(email.text, email.html)
    except (ValueError, HeaderParseError, IndexError) as error:
        raise MessageRefused(f"The message can't be written: {error}.") from error


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


def _body(text: str, html: str | None) -> bytes:
    """Return the rest of the message (RFC 2045, 2046): fields of its content, and the content.

    `email.message` would take longer for it than templates take for all of theirs.
    """
    version = b"MIME-Version: 1.0" + _END
    if html is None:
        return version + _part("plain", text)
    # Quoted-printable has no "=_", so no line of the parts can be taken for it.
    boundary = f"=_{uuid4().hex}".encode()
    start = b"--" + boundary + _END
    return b"".join(
        (
            version,
            b'Content-Type: multipart/alternative; boundary="' + boundary + b'"' + _END + _END,
            start,
            _part("plain", text),
            start,
            _part("html", html),
            b"--" + boundary + b"--" + _END,
        )
    )


def _part(kind: str, content: str) -> bytes:
    lines = _END.join(content.encode().splitlines()) + _END
    return (
        f'Content-Type: text/{kind}; charset="utf-8"\r\n'
        "Content-Transfer-Encoding: quoted-printable\r\n\r\n"
    ).encode() + b2a_qp(lines, istext=True)


def _of_one(mailbox: Mailbox, name: str) -> bytes:
    return _parsed(name, _address(mailbox))


_of_few: Final = lru_cache(maxsize=256)(_of_one)
"""For those that many messages share. Reading an address takes longer than rendering a template."""


def _parsed(name: str, value: str | Address) -> bytes:
    return _AS_GIVEN.fold_binary(name, _AS_GIVEN.header_factory(name, value))


def _raw(name: str, value: str) -> bytes:
    """Return a header that is ASCII without line ends as it is."""
    return f"{name}: {value}\r\n".encode("ascii")


def _address(mailbox: Mailbox) -> Address:
    return Address(display_name=_plain(mailbox.name), addr_spec=envelope_address(mailbox))


def _plain(text: str) -> str:
    """Let nothing pass for an encoded word (RFC 2047).

    `EmailMessage` decodes such words when it is given a header, line ends among them.
    """
    return text.replace("=?", "= ?")
