"""SendGrid's Inbound Parse: believes what comes with the secret or is signed, and hands it on.

Source: Twilio, "Setting Up The Inbound Parse Webhook" and "Securing Your Inbound Parse Webhook".
SendGrid signs only where a security policy is attached; otherwise the address itself is secret.
"""

import base64
import binascii
import hashlib
import hmac
from email.parser import BytesHeaderParser
from typing import Any, Final

import msgspec

from plugins.sdk import Refused, WebhookRequest
from plugins.sdk.commands import ReportReply
from plugins.sdk.incoming_mail import FormPart, decoded, made_of, read_form, read_mail
from plugins.sendgrid.events import Context, require_signature
from plugins.sendgrid.settings import SendGridSettings

LARGEST_MAIL: Final = 32 * 1024 * 1024
"""SendGrid passes on up to 30 MB."""
LONGEST_HEAD: Final = 1_000_000
"""Bytes of all headers together; mail servers take a tenth of it."""


class Envelope(msgspec.Struct):
    """Who handed the message over to whom (RFC 5321)."""

    to: list[str] = []
    sender: str | None = msgspec.field(default=None, name="from")


async def verify(context: Context, request: WebhookRequest) -> str:
    """Return the mail's id. Raises Refused for what doesn't come from the tenant's SendGrid."""
    settings = context.settings
    if settings.inbound_key.strip():
        require_signature(settings.inbound_key, request, context.now())
    else:
        _require_secret(settings, request)
    return _id(_reply(request))


async def take(context: Context, request: WebhookRequest) -> None:
    """Report what came in."""
    outcome = await context.execute(_reply(request))
    context.log.info("sendgrid_reply", repeated=outcome.reply_id is None, matched=outcome.matched)


def _require_secret(settings: SendGridSettings, request: WebhookRequest) -> None:
    secret = settings.inbound_secret
    if secret is None:
        raise Refused("Neither a secret nor a key of Inbound Parse is configured.")
    given = (request.query.get("secret", ""), _password(request.headers.get("authorization", "")))
    if not any(hmac.compare_digest(each.encode(), secret.encode()) for each in given):
        raise Refused("The secret is wrong.")


def _password(header: str) -> str:
    """Return the password of HTTP basic authentication (RFC 7617), or nothing."""
    scheme, _, pair = header.partition(" ")
    if scheme.lower() != "basic":
        return ""
    try:
        text = base64.b64decode(pair.strip(), validate=True).decode("utf-8", "replace")
    except (binascii.Error, ValueError):
        return ""
    return text.partition(":")[2]


def _id(reply: ReportReply) -> str:
    named = reply.header_id or reply.delivery_id
    return hashlib.sha256("\n".join((named, *reply.receivers)).encode()).hexdigest()


def _reply(request: WebhookRequest) -> ReportReply:
    """Return what the form says. Raises Refused when it is none."""
    try:
        parts = read_form(request.body, request.headers.get("content-type", ""))
    except ValueError as error:
        raise Refused("This isn't what Inbound Parse sends.") from error
    fields = {each.name: each.content for each in parts if each.filename is None}
    envelope = _envelope(fields.get("envelope", b""))
    digest = hashlib.sha256(request.body).hexdigest()
    raw = next((each.content for each in parts if each.name == "email"), None)
    if raw is not None:
        return read_mail(
            raw, delivery_id=digest, receivers=envelope.to, return_path=envelope.sender
        )
    charsets = _charsets(fields.get("charsets", b""))
    # The headers alone: a parser that goes on to the parts can be made to fail over them.
    headers = BytesHeaderParser().parsebytes(fields.get("headers", b"").strip()[:LONGEST_HEAD])
    text = {name: decoded(content, charsets.get(name)) for name, content in fields.items()}
    named = [(name, value) for name in ("from", "subject") if (value := text.get(name))]
    return made_of(
        [*named, *headers.items()],
        delivery_id=digest,
        receivers=envelope.to,
        text=text.get("text", ""),
        html=text.get("html") or None,
        attachments=_attachments(parts),
        return_path=envelope.sender,
        is_report=headers.get_content_type() == "multipart/report",
    )


def _envelope(content: bytes) -> Envelope:
    try:
        return msgspec.json.decode(content, type=Envelope)
    except msgspec.DecodeError:
        return Envelope()


def _charsets(content: bytes) -> dict[str, str]:
    try:
        found: dict[str, Any] = msgspec.json.decode(content, type=dict[str, Any])
    except msgspec.DecodeError:
        return {}
    return {name: value for name, value in found.items() if isinstance(value, str)}


def _attachments(parts: list[FormPart]) -> list[tuple[str, bytes]]:
    return [
        (each.filename or each.name, each.content)
        for each in parts
        if each.name.startswith("attachment") and each.filename is not None
    ]
