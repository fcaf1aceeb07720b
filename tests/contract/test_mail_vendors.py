"""SendGrid, Mailgun and SES against their fakes, all traffic held to OpenAPI documents."""

from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from core.ports.messaging import (
    Mailbox,
    MessageRefused,
    MessagingUnavailable,
    SendOutcomeUnknown,
)
from core.ports.outbound import OutboundAnswer, OutboundTimeout
from plugins.sdk.mail_over_http import judge, patience
from plugins.sdk.testing.harness import NOW
from plugins.sdk.testing.messaging import MessagingContract, sample_email
from plugins.sdk.testing.outside import SentRequest
from plugins.ses.signing import Credentials, Request, sign
from tests.fixtures.examined import Examined
from tests.fixtures.mail_vendors.fakes import FakeSes
from tests.fixtures.mail_vendors.harnesses import WRONG, VendorRig, rig_of
from tests.fixtures.mail_vendors.spec import SpecViolation, specs_of

VENDORS = ("sendgrid", "mailgun", "ses")


class TestSendGrid(MessagingContract):
    def rig(self) -> AbstractAsyncContextManager[Any]:
        return rig_of("sendgrid")


class TestMailgun(MessagingContract):
    def rig(self) -> AbstractAsyncContextManager[Any]:
        return rig_of("mailgun")


class TestSes(MessagingContract):
    def rig(self) -> AbstractAsyncContextManager[Any]:
        return rig_of("ses")


@pytest.mark.parametrize("vendor", VENDORS)
async def test_our_id_goes_with_the_message_and_the_reference_comes_back(
    vendor: str, examined: Examined
) -> None:
    async with rig_of(vendor) as rig:
        message = sample_email()
        sent = await rig.messaging.send(message)
        assert [our_id for our_id, _ in rig.vendor.taken] == [str(message.id)]
        assert sent.reference
        assert rig.plugin.meters == {"messages": 1}
        examined("exchanges held to a document", sum(spec.checked for spec in rig.vendor.specs))


@pytest.mark.parametrize("vendor", VENDORS)
async def test_who_asks_to_slow_down_is_left_alone_for_so_long(vendor: str) -> None:
    async with rig_of(vendor) as rig:
        rig.vendor.answer_next(429, {"retry-after": "37"})
        with pytest.raises(MessagingUnavailable, match="slow down") as caught:
            await rig.messaging.send(sample_email())
        assert caught.value.after_seconds == 37
        assert rig.vendor.taken == []


@pytest.mark.parametrize("status", [500, 503])
@pytest.mark.parametrize("vendor", VENDORS)
async def test_a_service_that_is_out_of_order_took_nothing(vendor: str, status: int) -> None:
    async with rig_of(vendor) as rig:
        rig.vendor.answer_next(status)
        with pytest.raises(MessagingUnavailable, match=str(status)):
            await rig.messaging.send(sample_email())
        await rig.messaging.send(sample_email())
        assert len(rig.vendor.taken) == 1


@pytest.mark.parametrize("vendor", VENDORS)
async def test_a_timeout_after_it_was_taken_is_unknown(vendor: str) -> None:
    async with rig_of(vendor) as rig:
        rig.vendor.break_off_next()
        with pytest.raises(SendOutcomeUnknown):
            await rig.messaging.send(sample_email())
        assert len(rig.vendor.taken) == 1


@pytest.mark.parametrize("vendor", VENDORS)
async def test_a_service_without_a_connection_took_nothing(vendor: str) -> None:
    async with rig_of(vendor) as rig:
        rig.vendor.be_unreachable()
        with pytest.raises(MessagingUnavailable):
            await rig.messaging.send(sample_email())


@pytest.mark.parametrize("vendor", VENDORS)
async def test_bad_credentials_lose_no_message_and_are_told(vendor: str) -> None:
    wrong = WRONG[vendor]
    async with rig_of(vendor, **wrong) as rig:
        with pytest.raises(MessagingUnavailable, match="credentials") as caught:
            await rig.messaging.send(sample_email())
        health = await rig.plugin.check()
        assert not health.ok
        for said in (str(caught.value), health.message):
            assert not any(secret in said for secret in wrong.values())
    async with rig_of(vendor) as rig:
        assert (await rig.plugin.check()).ok
        assert rig.vendor.taken == [], "a test of the connection sent something"


@pytest.mark.parametrize("vendor", VENDORS)
async def test_a_refused_message_says_why(vendor: str) -> None:
    async with rig_of(vendor) as rig:
        rig.vendor.refuse_next()
        with pytest.raises(MessageRefused, match="doesn't exist"):
            await rig.messaging.send(sample_email())


@pytest.mark.parametrize("vendor", VENDORS)
async def test_nothing_in_a_name_becomes_an_address_or_a_header(
    vendor: str, examined: Examined
) -> None:
    hostile = (
        "Eve <eve@example.org>, Bob",
        'Eve" <eve@example.org>, "',
        "Eve; Bcc: eve@example.org",
        "eve@example.org",
        "=?utf-8?q?=0D=0ABcc=3A_eve=40example=2Eorg?=",
    )
    for name in hostile:
        async with rig_of(vendor) as rig:
            message = msgspec.structs.replace(
                sample_email(subject=name),
                to=Mailbox("ada@example.com", name),
                reply_to=Mailbox("rex@example.com", name),
                sender=Mailbox("jobs@example.com", name),
            )
            await rig.messaging.send(message)
            (seen,) = rig.vendor.received()
            assert (seen.to, seen.sender) == ("ada@example.com", "jobs@example.com")
            assert seen.reply_to == "rex@example.com"
            assert "bcc" not in seen.headers
    examined("hostile names", len(hostile))


@pytest.mark.parametrize(
    "address", ["müller@example.com", "no-at-sign", "a b@example.com", "a@b@c", "@example.com"]
)
@pytest.mark.parametrize("vendor", VENDORS)
async def test_an_address_that_is_none_never_leaves(vendor: str, address: str) -> None:
    async with rig_of(vendor) as rig:
        with pytest.raises(MessageRefused):
            await rig.messaging.send(sample_email(to=address))
        assert rig.vendor.taken == []


@pytest.mark.parametrize("vendor", VENDORS)
async def test_a_domain_with_umlauts_goes_out_in_ascii(vendor: str) -> None:
    async with rig_of(vendor) as rig:
        await rig.messaging.send(sample_email(to="ada@bücher.example"))
        assert rig.vendor.received()[0].to == "ada@xn--bcher-kva.example"


@pytest.mark.parametrize("name", ["Subject", "Bcc", "Reply-To"])
@pytest.mark.parametrize("vendor", ["sendgrid", "mailgun"])
async def test_a_header_with_a_place_of_its_own_is_no_further_header(
    vendor: str, name: str
) -> None:
    async with rig_of(vendor) as rig:
        message = msgspec.structs.replace(sample_email(), headers=((name, "eve@example.org"),))
        with pytest.raises(MessageRefused, match=name):
            await rig.messaging.send(message)
        assert rig.vendor.taken == []


async def test_ses_knows_what_amazon_means_by_its_names() -> None:
    cases = {
        "TooManyRequestsException": (429, MessagingUnavailable),
        "AccountSuspendedException": (400, MessagingUnavailable),
        "SendingPausedException": (400, MessagingUnavailable),
        "MailFromDomainNotVerifiedException": (400, MessagingUnavailable),
        "MessageRejected": (400, MessageRefused),
        "BadRequestException": (400, MessageRefused),
        "NotFoundException": (404, MessagingUnavailable),
    }
    for name, (status, meant) in cases.items():
        async with rig_of("ses") as rig:
            rig.vendor._next.append(FakeSes().error(status, name, "Because."))
            with pytest.raises(meant):
                await rig.messaging.send(sample_email())
    async with rig_of("ses") as rig:
        told = "Daily message quota exceeded."
        rig.vendor._next.append(FakeSes().error(429, "TooManyRequestsException", told))
        with pytest.raises(MessagingUnavailable, match="quota") as caught:
            await rig.messaging.send(sample_email())
        assert (caught.value.after_seconds or 0) >= 3600


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"ProductionAccessEnabled": False}, "sandbox"),
        ({"SendingEnabled": False}, "switched off"),
    ],
)
async def test_an_account_that_sends_nothing_is_not_healthy(
    changed: dict[str, bool], told: str
) -> None:
    rig = VendorRig("ses")
    rig.vendor.account.update(changed)  # type: ignore[attr-defined]
    health = await rig.plugin.check()
    assert not health.ok
    assert told in health.message


async def test_a_key_that_may_not_send_is_not_healthy() -> None:
    rig = VendorRig("sendgrid")
    rig.vendor.scopes = ["stats.read"]  # type: ignore[attr-defined]
    health = await rig.plugin.check()
    assert (health.ok, "Mail Send" in health.message) == (False, True)


@pytest.mark.parametrize("vendor", VENDORS)
async def test_the_documents_notice_a_plugin_that_asks_for_something_else(
    vendor: str, examined: Examined
) -> None:
    """The planted defects: a field too many, one that is missing, a status that doesn't exist."""
    async with rig_of(vendor) as rig:
        await rig.messaging.send(sample_email())
    (good,) = [each for each in rig.plugin.outside.sent if each.method == "POST"]
    answer = OutboundAnswer(299, {"content-type": "application/json"}, b"{}")
    bad: list[tuple[SentRequest, OutboundAnswer | None]]
    bad = [(_spoiled(good), None), (_emptied(good), None)]
    if vendor != "ses":
        bad.append((good, answer))
    path = rig.vendor.paths[0][1]
    for spec in specs_of(vendor):
        spec.check(path, good, None)
    ours = specs_of(vendor)[0]
    for request, answered in [*bad, (good, answer)]:
        with pytest.raises(SpecViolation):
            ours.check(path, request, answered)
    examined("planted defects", len(bad) + 1)


def _spoiled(request: SentRequest) -> SentRequest:
    body = request.body + b"&o:trackng=yes"
    if request.headers["content-type"] == "application/json":
        body = msgspec.json.encode({**request.json(), "subjekt": "typo"})
    return msgspec.structs.replace(request, body=body)


def _emptied(request: SentRequest) -> SentRequest:
    is_json = request.headers["content-type"] == "application/json"
    return msgspec.structs.replace(request, body=b"{}" if is_json else b"to=a")


@pytest.mark.parametrize(
    ("status", "meant"),
    [
        (301, MessagingUnavailable),
        (400, MessageRefused),
        (401, MessagingUnavailable),
        (403, MessagingUnavailable),
        (404, MessagingUnavailable),
        (408, SendOutcomeUnknown),
        (413, MessageRefused),
        (429, MessagingUnavailable),
        (500, MessagingUnavailable),
        (502, MessagingUnavailable),
        (503, MessagingUnavailable),
        (504, SendOutcomeUnknown),
    ],
)
def test_what_a_status_means_for_a_message(status: int, meant: type[Exception]) -> None:
    assert type(judge(OutboundAnswer(status, {}, b""), "S", "why", NOW)) is meant


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after": "120"}, 120),
        ({"retry-after": "Mon, 01 Mar 2027 09:31:00 GMT"}, 60),
        ({"retry-after": "Mon, 01 Mar 2027 09:29:00 GMT"}, 0),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "9" * 400}, 999_999_999),
        ({"x-ratelimit-reset": str(int(NOW.timestamp()) + 5)}, 5),
        ({"x-ratelimit-reset": "-1"}, None),
        ({}, None),
    ],
)
def test_how_long_a_service_wants_to_be_left_alone(
    headers: dict[str, str], seconds: float | None
) -> None:
    assert patience(headers, NOW) == seconds


AWS = Credentials("AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", "us-east-1", "service")
AWS_NOW = datetime(2015, 8, 30, 12, 36, tzinfo=UTC)


@pytest.mark.parametrize(
    ("request_", "credentials", "signature"),
    [
        # Amazon's test suite for Signature Version 4: get-vanilla, post-vanilla.
        (
            Request(method="GET", host="example.amazonaws.com"),
            AWS,
            "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31",
        ),
        (
            Request(method="POST", host="example.amazonaws.com"),
            AWS,
            "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b",
        ),
        # The example of the guide "Signature Version 4 signing process": ListUsers.
        (
            Request(
                method="GET",
                host="iam.amazonaws.com",
                query=(("Version", "2010-05-08"), ("Action", "ListUsers")),
                headers={"Content-Type": "application/x-www-form-urlencoded; charset=utf-8"},
            ),
            msgspec.structs.replace(AWS, service="iam"),
            "5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7",
        ),
    ],
    ids=["get-vanilla", "post-vanilla", "list-users"],
)
def test_amazons_own_examples_are_signed_as_amazon_signs_them(
    request_: Request, credentials: Credentials, signature: str
) -> None:
    headers = sign(request_, credentials, AWS_NOW)
    assert headers["authorization"].endswith(f"Signature={signature}")
    assert headers["x-amz-date"] == "20150830T123600Z"


@pytest.mark.parametrize("vendor", VENDORS)
def test_secrets_are_not_shown(vendor: str) -> None:
    shown = repr(VendorRig(vendor).plugin.settings)
    assert "right" not in shown
    assert "<hidden>" in shown


@pytest.mark.parametrize(
    ("vendor", "field", "value"),
    [
        ("sendgrid", "api_key", "SG.a\r\nX-Evil: 1"),
        ("sendgrid", "sender_address", "jobs@example.com\r\nBcc: eve@example.org"),
        ("mailgun", "domain", "mg.example.com/../other"),
        ("mailgun", "domain", "mg.example.com@evil.example"),
        ("mailgun", "sender_address", "a b@example.com"),
        ("ses", "region", "eu-central-1.evil.example"),
        ("ses", "access_key_id", "AKID/EXAMPLE00000"),
        ("ses", "configuration_set", "a b"),
        ("ses", "topic_arn", "arn:aws:sns:eu-central-1:1:x"),
    ],
)
def test_settings_that_would_lead_elsewhere_are_refused(
    vendor: str, field: str, value: str
) -> None:
    with pytest.raises(msgspec.ValidationError, match=field):
        VendorRig(vendor, **{field: value})


async def test_a_key_is_not_sent_to_another_region() -> None:
    for vendor, region, host in (
        ("sendgrid", "eu", "api.eu.sendgrid.com"),
        ("mailgun", "eu", "api.eu.mailgun.net"),
    ):
        async with rig_of(vendor, region=region) as rig:
            await rig.messaging.send(sample_email())
            assert {each.url.split("/")[2] for each in rig.plugin.outside.sent} == {host}


async def test_a_broken_line_is_never_taken_for_absence() -> None:
    """The planted defect of a judge: what the fake took must not be called away."""
    async with rig_of("sendgrid") as rig:

        def take_and_break(request: SentRequest) -> OutboundAnswer:
            rig.vendor.answer(request)
            raise OutboundTimeout("late")

        rig.plugin.outside.respond("POST", "https://api.sendgrid.com/v3/mail/send", take_and_break)
        with pytest.raises(SendOutcomeUnknown):
            await rig.messaging.send(sample_email())
        assert len(rig.vendor.taken) == 1
