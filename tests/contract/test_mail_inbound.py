"""Incoming mail by way of SendGrid, Mailgun and SES: valid, forged, replayed, odd and hostile."""

import base64
import json
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from plugins.sdk import Refused
from plugins.sdk.commands import ReplyId, ReplyReported, ReportReply
from plugins.sdk.incoming_mail import read_form, read_mail
from plugins.sdk.testing.harness import NOW, Harness
from tests.fixtures.examined import Examined
from tests.fixtures.mail_vendors.harnesses import PLUGINS, SETTINGS
from tests.fixtures.mail_vendors.inbound import (
    ADDRESS,
    INBOUND_TOPIC,
    PDF,
    SECRET,
    form,
    mailgun_inbound,
    raw_mail,
    sendgrid_parsed,
    sendgrid_raw,
    ses_inbound,
    signed_by_sendgrid,
)
from tests.fixtures.mail_vendors.webhooks import (
    CERTIFICATE,
    MAILGUN_KEY,
    TOPIC,
    Delivery,
    sendgrid_public_key,
    sns_certificate,
)

KEYS: Mapping[str, Any] = {
    "sendgrid": {"inbound_secret": SECRET, "reply_domain": "reply.acme.example"},
    "mailgun": {"signing_key": MAILGUN_KEY, "reply_domain": "reply.acme.example"},
    "ses": {"topic_arn": TOPIC, "inbound_topic_arn": INBOUND_TOPIC},
}
DOORS: Mapping[str, str] = {"sendgrid": "inbound", "mailgun": "inbound", "ses": "events"}

VALID: Mapping[str, tuple[str, Callable[[], Delivery]]] = {
    "sendgrid, parsed": ("sendgrid", sendgrid_parsed),
    "sendgrid, raw": ("sendgrid", sendgrid_raw),
    "mailgun, parsed": ("mailgun", mailgun_inbound),
    "mailgun, raw": ("mailgun", lambda: mailgun_inbound(raw=raw_mail())),
    "ses": ("ses", ses_inbound),
    "ses, as text": ("ses", lambda: ses_inbound(encoding="UTF-8")),
}


def listening(vendor: str, **settings: Any) -> Harness:
    """The plugin with what lets mail in, before a platform that keeps every reply."""
    plugin = Harness(PLUGINS[vendor], settings={**SETTINGS[vendor], **KEYS[vendor], **settings})
    plugin.platform.answer(ReportReply, lambda _: ReplyReported(ReplyId(uuid4()), True))
    plugin.outside.answer("GET", CERTIFICATE, body=sns_certificate())
    return plugin


async def deliver(
    vendor: str, plugin: Harness, delivery: Delivery, query: Mapping[str, str] | None = None
) -> bool:
    given = {"secret": SECRET} if query is None and vendor == "sendgrid" else query or {}
    return await plugin.webhook(DOORS[vendor], delivery[0], headers=delivery[1], query=given)


async def is_refused(vendor: str, plugin: Harness, delivery: Delivery, **more: Any) -> bool:
    try:
        await deliver(vendor, plugin, delivery, **more)
    except Refused:
        return True
    return False


@pytest.mark.parametrize("form_of_it", VALID)
async def test_a_reply_is_reported_once_and_whole(form_of_it: str) -> None:
    vendor, make = VALID[form_of_it]
    plugin, delivery = listening(vendor), make()
    assert await deliver(vendor, plugin, delivery)
    assert not await deliver(vendor, plugin, delivery), "a replayed delivery was handled again"
    (reply,) = plugin.platform.asked
    assert (reply.header_id, reply.receivers) == ("<one@mail.example>", (ADDRESS,))
    assert (reply.from_address, reply.from_name) == ("ada@example.com", "Ada Löw")
    assert reply.subject == "Re: Ihr Gespräch"
    assert reply.text.strip() == "Grüße, Dienstag passt."
    assert "<b>Dienstag</b>" in (reply.html or "")
    assert reply.in_reply_to[0].startswith("<0192f0c1-2222")
    assert not reply.automatic
    (file,) = reply.attachments
    assert (file.name, file.content) == ("Zeugnis ä.pdf", PDF)


def _forgeries(vendor: str) -> dict[str, tuple[Delivery, Mapping[str, str] | None]]:
    if vendor == "sendgrid":
        basic = base64.b64encode(b"parse:guess").decode()
        body, headers = sendgrid_parsed()
        return {
            "no secret": ((body, headers), {}),
            "another secret": ((body, headers), {"secret": SECRET[:-1] + "X"}),
            "an empty one": ((body, headers), {"secret": ""}),
            "another password": ((body, {**headers, "authorization": f"Basic {basic}"}), {}),
            "no base64": ((body, {**headers, "authorization": "Basic Ü"}), {}),
            "no form": ((b"{}", {"content-type": "application/json"}), None),
            "no boundary": ((body, {"content-type": "multipart/form-data"}), None),
            "half a form": ((body[: len(body) // 2], headers), None),
        }
    if vendor == "mailgun":
        changed = {
            "another token": mailgun_inbound(signature="0" * 64),
            "another time": mailgun_inbound(timestamp="1"),
            "no ASCII": mailgun_inbound(signature="ü" * 64),
            "no signature": mailgun_inbound(signature=""),
            "another key": mailgun_inbound(key="guessed"),
            "an empty body": (b"", mailgun_inbound()[1]),
            "no form": (b"{}", {"content-type": "application/json"}),
        }
    else:
        body, headers = ses_inbound()
        told = json.loads(body)
        changed = {
            "another mail": (json.dumps({**told, "Message": "{}"}).encode(), headers),
            "another topic": ses_inbound(topic=TOPIC + "-of-eve"),
            "no signature": (json.dumps({**told, "Signature": ""}).encode(), headers),
        }
    return {what: (delivery, None) for what, delivery in changed.items()}


@pytest.mark.parametrize("vendor", DOORS)
async def test_nothing_forged_comes_in(vendor: str, examined: Examined) -> None:
    forgeries = _forgeries(vendor)
    for what, (delivery, query) in forgeries.items():
        plugin = listening(vendor)
        assert await is_refused(vendor, plugin, delivery, query=query), f"{what} was let in"
        assert plugin.platform.asked == []
    examined("forgeries", len(forgeries))


@pytest.mark.parametrize("vendor", DOORS)
async def test_without_its_key_nothing_comes_in(vendor: str) -> None:
    nothing: Mapping[str, dict[str, Any]] = {
        "sendgrid": {"inbound_secret": None},
        "mailgun": {"signing_key": None},
        "ses": {"topic_arn": None, "inbound_topic_arn": None},
    }
    makers: Mapping[str, Callable[[], Delivery]] = {
        "sendgrid": sendgrid_parsed,
        "mailgun": mailgun_inbound,
        "ses": ses_inbound,
    }
    plugin = listening(vendor, **nothing[vendor])
    assert await is_refused(vendor, plugin, makers[vendor]())


async def test_mail_of_the_topic_of_events_is_no_reply() -> None:
    plugin = listening("ses")
    assert await deliver("ses", plugin, ses_inbound(topic=TOPIC))
    assert plugin.platform.asked == []


async def test_sendgrids_secret_may_be_a_password_and_a_policy_wants_a_signature() -> None:
    plugin = listening("sendgrid")
    body, headers = sendgrid_parsed()
    pair = base64.b64encode(f"parse:{SECRET}".encode()).decode()
    assert await deliver(
        "sendgrid", plugin, (body, {**headers, "authorization": f"Basic {pair}"}), query={}
    )
    strict = listening("sendgrid", inbound_key=sendgrid_public_key())
    assert await is_refused("sendgrid", strict, (body, headers)), "the secret was enough"
    other = ec.generate_private_key(ec.SECP256R1())
    for wrong in (
        signed_by_sendgrid((body, headers), key=other),
        signed_by_sendgrid((body, headers), at=NOW - timedelta(days=2)),
        (body + b" ", signed_by_sendgrid((body, headers))[1]),
    ):
        assert await is_refused("sendgrid", strict, wrong)
    assert await deliver("sendgrid", strict, signed_by_sendgrid((body, headers)))


async def test_a_token_of_mailguns_is_good_once_whatever_comes_with_it() -> None:
    plugin = listening("mailgun")
    assert await deliver("mailgun", plugin, mailgun_inbound())
    assert not await deliver("mailgun", plugin, mailgun_inbound(subject="Something else"))
    assert await deliver("mailgun", plugin, mailgun_inbound(token="u" * 50, as_form=False))
    for age in (timedelta(days=2), timedelta(minutes=-10)):
        assert await is_refused("mailgun", plugin, mailgun_inbound(at=NOW - age, token="v" * 50))


@pytest.mark.parametrize(
    "headers",
    [
        {"Auto-Submitted": "auto-replied"},
        {"Auto-Submitted": "auto-generated; x=y"},
        {"Precedence": "bulk"},
        {"X-Autoreply": "yes"},
        {"List-Id": "<list.example>"},
    ],
)
async def test_what_a_machine_wrote_is_marked(headers: Mapping[str, str]) -> None:
    raw = raw_mail(headers=headers)
    for vendor, delivery in (
        ("sendgrid", sendgrid_raw(raw)),
        ("mailgun", mailgun_inbound(raw=raw)),
        ("ses", ses_inbound(raw)),
    ):
        plugin = listening(vendor)
        assert await deliver(vendor, plugin, delivery)
        assert plugin.platform.asked[0].automatic, vendor
    bounce = read_mail(raw_mail(), delivery_id="d", receivers=[ADDRESS], return_path="")
    assert bounce.automatic, "a report of delivery was taken for a person's answer"


CHARSETS = {
    "iso-8859-1": "Grüße",
    "windows-1252": "“Grüße”",
    "koi8-r": "Привет",
    "shift_jis": "こんにちは",
    "gb18030": "你好",
    "utf-16": "Grüße",
}


@pytest.mark.parametrize("charset", CHARSETS)
async def test_weird_charsets_are_read(charset: str) -> None:
    text = CHARSETS[charset]
    parsed = sendgrid_parsed(
        text=text.encode(charset),
        charsets=json.dumps({"text": charset, "subject": "x-unknown"}).encode(),
    )
    plugin = listening("sendgrid")
    assert await deliver("sendgrid", plugin, parsed)
    raw = raw_mail(text=text, charset="utf-8" if charset == "utf-16" else charset, html=None)
    assert await deliver("sendgrid", plugin, sendgrid_raw(raw.replace(b"<one@", b"<two@")))
    assert [each.text.strip() for each in plugin.platform.asked] == [text, text]


@pytest.mark.parametrize("charset", ["idna", "punycode", "zip", "rot13", "nope", "", "\x00"])
async def test_what_is_no_charset_breaks_nothing(charset: str) -> None:
    plugin = listening("sendgrid")
    parsed = sendgrid_parsed(charsets=json.dumps({"text": charset, "html": 7}).encode())
    assert await deliver("sendgrid", plugin, parsed)
    assert "Dienstag passt." in plugin.platform.asked[0].text


def _nested(depth: int) -> bytes:
    head = b"From: Ada <ada@example.com>\r\nMessage-ID: <deep@x.y>\r\n"
    return (
        head
        + b"".join(
            b'Content-Type: multipart/mixed; boundary="b%d"\r\n\r\n--b%d\r\n' % (each, each)
            for each in range(depth)
        )
        + b"Content-Type: text/plain\r\n\r\nhello"
    )


HOSTILE: Mapping[str, bytes] = {
    "nothing": b"",
    "zeros": b"\x00" * 100_000,
    "no header": b"\r\n\r\nhello",
    "a deep nest": _nested(20),
    "a nest without end": _nested(20_000),
    "a header without end": b"Subject: " + b"=?utf-8?q?a?= " * 200_000 + b"\r\n\r\nx",
    "brackets without end": b"From: " + b"(" * 500_000 + b"\r\n\r\nx",
    "a folded header": b"Subject: a\r\n" + b" b\r\n" * 200_000 + b"\r\nx",
    "parts without end": b"Content-Type: multipart/mixed; boundary=q\r\n\r\n"
    + b"--q\r\n\r\nx\r\n" * 200_000,
    "half a character": b"Subject: \xed\xa0\x80\r\n\r\n\xed\xa0\x80",
    "a line end in a name": b'From: "a\r\nBcc: x@y" <ada@example.com>\r\n\r\nx',
    "a name that is an address": b'From: "ada@example.com" <eve@evil.example>\r\n\r\nx',
    "a date that is none": b"Date: Tue, 99 Foo 99999 99:99:99 +9999\r\n\r\nx",
    "ids without end": b"References: " + b"<a@b> " * 200_000 + b"\r\n\r\nx",
    "a broken transfer encoding": b"Content-Transfer-Encoding: base64\r\n\r\n====\xff",
    "a broken file name": b"Content-Disposition: attachment; filename*=utf-99'%zz\r\n\r\nx",
    "a mail in the mail": b"Content-Type: message/rfc822\r\n\r\nSubject: in\r\n\r\nhello",
    "a boundary in pieces that don't fit": b"Content-Type: multipart/mixed; boundary*=x; "
    b"boundary*0=y\r\n\r\nhello",
    "a charset in pieces that don't fit": b"Content-Type: text/plain; charset*=x; charset*0=y"
    b"\r\n\r\nhello",
    "a piece of a charset that is far away": b"Content-Type: text/plain; charset*%s=y\r\n\r\nhello"
    % (b"9" * 5_000),
    "a word in no charset": b"Subject: =?\xc3\xa9?q?x?=\r\nFrom: =?\xc3\xa9?q?x?= <ada@example.com>"
    b"\r\n\r\nhello",
    "a name in no charset": "Content-Disposition: attachment; filename==?é?q?x?=\r\n\r\nx".encode(),
    "a nest of boundaries in pieces": _nested(2_000).replace(b"boundary=", b"boundary*0="),
    "a nest of spaced boundaries": _nested(2_000).replace(b"boundary=", b"boundary ="),
    "parts that end in CR": b"Content-Type: multipart/mixed; boundary=q\r\n\r\n"
    + b"--q\r\rx\r" * 200_000,
    "lines without end": b"Content-Type: multipart/mixed; boundary=q\r\n\r\n--q\r\n\r\n"
    + b"\n" * 20_000_000,
    "headers without end": b"a:b\r\n" * 2_000_000 + b"\r\nx",
    "a header within that folds without end": b"Content-Type: message/rfc822\r\n\r\nSubject: "
    + b"a b " * 500_000
    + b"\r\n\r\nx",
    "parameters without end": b'Content-Type: text/plain; a="' + b";" * 200_000 + b"\r\n\r\nx",
    "folded parameters without end": b"Content-Type: text/plain"
    + b";\r\n a=b" * 200_000
    + b"\r\n\r\nx",
    "a report": b"Content-Type: multipart/report; boundary=r\r\n\r\n--r\r\n\r\nx\r\n--r--",
}


@pytest.mark.parametrize("what", HOSTILE)
async def test_nothing_that_somebody_writes_breaks_the_reading(what: str) -> None:
    plugin = listening("sendgrid")
    assert await deliver("sendgrid", plugin, sendgrid_raw(HOSTILE[what] or b" "))
    (reply,) = plugin.platform.asked
    assert len(reply.text) <= 200_000
    assert len(reply.references) <= 50
    assert reply.from_address in ("", "ada@example.com", "eve@evil.example")
    assert "\x00" not in reply.text + reply.subject + reply.from_name
    assert what != "a report" or reply.automatic
    assert what != "a nest without end" or "--b100" in reply.text, "it was lost"


async def test_what_is_too_much_is_left_out_and_counted() -> None:
    plugin = listening("sendgrid")
    many = [(f"{number}.txt", b"x") for number in range(30)]
    assert await deliver("sendgrid", plugin, sendgrid_raw(raw_mail(attachments=many)))
    large = b"x" * (9 * 1024 * 1024)
    fields = [(f"attachment{number}", large, f"{number}.bin") for number in range(3)]
    assert await deliver("sendgrid", plugin, form([("text", b"x", None), *fields]))
    first, second = plugin.platform.asked
    assert (len(first.attachments), first.left_out) == (20, 10)
    assert (len(second.attachments), second.left_out) == (2, 1)


def test_a_form_of_thousands_of_fields_is_refused() -> None:
    body, headers = form([(f"f{number}", b"", None) for number in range(1_000)])
    with pytest.raises(ValueError, match="form"):
        read_form(body, headers["content-type"])
