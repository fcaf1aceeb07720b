"""What Amazon SNS sends: believes what SNS signed for the tenant's own topic.

Source: AWS, "Verifying the signatures of Amazon SNS messages" (SNS Developer Guide). The
certificate is believed since it comes from SNS's own host over HTTPS; a URL that names another
isn't called.
"""

import base64
import binascii
import re
from datetime import UTC, datetime, timedelta
from typing import Final
from urllib.parse import urlsplit

import msgspec
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from plugins.sdk import PluginContext, Refused, TryLater, WebhookRequest
from plugins.sdk.ports import OutboundRefused, OutboundUnavailable
from plugins.ses.settings import REGIONS, SesSettings, sns_host

OLDEST: Final = timedelta(hours=3)
"""SNS tries for an hour at most; the host knows deliveries that came before."""
EARLIEST: Final = timedelta(minutes=5)

MAX_CERTIFICATE_BYTES: Final = 20_000
_CERTIFICATE: Final = re.compile(r"/SimpleNotificationService-[0-9a-f]{16,128}\.pem")
_NOTIFICATION: Final = ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type")
_CONFIRMATION: Final = (
    "Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"
)  # fmt: skip
SIGNED_FIELDS: Final = {
    "Notification": _NOTIFICATION,
    "SubscriptionConfirmation": _CONFIRMATION,
    "UnsubscribeConfirmation": _CONFIRMATION,
}
"""What is signed, in this order; a field that isn't there is left out."""

Context = PluginContext[SesSettings]


async def verify(context: Context, request: WebhookRequest) -> str:
    """Return the delivery's id. Raises Refused for what SNS didn't sign for our topic lately."""
    fields = read(request.body)
    region = _require_our_topic(context, fields)
    url = fields.get("SigningCertURL", "")
    path = _require_sns(url, region)
    known = await context.store.get(f"certificate:{path}")
    text = known if isinstance(known, str) else await _fetched(context, url)
    _require_signature(fields, _public_key(text, context.now()))
    if known is None:
        await context.store.put(f"certificate:{path}", text)
    _require_recent(fields.get("Timestamp", ""), context.now())
    return fields["MessageId"]


def read(body: bytes) -> dict[str, str]:
    """Return the text fields of an envelope. Raises Refused when it is none."""
    try:
        found = msgspec.json.decode(body, type=dict[str, msgspec.Raw])
        fields = {name: msgspec.json.decode(raw) for name, raw in found.items()}
    except msgspec.DecodeError as error:
        raise Refused("This isn't from Amazon SNS.") from error
    texts = {name: value for name, value in fields.items() if isinstance(value, str)}
    if texts.get("Type") not in SIGNED_FIELDS or not texts.get("MessageId"):
        raise Refused("This isn't from Amazon SNS.")
    return texts


async def confirm(context: Context, fields: dict[str, str]) -> None:
    """Tell SNS that the topic may send here. The address is made here, from what was signed."""
    region = _require_our_topic(context, fields)
    try:
        answer = await context.http.request(
            "GET",
            f"https://{sns_host(region)}/",
            params={
                "Action": "ConfirmSubscription",
                "TopicArn": fields["TopicArn"],
                "Token": fields.get("Token", ""),
            },
        )
    except (OutboundRefused, OutboundUnavailable) as error:
        raise TryLater("Amazon SNS can't be reached.") from error
    if answer.status >= 500 or answer.status == 429:
        raise TryLater(f"Amazon SNS answers {answer.status}.")
    context.log.info("sns_subscription_confirmed", status=answer.status)


def to_be_signed(fields: dict[str, str]) -> bytes:
    """Return the text that SNS signs."""
    names = [name for name in SIGNED_FIELDS[fields["Type"]] if name in fields]
    return "".join(f"{name}\n{fields[name]}\n" for name in names).encode()


def _require_our_topic(context: Context, fields: dict[str, str]) -> str:
    """Return the topic's region. Raises Refused for any topic but the configured one."""
    settings = context.settings
    ours = [each for each in (settings.topic_arn, settings.inbound_topic_arn) if each is not None]
    if not ours:
        raise Refused("No SNS topic is configured.")
    topic = fields.get("TopicArn", "")
    if topic not in ours:
        raise Refused("This is from another topic.")
    region = topic.split(":")[3]
    if region not in REGIONS:
        raise Refused("The topic's region isn't known.")
    return region


def _require_sns(url: str, region: str) -> str:
    """Return the path of the certificate. Raises Refused unless SNS itself serves it."""
    try:
        parts = urlsplit(url)
        is_sns = (
            parts.scheme == "https"
            and parts.netloc == sns_host(region)
            and not parts.query
            and not parts.fragment
        )
    except ValueError:
        is_sns = False
    if not is_sns or not _CERTIFICATE.fullmatch(parts.path):
        raise Refused("The certificate isn't one of Amazon SNS.")
    return parts.path


async def _fetched(context: Context, url: str) -> str:
    try:
        answer = await context.http.request(
            "GET", url, max_answer_bytes=MAX_CERTIFICATE_BYTES, timeout_seconds=5
        )
    except (OutboundRefused, OutboundUnavailable) as error:
        raise TryLater("The certificate of Amazon SNS can't be fetched.") from error
    if answer.status >= 500:
        raise TryLater("The certificate of Amazon SNS can't be fetched.")
    if answer.status != 200:
        raise Refused("There is no such certificate of Amazon SNS.")
    return answer.body.decode("ascii", "replace")


def _public_key(text: str, now: datetime) -> rsa.RSAPublicKey:
    try:
        certificate = x509.load_pem_x509_certificate(text.encode())
        key = certificate.public_key()
    except ValueError as error:
        raise Refused("The certificate can't be read.") from error
    if not certificate.not_valid_before_utc <= now <= certificate.not_valid_after_utc:
        raise Refused("The certificate isn't valid now.")
    if not isinstance(key, rsa.RSAPublicKey):
        raise Refused("The certificate is of another kind.")
    return key


def _require_signature(fields: dict[str, str], key: rsa.RSAPublicKey) -> None:
    algorithm: hashes.HashAlgorithm
    match fields.get("SignatureVersion"):
        case "1":
            algorithm = hashes.SHA1()  # noqa: S303 - what SNS signs with unless told otherwise
        case "2":
            algorithm = hashes.SHA256()
        case _:
            raise Refused("The signature is of an unknown version.")
    try:
        signature = base64.b64decode(fields.get("Signature", ""), validate=True)
        key.verify(signature, to_be_signed(fields), padding.PKCS1v15(), algorithm)
    except (InvalidSignature, binascii.Error, ValueError) as error:
        raise Refused("The signature is wrong.") from error


def _require_recent(stamp: str, now: datetime) -> None:
    try:
        at = datetime.fromisoformat(stamp)
    except ValueError as error:
        raise Refused("The delivery has no time.") from error
    if not -EARLIEST <= now - at.astimezone(UTC) <= OLDEST:
        raise Refused("The delivery is too old, or from the future.")
