"""What SendGrid, Mailgun and SNS tell: valid, forged, replayed, reordered and duplicated."""

import base64
import json
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from plugins.sdk import Refused, TryLater
from plugins.sdk.commands import DeliveriesReported, DeliveryReport, ReportDeliveries
from plugins.sdk.testing.harness import NOW, Harness
from tests.fixtures.examined import Examined
from tests.fixtures.mail_vendors.harnesses import PLUGINS, SETTINGS
from tests.fixtures.mail_vendors.webhooks import (
    CERTIFICATE,
    MAILGUN_KEY,
    SNS,
    TOPIC,
    Delivery,
    mailgun_delivery,
    sendgrid_delivery,
    sendgrid_public_key,
    sns_certificate,
    sns_delivery,
)

OURS = UUID("0192f0c1-2222-7333-8444-555566667777")
KEYS: Mapping[str, Any] = {
    "sendgrid": {"verification_key": sendgrid_public_key()},
    "mailgun": {"signing_key": MAILGUN_KEY},
    "ses": {"topic_arn": TOPIC, "configuration_set": "mail"},
}


def listening(vendor: str, **settings: Any) -> Harness:
    """The plugin with its keys, before a platform that notes everything."""
    plugin = Harness(PLUGINS[vendor], settings={**SETTINGS[vendor], **KEYS[vendor], **settings})
    plugin.platform.answer(
        ReportDeliveries, lambda command: DeliveriesReported(len(command.reports), 0, 0)
    )
    plugin.outside.answer("GET", CERTIFICATE, body=sns_certificate())
    return plugin


def reports(plugin: Harness) -> list[DeliveryReport]:
    return [report for command in plugin.platform.asked for report in command.reports]


async def deliver(plugin: Harness, delivery: Delivery) -> bool:
    return await plugin.webhook("events", delivery[0], headers=delivery[1])


def sendgrid_event(event: str, **fields: Any) -> dict[str, Any]:
    return {
        "email": "ada@example.com",
        "event": event,
        "timestamp": int(NOW.timestamp()),
        "sg_event_id": f"id-{event}",
        "sg_message_id": "14c5d75ce93.dfd.64b469.filter0001.16648.5515E0B88.0",
        "smtp-id": f"<{OURS}@acme.example>",
        "intellimatch_message": str(OURS),
        **fields,
    }


def mailgun_event(event: str, **fields: Any) -> dict[str, Any]:
    return {
        "id": f"id-{event}",
        "event": event,
        "timestamp": NOW.timestamp() + 0.25,
        "message": {"headers": {"message-id": f"{OURS}@acme.example", "to": "ada@example.com"}},
        "user-variables": {"intellimatch_message": str(OURS)},
        "recipient": "ada@example.com",
        **fields,
    }


def ses_event(name: str, part: str, **detail: Any) -> dict[str, Any]:
    return {
        "eventType": name,
        "mail": {
            "timestamp": "2027-03-01T09:29:00.000Z",
            "messageId": "0107-abc",
            "destination": ["ada@example.com"],
            "tags": {"ses:configuration-set": ["mail"], "intellimatch_message": [str(OURS)]},
        },
        part: {"timestamp": "2027-03-01T09:30:00.000Z", **detail},
    }


VALID: Mapping[str, Callable[[], Delivery]] = {
    "sendgrid": lambda: sendgrid_delivery([sendgrid_event("delivered", response="250 OK")]),
    "mailgun": lambda: mailgun_delivery(mailgun_event("delivered")),
    "ses": lambda: sns_delivery(ses_event("Delivery", "delivery")),
}


@pytest.mark.parametrize("vendor", VALID)
async def test_what_the_vendor_signed_is_reported_once(vendor: str) -> None:
    plugin, delivery = listening(vendor), VALID[vendor]()
    assert await deliver(plugin, delivery)
    assert not await deliver(plugin, delivery), "a replayed delivery was handled again"
    (report,) = reports(plugin)
    assert (report.kind, report.message_id, report.permanent) == ("delivered", OURS, False)
    assert abs(NOW - report.at) < timedelta(seconds=1)


@pytest.mark.parametrize("vendor", VALID)
async def test_without_its_key_nothing_is_believed(vendor: str) -> None:
    nothing: Mapping[str, dict[str, Any]] = {
        "sendgrid": {"verification_key": ""},
        "mailgun": {"signing_key": None},
        "ses": {"topic_arn": None},
    }
    plugin = listening(vendor, **nothing[vendor])
    with pytest.raises(Refused):
        await deliver(plugin, VALID[vendor]())
    assert plugin.platform.asked == []


def _flipped(text: str) -> str:
    return text[:-6] + ("A" if text[-6] != "A" else "B") + text[-5:]


def _forgeries(vendor: str) -> dict[str, Delivery]:
    body, headers = VALID[vendor]()
    found: dict[str, Delivery] = {"an empty body": (b"", headers), "no JSON": (b"\xff{", headers)}
    if vendor == "sendgrid":
        name = "x-twilio-email-event-webhook-signature"
        stamp = "x-twilio-email-event-webhook-timestamp"
        event = [sendgrid_event("delivered")]
        other = ec.generate_private_key(ec.SECP256R1())
        found |= {
            "another body": (body.replace(b"delivered", b"bounce"), headers),
            "the body written anew": (json.dumps(json.loads(body)).encode(), headers),
            "another time": (body, {**headers, stamp: str(int(headers[stamp]) + 1)}),
            "another signature": (body, {**headers, name: _flipped(headers[name])}),
            "no signature": (body, {stamp: headers[stamp]}),
            "no time": (body, {name: headers[name]}),
            "no base64": (body, {**headers, name: "Ünsigned"}),
            "another key": sendgrid_delivery(event, key=other),
        }
    elif vendor == "mailgun":
        told = json.loads(body)
        signed = told["signature"]
        found |= {
            "another token": _with(told, signature={**signed, "token": "u" * 50}),
            "another time": _with(told, signature={**signed, "timestamp": "1"}),
            "another signature": _with(told, signature={**signed, "signature": "0" * 64}),
            "no ASCII": _with(told, signature={**signed, "signature": "ü" * 64}),
            "no signature": _with(told, signature=None),
            "another key": mailgun_delivery(mailgun_event("delivered"), key="guessed"),
        }
    else:
        told = json.loads(body)
        found |= {
            "another message": _with(told, Message=told["Message"].replace("Delivery", "Bounce")),
            "another id": _with(told, MessageId="2f4d0b5e-0000-5000-8000-00000000000f"),
            "another signature": _with(told, Signature=_flipped(told["Signature"])),
            "another version": _with(told, SignatureVersion="1"),
            "an unknown version": _with(told, SignatureVersion="3"),
            "an unknown kind": _with(told, Type="Order"),
            "no base64": _with(told, Signature="§"),
            "a subject that wasn't signed": _with(told, Subject="x"),
            "another topic": sns_delivery("x", TopicArn=TOPIC + "-of-eve"),
        }
    return found


def _with(told: Mapping[str, Any], **changed: Any) -> Delivery:
    return json.dumps({**told, **changed}).encode(), {}


async def _is_refused(plugin: Harness, delivery: Delivery) -> bool:
    try:
        await deliver(plugin, delivery)
    except Refused:
        return True
    return False


@pytest.mark.parametrize("vendor", VALID)
async def test_nothing_forged_is_believed(vendor: str, examined: Examined) -> None:
    forgeries = _forgeries(vendor)
    for what, delivery in forgeries.items():
        plugin = listening(vendor)
        assert await _is_refused(plugin, delivery), f"{what} was believed"
        assert plugin.platform.asked == []
    examined("forgeries", len(forgeries))


@pytest.mark.parametrize("vendor", VALID)
@pytest.mark.parametrize("age", [timedelta(days=2), timedelta(minutes=-10)])
async def test_what_is_old_or_from_the_future_is_refused(vendor: str, age: timedelta) -> None:
    makers: Mapping[str, Delivery] = {
        "sendgrid": sendgrid_delivery([sendgrid_event("open")], at=NOW - age),
        "mailgun": mailgun_delivery(mailgun_event("opened"), at=NOW - age),
        "ses": sns_delivery(ses_event("Open", "open"), at=NOW - age),
    }
    with pytest.raises(Refused, match="too old"):
        await deliver(listening(vendor), makers[vendor])


async def test_a_retry_within_the_vendors_own_time_is_taken() -> None:
    for vendor, delivery in {
        "sendgrid": sendgrid_delivery([sendgrid_event("delivered")], at=NOW - timedelta(hours=24)),
        "mailgun": mailgun_delivery(mailgun_event("delivered"), at=NOW - timedelta(hours=8)),
        "ses": sns_delivery(ses_event("Delivery", "delivery"), at=NOW - timedelta(hours=1)),
    }.items():
        plugin = listening(vendor)
        assert await deliver(plugin, delivery), vendor


@pytest.mark.parametrize(
    ("event", "fields", "kind", "permanent", "machine"),
    [
        ("processed", {}, "accepted", False, False),
        ("deferred", {"response": "450 later"}, "deferred", False, False),
        ("bounce", {"type": "bounce", "reason": "550 no such user"}, "bounced", True, False),
        ("bounce", {"type": "blocked", "reason": "554 blocked"}, "bounced", False, False),
        ("dropped", {"reason": "Bounced Address"}, "dropped", True, False),
        ("dropped", {"reason": "Invalid SMTPAPI header"}, "dropped", False, False),
        ("open", {"useragent": "Mozilla/5.0 (X11)"}, "opened", False, False),
        ("open", {"sg_machine_open": True}, "opened", False, True),
        ("click", {"url": "https://acme.example/secret"}, "clicked", False, False),
        ("spamreport", {}, "complained", False, False),
        ("unsubscribe", {}, "unsubscribed", False, False),
        ("group_unsubscribe", {"asm_group_id": 1}, "unsubscribed", False, False),
    ],
)
async def test_what_sendgrids_events_mean(
    event: str, fields: dict[str, Any], kind: str, permanent: bool, machine: bool
) -> None:
    plugin = listening("sendgrid")
    await deliver(plugin, sendgrid_delivery([sendgrid_event(event, **fields)]))
    (report,) = reports(plugin)
    assert (report.kind, report.permanent, report.machine) == (kind, permanent, machine)
    assert report.reference is not None
    assert report.reference.startswith("14c5d75ce93.dfd.64b469")
    assert "secret" not in repr(report), "where a link leads is nobody's business here"


@pytest.mark.parametrize(
    ("event", "fields", "kind", "permanent", "machine"),
    [
        ("accepted", {}, "accepted", False, False),
        (
            "failed",
            {"severity": "temporary", "delivery-status": {"message": "450 later"}},
            "deferred",
            False,
            False,
        ),
        (
            "failed",
            {
                "severity": "permanent",
                "reason": "bounce",
                "delivery-status": {"message": "550 no such user"},
            },
            "bounced",
            True,
            False,
        ),
        (
            "failed",
            {"severity": "permanent", "reason": "generic", "delivery-status": {"message": {}}},
            "bounced",
            False,
            False,
        ),
        (
            "failed",
            {"severity": "permanent", "reason": "suppress-bounce"},
            "dropped",
            True,
            False,
        ),
        ("rejected", {"reason": "virus"}, "dropped", False, False),
        ("opened", {"client-info": {"user-agent": "Mail"}}, "opened", False, False),
        ("opened", {"client-info": {"bot": "apple"}}, "opened", False, True),
        ("clicked", {"url": "https://acme.example/secret"}, "clicked", False, False),
        ("complained", {"user-variables": []}, "complained", False, False),
        ("unsubscribed", {}, "unsubscribed", False, False),
    ],
)
async def test_what_mailguns_events_mean(
    event: str, fields: dict[str, Any], kind: str, permanent: bool, machine: bool
) -> None:
    plugin = listening("mailgun")
    await deliver(plugin, mailgun_delivery(mailgun_event(event, **fields)))
    (report,) = reports(plugin)
    assert (report.kind, report.permanent, report.machine) == (kind, permanent, machine)
    assert report.reference == f"<{OURS}@acme.example>"
    assert report.header_id == f"{OURS}@acme.example"
    assert "secret" not in repr(report)


@pytest.mark.parametrize(
    ("name", "part", "detail", "kind", "permanent"),
    [
        ("Send", "send", {}, "accepted", False),
        ("DeliveryDelay", "deliveryDelay", {"delayType": "MailboxFull"}, "deferred", False),
        (
            "Bounce",
            "bounce",
            {
                "bounceType": "Permanent",
                "bounceSubType": "General",
                "feedbackId": "f-1",
                "bouncedRecipients": [{"diagnosticCode": "smtp; 550 5.1.1 user unknown"}],
            },
            "bounced",
            True,
        ),
        ("Bounce", "bounce", {"bounceType": "Transient"}, "bounced", False),
        ("Complaint", "complaint", {"complaintFeedbackType": "abuse"}, "complained", False),
        ("Reject", "reject", {"reason": "Bad content"}, "dropped", False),
        ("Rendering Failure", "failure", {"errorMessage": "no such name"}, "dropped", False),
        ("Open", "open", {"userAgent": "Mail", "ipAddress": "192.0.2.1"}, "opened", False),
        ("Click", "click", {"link": "https://acme.example/secret"}, "clicked", False),
        ("Subscription", "subscription", {"source": "UnsubscribeHeader"}, "unsubscribed", False),
    ],
)
@pytest.mark.parametrize("shape", ["eventType", "notificationType"])
async def test_what_amazons_events_mean_in_both_shapes(
    shape: str, name: str, part: str, detail: dict[str, Any], kind: str, permanent: bool
) -> None:
    event = ses_event(name, part, **detail)
    event[shape] = event.pop("eventType")
    plugin = listening("ses")
    await deliver(plugin, sns_delivery(event))
    (report,) = reports(plugin)
    assert (report.kind, report.permanent, report.message_id) == (kind, permanent, OURS)
    assert report.reference == "0107-abc"
    assert "secret" not in repr(report)
    assert "192.0.2.1" not in repr(report)


async def test_both_shapes_of_one_bounce_are_one_event() -> None:
    plugin = listening("ses")
    event = ses_event("Bounce", "bounce", bounceType="Permanent", feedbackId="f-1")
    await deliver(plugin, sns_delivery(event, message_id="a"))
    event["notificationType"] = event.pop("eventType")
    await deliver(plugin, sns_delivery(event, message_id="b"))
    first, second = reports(plugin)
    assert first.event_id == second.event_id


@pytest.mark.parametrize("vendor", VALID)
async def test_what_can_not_be_read_harms_nothing(vendor: str) -> None:
    plugin = listening(vendor)
    makers: Mapping[str, list[Delivery]] = {
        "sendgrid": [
            sendgrid_delivery([{"event": "delivered"}, sendgrid_event("open", timestamp=10**18)]),
            sendgrid_delivery([sendgrid_event("delivered", sg_event_id="")]),
            sendgrid_delivery([sendgrid_event("group_resubscribe")]),
        ],
        "mailgun": [
            mailgun_delivery({"event": "delivered"}, token="1"),
            mailgun_delivery(mailgun_event("stored"), token="2"),
            mailgun_delivery(mailgun_event("opened", timestamp=1e300), token="3"),
        ],
        "ses": [
            sns_delivery("Successfully validated SNS topic for Amazon SES event publishing."),
            sns_delivery({"eventType": "Delivery"}, message_id="2"),
            sns_delivery({"hello": "there"}, message_id="3"),
        ],
    }
    for delivery in makers[vendor]:
        assert await deliver(plugin, delivery)
    assert plugin.platform.asked == []


async def test_one_unreadable_event_holds_up_no_other() -> None:
    plugin = listening("sendgrid")
    events = [{"event": 7}, sendgrid_event("delivered"), sendgrid_event("open")]
    await deliver(plugin, sendgrid_delivery(events))
    assert [report.kind for report in reports(plugin)] == ["delivered", "opened"]


async def test_many_events_come_in_several_commands() -> None:
    plugin = listening("sendgrid")
    events = [sendgrid_event("delivered", sg_event_id=f"e{number}") for number in range(450)]
    await deliver(plugin, sendgrid_delivery(events))
    assert [len(command.reports) for command in plugin.platform.asked] == [200, 200, 50]
    assert len({report.event_id for report in reports(plugin)}) == 450


async def test_a_token_of_mailgun_is_good_for_one_delivery() -> None:
    """The body isn't signed: whoever saw a delivery could send another under its signature."""
    plugin = listening("mailgun")
    assert await deliver(plugin, mailgun_delivery(mailgun_event("delivered")))
    forged = mailgun_event("complained", id="forged")
    assert not await deliver(plugin, mailgun_delivery(forged))
    assert [report.kind for report in reports(plugin)] == ["delivered"]


@pytest.mark.parametrize("version", ["1", "2"])
async def test_sns_is_believed_in_both_versions_of_its_signature(version: str) -> None:
    plugin = listening("ses")
    event = ses_event("Delivery", "delivery")
    assert await deliver(plugin, sns_delivery(event, version=version, Subject="Mail"))
    again = sns_delivery(event, version=version, message_id=str(uuid4()))
    assert await deliver(plugin, again)
    fetched = [each for each in plugin.outside.sent if each.url == CERTIFICATE]
    assert len(fetched) == 1, "the certificate is fetched again and again"


PEM = "/SimpleNotificationService-0123456789abcdef.pem"


@pytest.mark.parametrize(
    "url",
    [
        f"http://sns.eu-central-1.amazonaws.com{PEM}",
        f"https://sns.eu-central-1.amazonaws.com.evil.example{PEM}",
        f"https://evil.example{PEM}",
        f"https://sns.us-east-1.amazonaws.com{PEM}",
        f"https://bucket.s3.amazonaws.com{PEM}",
        f"https://sns.eu-central-1.amazonaws.com@evil.example{PEM}",
        f"https://sns.eu-central-1.amazonaws.com:8443{PEM}",
        "https://sns.eu-central-1.amazonaws.com/evil.pem",
        f"https://sns.eu-central-1.amazonaws.com/?x={PEM}",
        f"https://[::1{PEM}",
        "file:///etc/passwd",
        "",
    ],
)
async def test_a_certificate_from_anywhere_else_is_not_fetched(url: str) -> None:
    plugin = listening("ses")
    delivery = sns_delivery(ses_event("Delivery", "delivery"), SigningCertURL=url)
    with pytest.raises(Refused, match="certificate"):
        await deliver(plugin, delivery)
    assert plugin.outside.sent == []


async def test_a_certificate_that_is_none_or_past_is_not_believed() -> None:
    for body in (b"<html>", sns_certificate(until=NOW - timedelta(days=1))):
        plugin = listening("ses")
        plugin.outside.answer("GET", CERTIFICATE, body=body)
        with pytest.raises(Refused, match="certificate"):
            await deliver(plugin, VALID["ses"]())
        assert plugin.stored() == {}


async def test_while_the_certificate_can_not_be_fetched_sns_is_to_try_again() -> None:
    plugin = listening("ses")
    plugin.outside.answer("GET", CERTIFICATE, status=503)
    with pytest.raises(TryLater):
        await deliver(plugin, VALID["ses"]())


async def test_a_subscription_of_our_topic_is_confirmed_where_we_say() -> None:
    plugin = listening("ses")
    plugin.outside.answer("GET", f"{SNS}/", status=200)
    delivery = sns_delivery(
        "You have chosen to subscribe.",
        kind="SubscriptionConfirmation",
        SubscribeURL="https://169.254.169.254/latest/meta-data/",
    )
    assert await deliver(plugin, delivery)
    (called,) = [each for each in plugin.outside.sent if each.url != CERTIFICATE]
    assert called.url == f"{SNS}/", "the address that came with it was called"
    assert called.params == {
        "Action": "ConfirmSubscription",
        "TopicArn": TOPIC,
        "Token": "token-1",
    }
    assert plugin.platform.asked == []


async def test_a_subscription_of_somebody_elses_topic_is_not_confirmed() -> None:
    plugin = listening("ses")
    other = TOPIC.replace("123456789012", "999999999999")
    delivery = sns_delivery("Subscribe?", kind="SubscriptionConfirmation", TopicArn=other)
    with pytest.raises(Refused, match="another topic"):
        await deliver(plugin, delivery)
    assert plugin.outside.sent == []


def test_a_signature_can_be_written_in_more_than_one_way() -> None:
    """Why a delivery of SendGrid isn't named by its signature."""
    (_, one), (_, other) = (sendgrid_delivery([sendgrid_event("open")]) for _ in range(2))
    name = "x-twilio-email-event-webhook-signature"
    assert base64.b64decode(one[name]) != base64.b64decode(other[name])
