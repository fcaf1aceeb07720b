"""SendGrid's signed event webhook: believes what SendGrid signed, and says what it means.

Signature: ECDSA over P-256 with SHA-256, of the timestamp's text followed by the raw body (Twilio,
"Getting Started with the Event Webhook Security Features").
"""

import base64
import binascii
import hashlib
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID

import msgspec
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from plugins.sdk import PluginContext, Refused, UtcDatetime, WebhookRequest
from plugins.sdk.commands import DeliveryReport, ReportDeliveries, ReportKind
from plugins.sendgrid.settings import SendGridSettings

SIGNATURE: Final = "x-twilio-email-event-webhook-signature"
TIMESTAMP: Final = "x-twilio-email-event-webhook-timestamp"

OLDEST: Final = timedelta(hours=26)
"""SendGrid tries for a day; what came before is known by its id, and what is older by its age."""
EARLIEST: Final = timedelta(minutes=5)
"""How far SendGrid's clock may be ahead of ours."""

AT_ONCE: Final = 200
"""Reports in one transaction."""

Context = PluginContext[SendGridSettings]

_KINDS: Final[dict[str, ReportKind]] = {
    "processed": "accepted",
    "deferred": "deferred",
    "delivered": "delivered",
    "bounce": "bounced",
    "dropped": "dropped",
    "open": "opened",
    "click": "clicked",
    "spamreport": "complained",
    "unsubscribe": "unsubscribed",
    "group_unsubscribe": "unsubscribed",
}
_ON_ITS_LISTS: Final = frozenset({"bounced address", "spam reporting address"})
"""Reasons to drop a message after which nothing will ever be sent to the address."""


class Told(msgspec.Struct, rename={"kind": "type", "header_id": "smtp-id"}.get):
    """One event, as far as we look at it; custom arguments stand flat among its fields."""

    event: str
    sg_event_id: str
    timestamp: int
    sg_message_id: str | None = None
    header_id: str | None = None
    kind: str | None = None
    """Of a bounce: `bounce`, or `blocked` when it may pass."""
    reason: str | None = None
    response: str | None = None
    useragent: str | None = None
    sg_machine_open: bool = False
    intellimatch_message: str | None = None
    """The custom argument `client.OUR_ID`."""


async def verify(context: Context, request: WebhookRequest) -> str:
    """Return the delivery's id. Raises Refused for what SendGrid didn't sign, or not lately."""
    stamp = require_signature(context.settings.verification_key, request, context.now())
    # Not of the signature: the same content can be signed in many ways.
    return hashlib.sha256(stamp.encode() + request.body).hexdigest()


def require_signature(verification_key: str, request: WebhookRequest, now: datetime) -> str:
    """Return the signed time. Raises Refused for what wasn't signed with that key lately."""
    key = _public_key(verification_key)
    stamp = request.headers.get(TIMESTAMP, "")
    try:
        signature = base64.b64decode(request.headers.get(SIGNATURE, ""), validate=True)
        key.verify(signature, stamp.encode() + request.body, ec.ECDSA(hashes.SHA256()))
    except (InvalidSignature, binascii.Error, ValueError) as error:
        raise Refused("The signature is wrong.") from error
    _require_recent(stamp, now)
    return stamp


async def take(context: Context, request: WebhookRequest) -> None:
    """Report what SendGrid tells."""
    reports = list(_reports(context, request.body))
    for first in range(0, len(reports), AT_ONCE):
        outcome = await context.execute(
            ReportDeliveries(reports=tuple(reports[first : first + AT_ONCE]))
        )
        context.log.info(
            "sendgrid_events",
            noted=outcome.noted,
            repeated=outcome.repeated,
            strange=outcome.strange,
        )


def _public_key(text: str) -> ec.EllipticCurvePublicKey:
    if not text.strip():
        raise Refused("No verification key is configured.")
    try:
        key = serialization.load_der_public_key(base64.b64decode("".join(text.split())))
    except (ValueError, UnsupportedAlgorithm) as error:
        raise Refused("The verification key in the settings can't be read.") from error
    if not isinstance(key, ec.EllipticCurvePublicKey):
        raise Refused("The verification key in the settings is of another kind.")
    return key


def _require_recent(stamp: str, now: datetime) -> None:
    try:
        at = datetime.fromtimestamp(int(stamp), UTC)
    except (ValueError, OverflowError, OSError) as error:
        raise Refused("The delivery has no time.") from error
    if not -EARLIEST <= now - at <= OLDEST:
        raise Refused("The delivery is too old, or from the future.")


def _reports(context: Context, body: bytes) -> Iterator[DeliveryReport]:
    try:
        events = msgspec.json.decode(body, type=list[msgspec.Raw])
    except msgspec.DecodeError:
        context.log.warning("sendgrid_events_unreadable")
        return
    for raw in events:
        try:
            told = msgspec.json.decode(raw, type=Told)
            report = report_of(told)
        except (msgspec.DecodeError, ValueError, OverflowError, OSError):
            context.log.warning("sendgrid_event_unreadable")
            continue
        if report is not None:
            yield report


def report_of(told: Told) -> DeliveryReport | None:
    """Return what an event says, or None for one that says nothing of a message's fate."""
    kind = _KINDS.get(told.event)
    if kind is None:
        return None
    return DeliveryReport(
        event_id=_id(told.sg_event_id),
        kind=kind,
        at=UtcDatetime(datetime.fromtimestamp(told.timestamp, UTC)),
        message_id=_uuid(told.intellimatch_message),
        header_id=(told.header_id or "")[:1_000] or None,
        reference=(told.sg_message_id or "")[:1_000] or None,
        detail=(told.reason or told.response or "")[:2_000],
        permanent=_is_permanent(told),
        machine=told.sg_machine_open,
        user_agent=None if told.useragent is None else told.useragent[:2_000],
    )


def _is_permanent(told: Told) -> bool:
    if told.event == "bounce":
        return told.kind != "blocked"
    return told.event == "dropped" and (told.reason or "").strip().lower() in _ON_ITS_LISTS


def _id(text: str) -> str:
    if not text:
        raise ValueError("an event without an id")
    return text if len(text) <= 200 else hashlib.sha256(text.encode()).hexdigest()


def _uuid(text: str | None) -> UUID | None:
    try:
        return None if text is None else UUID(text)
    except ValueError:
        return None
