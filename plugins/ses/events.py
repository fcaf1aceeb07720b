"""What SES tells of messages, in the shape of event publishing and in that of identity feedback.

Source: AWS, "Contents of event data that Amazon SES publishes to Amazon SNS" (SES Developer Guide).
"""

import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

import msgspec

from plugins.sdk import PluginContext, UtcDatetime, WebhookRequest
from plugins.sdk.commands import DeliveryReport, ReportDeliveries, ReportKind
from plugins.ses.client import OUR_ID
from plugins.ses.inbound import RECEIVED, reply_of
from plugins.ses.settings import SesSettings
from plugins.ses.sns import confirm, read

Context = PluginContext[SesSettings]

_KINDS: Final[dict[str, ReportKind]] = {
    "Send": "accepted",
    "Delivery": "delivered",
    "DeliveryDelay": "deferred",
    "Bounce": "bounced",
    "Complaint": "complained",
    "Reject": "dropped",
    "Rendering Failure": "dropped",
    "Open": "opened",
    "Click": "clicked",
    "Subscription": "unsubscribed",
}


class Mail(msgspec.Struct, rename="camel"):
    """The message that an event is about."""

    message_id: str
    timestamp: datetime
    tags: Any = None


class Recipient(msgspec.Struct, rename="camel"):
    """What the receiver's server said."""

    diagnostic_code: str | None = None
    status: str | None = None


class Detail(msgspec.Struct, rename="camel"):
    """What there is to say besides, whatever the kind of event."""

    timestamp: datetime | None = None
    feedback_id: str | None = None
    bounce_type: str | None = None
    bounce_sub_type: str | None = None
    bounced_recipients: list[Recipient] = []
    delayed_recipients: list[Recipient] = []
    delay_type: str | None = None
    complaint_feedback_type: str | None = None
    reason: str | None = None
    error_message: str | None = None
    user_agent: str | None = None


class Told(msgspec.Struct, rename="camel"):
    """One event; where it is named, and where the rest of it stands, depends on the shape."""

    mail: Mail
    event_type: str | None = None
    notification_type: str | None = None
    bounce: Detail | None = None
    complaint: Detail | None = None
    delivery: Detail | None = None
    delivery_delay: Detail | None = None
    reject: Detail | None = None
    failure: Detail | None = None
    open: Detail | None = None
    click: Detail | None = None
    subscription: Detail | None = None


_PARTS: Final = {
    "Bounce": "bounce",
    "Complaint": "complaint",
    "Delivery": "delivery",
    "DeliveryDelay": "delivery_delay",
    "Reject": "reject",
    "Rendering Failure": "failure",
    "Open": "open",
    "Click": "click",
    "Subscription": "subscription",
}


async def take(context: Context, request: WebhookRequest) -> None:
    """Report what SES tells, or confirm the subscription of the topic."""
    fields = read(request.body)
    if fields["Type"] == "SubscriptionConfirmation":
        await confirm(context, fields)
        return
    if fields["Type"] != "Notification":
        context.log.warning("sns_topic_unsubscribed")
        return
    message = fields.get("Message", "")
    try:
        told = msgspec.json.decode(message, type=Told)
        if told.notification_type == RECEIVED:
            if fields["TopicArn"] == context.settings.inbound_topic_arn:
                await _take_reply(context, message)
            return
        report = report_of(told)
    except (msgspec.DecodeError, ValueError):
        # Such as the sentence with which SES tries a topic out.
        context.log.warning("ses_event_unreadable")
        return
    if report is not None:
        outcome = await context.execute(ReportDeliveries(reports=(report,)))
        context.log.info("ses_event", noted=outcome.noted, strange=outcome.strange)


async def _take_reply(context: Context, message: str) -> None:
    outcome = await context.execute(reply_of(message))
    context.log.info("ses_reply", repeated=outcome.reply_id is None, matched=outcome.matched)


def report_of(told: Told) -> DeliveryReport | None:
    """Return what an event says, or None for one that says nothing of a message's fate."""
    name = told.event_type or told.notification_type or ""
    kind = _KINDS.get(name)
    if kind is None:
        return None
    detail: Detail = getattr(told, _PARTS.get(name, ""), None) or Detail()
    at = detail.timestamp or told.mail.timestamp
    if at.tzinfo is None:
        raise ValueError("an event without a time zone")
    # Both shapes may tell of the same thing; it is one by this name.
    event_id = detail.feedback_id or f"{name}:{told.mail.message_id}:{at.isoformat()}"
    return DeliveryReport(
        event_id=event_id if len(event_id) <= 200 else _digest(event_id),
        kind=kind,
        at=UtcDatetime(at.astimezone(UTC)),
        message_id=_our_id(told.mail.tags),
        reference=told.mail.message_id[:1_000] or None,
        detail=_said(detail)[:2_000],
        permanent=detail.bounce_type == "Permanent",
        user_agent=None if detail.user_agent is None else detail.user_agent[:2_000],
    )


def _said(detail: Detail) -> str:
    server = next(
        (
            each.diagnostic_code or each.status or ""
            for each in (*detail.bounced_recipients, *detail.delayed_recipients)
        ),
        "",
    )
    parts = (
        server,
        detail.reason,
        detail.error_message,
        detail.bounce_sub_type,
        detail.delay_type,
        detail.complaint_feedback_type,
    )
    return next((part for part in parts if part), "")


def _our_id(tags: Any) -> UUID | None:
    values = tags.get(OUR_ID) if isinstance(tags, Mapping) else None
    try:
        return UUID(values[0]) if isinstance(values, list) and isinstance(values[0], str) else None
    except (ValueError, IndexError):
        return None


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
