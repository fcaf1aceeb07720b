"""Mailgun's routes: believes what Mailgun signed, and hands the mail on.

Source: Mailgun, "Receiving messages via HTTP through a forward() action". The signature covers
timestamp and token alone, as with events, so a token is good for one delivery.
"""

import hashlib
from typing import Any, Final
from urllib.parse import parse_qsl

import msgspec

from plugins.mailgun.events import Context, Signature, require_signed
from plugins.sdk import Refused, WebhookRequest
from plugins.sdk.commands import ReportReply
from plugins.sdk.incoming_mail import FormPart, decoded, made_of, read_form, read_mail

LARGEST_MAIL: Final = 32 * 1024 * 1024
"""Mailgun passes on up to 25 MB."""

_FORM: Final = "application/x-www-form-urlencoded"
_MOST_ESCAPES: Final = 3_000_000
"""A form is read before its signature is known, and each escape takes a while. 25 MB of a file in
base64 have 1.8 million."""
_MOST_FIELDS: Final = 200


async def verify(context: Context, request: WebhookRequest) -> str:
    """Return the delivery's token. Raises Refused for what Mailgun didn't sign, or not lately."""
    fields = _texts(_parts(request))
    given = Signature(
        timestamp=fields.get("timestamp", ""),
        token=fields.get("token", ""),
        signature=fields.get("signature", ""),
    )
    return require_signed(context, given)


async def take(context: Context, request: WebhookRequest) -> None:
    """Report what came in."""
    outcome = await context.execute(_reply(_parts(request)))
    context.log.info("mailgun_reply", repeated=outcome.reply_id is None, matched=outcome.matched)


def _parts(request: WebhookRequest) -> list[FormPart]:
    """Return the fields: a form with files when there are attachments. Raises Refused."""
    kind = request.headers.get("content-type", "")
    try:
        if kind.lower().startswith(_FORM):
            if request.body.count(b"%") > _MOST_ESCAPES:
                raise Refused("This isn't what a route of Mailgun sends.")
            # Each byte as one character, so that what is no UTF-8 comes through as it is.
            pairs = parse_qsl(
                request.body.decode("latin-1"),
                keep_blank_values=True,
                max_num_fields=_MOST_FIELDS,
                encoding="latin-1",
            )
            return [
                FormPart(name=name, content=value.encode("latin-1", "replace"))
                for name, value in pairs
            ]
        return read_form(request.body, kind)
    except ValueError as error:
        raise Refused("This isn't what a route of Mailgun sends.") from error


def _texts(parts: list[FormPart]) -> dict[str, str]:
    return {each.name: decoded(each.content) for each in parts if each.filename is None}


def _reply(parts: list[FormPart]) -> ReportReply:
    fields = _texts(parts)
    delivery_id = hashlib.sha256(fields.get("token", "").encode()).hexdigest()
    receivers = [each.strip() for each in fields.get("recipient", "").split(",") if each.strip()]
    raw = next((each.content for each in parts if each.name == "body-mime"), None)
    if raw is not None:
        return read_mail(
            raw,
            delivery_id=delivery_id,
            receivers=receivers,
            return_path=fields.get("sender"),
        )
    return made_of(
        _headers(fields),
        delivery_id=delivery_id,
        receivers=receivers,
        text=fields.get("body-plain") or fields.get("stripped-text", ""),
        html=fields.get("body-html") or None,
        attachments=[
            (each.filename or each.name, each.content)
            for each in parts
            if each.filename is not None
        ],
        return_path=fields.get("sender"),
        is_report=fields.get("Content-Type", "").lower().startswith("multipart/report"),
    )


def _headers(fields: dict[str, str]) -> list[tuple[str, Any]]:
    """Return the message's headers: all of them as JSON, and the usual ones as fields."""
    try:
        listed = msgspec.json.decode(fields.get("message-headers", ""), type=list[tuple[str, str]])
    except msgspec.DecodeError:
        listed = []
    usual = ("From", "Subject", "Message-Id", "In-Reply-To", "References", "Date")
    named = {name.lower(): value for name, value in fields.items()}
    return [*listed, *((name, named.get(name.lower(), "")) for name in usual)]
