"""No header can be smuggled into a message, and those of RFC 8058 arrive as they were given.

Every adapter that writes a message or hands its parts over is given hostile names, subjects,
addresses and values.
"""

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from email import message_from_bytes
from types import SimpleNamespace
from typing import Any, Final
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.ports.messaging import Mailbox, MessageRefused, OutgoingEmail
from core.ports.unsubscribing import unsubscribe_headers
from plugins.mailgun.client import MailgunMessaging
from plugins.mailgun.settings import MailgunSettings
from plugins.sendgrid.client import SendGridMessaging
from plugins.sendgrid.settings import SendGridSettings
from plugins.ses.mime import build as build_for_ses
from plugins.smtp.mime import build as build_for_smtp
from tests.fixtures.examined import Examined

NOW: Final = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
ID: Final = UUID("0192f0c1-2222-7333-8444-555566667777")
LINK: Final = "https://a-company-with-a-long-name.intellimatch.example/unsubscribe/" + "x" * 120
SMUGGLED: Final = "X-Smuggled: yes"

ALLOWED: Final = frozenset(
    {
        "from", "to", "reply-to", "subject", "date", "message-id", "mime-version", "content-type",
        "content-transfer-encoding", "auto-submitted", "list-unsubscribe", "list-unsubscribe-post",
        "x-note",
    }
)  # fmt: skip

Headers = list[tuple[str, str]]
Written = Callable[[OutgoingEmail], Headers]


def email(**changes: Any) -> OutgoingEmail:
    given_fields: dict[str, Any] = {
        "sender": Mailbox("jobs@example.com", "Acme"),
        "to": Mailbox("ada@example.com", "Ada"),
        "reply_to": Mailbox("rex@example.com", "Rex"),
        "subject": "Hello",
        "headers": unsubscribe_headers(LINK),
    }
    return OutgoingEmail(
        id=ID,
        message_id=f"<{ID}@example.com>",
        text="Hello\n",
        html="<p>Hello</p>",
        **(given_fields | changes),
    )


def of_bytes(raw: bytes) -> Headers:
    """Return the headers as a server reads them: by line, before any decoding."""
    head = raw.partition(b"\r\n\r\n")[0]
    assert not re.search(rb"\r(?!\n)|(?<!\r)\n|\x00", head), "a bare line end or NUL in a header"
    lines = re.sub(rb"\r\n[ \t]", b" ", head).split(b"\r\n")
    return [
        (name.decode("latin-1").lower(), value.strip().decode("latin-1"))
        for name, _, value in (line.partition(b":") for line in lines)
    ]


def by_smtp(mail: OutgoingEmail) -> Headers:
    return of_bytes(build_for_smtp(mail, NOW))


def by_ses(mail: OutgoingEmail) -> Headers:
    return of_bytes(build_for_ses(mail, mail.sender, NOW))


def by_sendgrid(mail: OutgoingEmail) -> Headers:
    context: Any = SimpleNamespace(settings=SendGridSettings(api_key="SG.x"))
    given_parts = SendGridMessaging(context)._mail(mail)
    named: Headers = [(name.lower(), value) for name, value in given_parts["headers"].items()]
    to = given_parts["personalizations"][0]["to"][0]
    people = (given_parts["from"], to, given_parts["reply_to"])
    return [
        *named,
        ("subject", given_parts["subject"]),
        *(("to", text) for person in people for text in person.values()),
    ]


def by_mailgun(mail: OutgoingEmail) -> Headers:
    context: Any = SimpleNamespace(settings=MailgunSettings(domain="mg.example.com", api_key="k"))
    fields = MailgunMessaging(context)._fields(mail)
    return [
        (name.removeprefix("h:").lower(), value)
        for name, value in fields
        if name.startswith("h:") or name in ("from", "to", "subject")
    ]


ADAPTERS: Final[dict[str, Written]] = {
    "smtp": by_smtp,
    "ses": by_ses,
    "sendgrid": by_sendgrid,
    "mailgun": by_mailgun,
}


def problems(headers: Headers) -> Iterator[str]:
    """Yield what is wrong with the headers that one adapter writes."""
    for name, value in headers:
        if name not in ALLOWED:
            yield f"a header {name} that nobody gave"
        if re.search(r"[\r\n\x00\x85\u2028\u2029]", value):
            yield f"{name} holds a line end"
    once = [name for name, _ in headers if name not in {"to", "from"}]
    if len(once) != len(set(once)):
        yield "a header twice"


BREAKS: Final = (
    "\r\n",
    "\n",
    "\r",
    "\x00",
    "\x0b",
    "\x85",
    "\u2028",
    "\u2029",
    "\ud800",
    "\t",
    " ",
)
WORDS: Final = (SMUGGLED, "Bcc: eve@example.com", "=?utf-8?q?=0D=0A", "=?utf-8?b?DQpCY2M6?=", "?=")
MARKS: Final = ('"', "\\", "<", ">", "@", ",", ";", ":", "(", ")", "é", "株", "a", "Z", "9", "-")

HOSTILE: Final = st.lists(st.sampled_from(BREAKS + WORDS + MARKS), max_size=12).map("".join)


@settings(max_examples=150, deadline=None)
@given(name=HOSTILE, subject=HOSTILE, value=HOSTILE, address=HOSTILE)
def test_nothing_that_people_write_becomes_a_header(
    name: str, subject: str, value: str, address: str
) -> None:
    for changes in (
        {"to": Mailbox("ada@example.com", name)},
        {"sender": Mailbox("jobs@example.com", name), "subject": subject},
        {"headers": (*unsubscribe_headers(LINK), ("X-Note", value))},
        {"to": Mailbox(f"{address}@example.com", "Ada")},
        {"reply_to": Mailbox(f"rex@{address}.example.com", name)},
    ):
        try:
            mail = email(**changes)
        except ValueError:
            continue  # refused before any adapter sees it
        for write in ADAPTERS.values():
            try:
                written = write(mail)
            except MessageRefused:
                continue
            assert not list(problems(written))


@pytest.mark.parametrize("name", ["", "X Note", "X-Note:", "X-Nöte", "X-Note\r\nBcc", "\x00"])
def test_what_is_no_name_of_a_header_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="header"):
        email(headers=((name, "x"),))


@pytest.mark.parametrize("write", [by_smtp, by_ses])
@pytest.mark.parametrize(
    "name", ["From", "to", "subject", "BCC", "cc", "Message-ID", "Content-Type", "resent-to"]
)
def test_a_header_with_a_field_of_its_own_is_refused(write: Written, name: str) -> None:
    with pytest.raises(MessageRefused, match="field of its own"):
        write(email(headers=((name, "x"),)))


@pytest.mark.parametrize("mark", ["\r", "\n", "\x00", "\x85", "\u2028", "\u2029", "\ud800"])
def test_a_line_end_is_refused_wherever_it_stands(mark: str, examined: Examined) -> None:
    hostile = f"a{mark}b"
    places: list[dict[str, Any]] = [
        {"subject": hostile},
        {"sender": Mailbox("jobs@example.com", hostile)},
        {"to": Mailbox(f"{hostile}@example.com")},
        {"reply_to": Mailbox("rex@example.com", hostile)},
        {"headers": (("X-Note", hostile),)},
    ]
    for changes in places:
        with pytest.raises(ValueError, match="control character"):
            email(**changes)
    examined("places", len(places))


@pytest.mark.parametrize("adapter", sorted(ADAPTERS))
def test_the_headers_of_one_click_arrive_as_they_were_given(adapter: str) -> None:
    written = dict(ADAPTERS[adapter](email()))
    assert written["list-unsubscribe"] == f"<{LINK}>"
    assert written["list-unsubscribe-post"] == "List-Unsubscribe=One-Click"


@pytest.mark.parametrize("build", [by_smtp, by_ses])
def test_other_headers_are_folded_and_encoded_as_before(build: Written) -> None:
    mail = email(subject="Grüße " * 30, headers=(("X-Note", "Grüße an Ada"),))
    raw = build_for_smtp(mail, NOW) if build is by_smtp else build_for_ses(mail, mail.sender, NOW)
    assert max(len(line) for line in raw.split(b"\r\n")) <= 998
    read = message_from_bytes(raw)
    assert str(read["Subject"]).isascii()
    assert "=?utf-8?" in str(read["X-Note"]).lower()


def test_a_writer_that_joins_lines_is_found_out() -> None:
    """The planted defect: headers written as text, with what people wrote in them."""

    def naive(subject: str) -> Headers:
        return of_bytes(f"To: ada@example.com\r\nSubject: {subject}\r\n\r\nHello".encode())

    assert not list(problems(naive("Hello")))
    assert list(problems(naive(f"Hello\r\n{SMUGGLED}"))) == ["a header x-smuggled that nobody gave"]
