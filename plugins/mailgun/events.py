"""Mailgun's webhooks: believes what Mailgun signed, and says what it means.

Signature: HMAC-SHA256 in hexadecimal over timestamp and token, with the webhook signing key
(Mailgun, "Securing Webhooks"). The rest isn't covered by it, so a token is good for one delivery.
"""

import hashlib
import hmac
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import UUID

import msgspec

from plugins.mailgun.client import OUR_ID
from plugins.mailgun.settings import MailgunSettings
from plugins.sdk import PluginContext, Refused, UtcDatetime, WebhookRequest
from plugins.sdk.commands import DeliveryReport, ReportDeliveries, ReportKind

OLDEST: Final = timedelta(hours=12)
"""Mailgun tries for eight hours; within this, the host knows tokens that came before."""
EARLIEST: Final = timedelta(minutes=5)
"""How far Mailgun's clock may be ahead of ours."""

Context = PluginContext[MailgunSettings]

_KINDS: Final[dict[str, ReportKind]] = {
    "accepted": "accepted",
    "delivered": "delivered",
    "opened": "opened",
    "clicked": "clicked",
    "complained": "complained",
    "unsubscribed": "unsubscribed",
    "rejected": "dropped",
}
_FOR_GOOD: Final = frozenset({"bounce", "suppress-bounce", "suppress-complaint"})
"""Reasons of a permanent failure after which nothing will ever arrive at the address."""


class _Kebab(msgspec.Struct, rename="kebab"):
    pass


class Signature(msgspec.Struct):
    """What shows that Mailgun sent it."""

    timestamp: str
    token: str
    signature: str


class Headers(_Kebab):
    """Of the message."""

    message_id: str | None = None


class Message(_Kebab):
    """The message that an event is about."""

    headers: Headers = msgspec.field(default_factory=Headers)


class DeliveryStatus(_Kebab):
    """What the receiver's server said."""

    message: Any = None
    description: Any = None
    bounce_type: str | None = None


class Client(_Kebab):
    """What opened or clicked."""

    user_agent: str | None = None
    bot: str | None = None


class Told(_Kebab):
    """One event, as far as we look at it."""

    id: str
    event: str
    timestamp: float
    severity: str | None = None
    reason: str | None = None
    message: Message = msgspec.field(default_factory=Message)
    delivery_status: DeliveryStatus = msgspec.field(default_factory=DeliveryStatus)
    client_info: Client = msgspec.field(default_factory=Client)
    user_variables: Any = None


class Signed(msgspec.Struct):
    """The part of a delivery that says who sent it."""

    signature: Signature


class Delivery(_Kebab):
    """The part that says what happened."""

    event_data: Told


async def verify(context: Context, request: WebhookRequest) -> str:
    """Return the delivery's token. Raises Refused for what Mailgun didn't sign, or not lately."""
    try:
        given = msgspec.json.decode(request.body, type=Signed).signature
    except msgspec.DecodeError as error:
        raise Refused("The delivery has no signature.") from error
    return require_signed(context, given)


def require_signed(context: Context, given: Signature) -> str:
    """Return the token's digest. Raises Refused for what Mailgun didn't sign, or not lately."""
    key = context.settings.signing_key
    if key is None:
        raise Refused("No webhook signing key is configured.")
    try:
        claimed = given.signature.encode("ascii")
    except UnicodeEncodeError as error:
        raise Refused("The delivery has no signature.") from error
    made = hmac.new(key.encode(), (given.timestamp + given.token).encode(), hashlib.sha256)
    if not hmac.compare_digest(made.hexdigest().encode(), claimed):
        raise Refused("The signature is wrong.")
    _require_recent(given.timestamp, context.now())
    return _digest(given.token)


async def take(context: Context, request: WebhookRequest) -> None:
    """Report what Mailgun tells."""
    try:
        report = report_of(msgspec.json.decode(request.body, type=Delivery).event_data)
    except (msgspec.DecodeError, ValueError, OverflowError, OSError):
        context.log.warning("mailgun_event_unreadable")
        return
    if report is not None:
        outcome = await context.execute(ReportDeliveries(reports=(report,)))
        context.log.info("mailgun_event", noted=outcome.noted, strange=outcome.strange)


def _require_recent(stamp: str, now: datetime) -> None:
    try:
        at = datetime.fromtimestamp(int(stamp), UTC)
    except (ValueError, OverflowError, OSError) as error:
        raise Refused("The delivery has no time.") from error
    if not -EARLIEST <= now - at <= OLDEST:
        raise Refused("The delivery is too old, or from the future.")


def report_of(told: Told) -> DeliveryReport | None:
    """Return what an event says, or None for one that says nothing of a message's fate."""
    kind = _kind(told)
    if kind is None:
        return None
    header_id = told.message.headers.message_id
    agent = told.client_info.user_agent
    return DeliveryReport(
        event_id=told.id
        if 0 < len(told.id) <= 200
        else hashlib.sha256(told.id.encode()).hexdigest(),
        kind=kind,
        at=UtcDatetime(datetime.fromtimestamp(told.timestamp, UTC)),
        message_id=_our_id(told.user_variables),
        header_id=None if header_id is None else header_id[:1_000],
        reference=None if header_id is None else f"<{header_id.strip('<>')}>"[:1_000],
        detail=_detail(told),
        permanent=_is_permanent(told),
        machine=bool(told.client_info.bot),
        user_agent=None if agent is None else agent[:2_000],
    )


def _kind(told: Told) -> ReportKind | None:
    if told.event != "failed":
        return _KINDS.get(told.event)
    if told.severity != "permanent":
        return "deferred"
    return "dropped" if (told.reason or "").startswith("suppress-") else "bounced"


def _is_permanent(told: Told) -> bool:
    if told.event != "failed" or told.severity != "permanent":
        return False
    return told.reason in _FOR_GOOD or told.delivery_status.bounce_type == "hard"


def _detail(told: Told) -> str:
    status = told.delivery_status
    if told.event not in {"failed", "rejected"}:
        return ""
    said = status.message or status.description or told.reason or ""
    return (said if isinstance(said, str) else str(told.reason or ""))[:2_000]


def _our_id(variables: Any) -> UUID | None:
    """Return our id: variables are an object, or an empty list when there are none."""
    told = variables.get(OUR_ID) if isinstance(variables, dict) else None
    try:
        return UUID(told) if isinstance(told, str) else None
    except ValueError:
        return None


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
