"""Speaks SendGrid's v3 API: hands one message over, and tries the key."""

from typing import Any, Final

import msgspec

from plugins.sdk import Health, PluginContext
from plugins.sdk.mail_over_http import ascii_address, ascii_header, hand_over
from plugins.sdk.ports import (
    Mailbox,
    MessageRefused,
    OutboundAnswer,
    OutboundRefused,
    OutboundUnavailable,
    OutgoingEmail,
    SentEmail,
)
from plugins.sendgrid.settings import SendGridSettings

SERVICE: Final = "SendGrid"
BASES: Final = {"global": "https://api.sendgrid.com", "eu": "https://api.eu.sendgrid.com"}
OUR_ID: Final = "intellimatch_message"
"""The custom argument that SendGrid says again in each event. No personal data in it."""

_RESERVED: Final = frozenset(
    {
        "x-sg-id", "x-sg-eid", "received", "dkim-signature", "content-type",
        "content-transfer-encoding", "to", "from", "subject", "reply-to", "cc", "bcc",
    }
)  # fmt: skip
"""Headers that SendGrid writes itself and refuses to be given (its Mail Send reference)."""


class SendGridMessaging:
    """Implements `Messaging`."""

    def __init__(self, context: PluginContext[SendGridSettings]) -> None:
        self._context = context
        self._settings = context.settings

    async def send(self, email: OutgoingEmail) -> SentEmail:
        """Hand the message over. SendGrid notices no repetitions; its events name our id."""
        answer = await hand_over(
            self._context.http,
            SERVICE,
            f"{BASES[self._settings.region]}/v3/mail/send",
            headers={**self._credential(), "content-type": "application/json"},
            content=msgspec.json.encode(self._mail(email)),
            now=self._context.now(),
            explain=_said,
        )
        await self._context.meter("messages")
        return SentEmail(answer.headers.get("x-message-id", "")[:200] or str(email.id))

    async def check(self) -> Health:
        """Ask what the key may do; nothing is sent."""
        url = f"{BASES[self._settings.region]}/v3/scopes"
        try:
            answer = await self._context.http.request("GET", url, headers=self._credential())
        except (OutboundRefused, OutboundUnavailable) as error:
            return Health(ok=False, message=f"SendGrid can't be reached: {error}")
        if answer.status != 200:
            return Health(ok=False, message=f"SendGrid refuses the key: {_said(answer)}")
        try:
            scopes = msgspec.json.decode(answer.body, type=_Scopes).scopes
        except msgspec.DecodeError:
            return Health(ok=False, message="SendGrid's answer can't be read.")
        if "mail.send" not in scopes:
            return Health(ok=False, message='The key lacks the permission "Mail Send".')
        told = (
            "What becomes of messages is told by SendGrid's event webhook."
            if self._settings.verification_key
            else "Give the verification key, too, to learn what becomes of messages."
        )
        return Health(ok=True, message=f"SendGrid takes the key for sending. {told}")

    def _credential(self) -> dict[str, str]:
        return {"authorization": f"Bearer {self._settings.api_key}"}

    def _mail(self, email: OutgoingEmail) -> dict[str, Any]:
        settings = self._settings
        sender = Mailbox(settings.sender_address or email.sender.address, email.sender.name)
        mail: dict[str, Any] = {
            "personalizations": [
                {"to": [_person(email.to)], "custom_args": {OUR_ID: str(email.id)}}
            ],
            "from": _person(sender),
            "subject": email.subject,
            "content": [{"type": "text/plain", "value": email.text}],
            "headers": {"Message-ID": email.message_id, **_headers(email)},
            "tracking_settings": {
                "open_tracking": {"enable": settings.track_opens},
                "click_tracking": {
                    "enable": settings.track_clicks,
                    "enable_text": settings.track_clicks,
                },
                # SendGrid's own would stand in the place of our List-Unsubscribe.
                "subscription_tracking": {"enable": False},
            },
        }
        if email.html is not None:
            mail["content"].append({"type": "text/html", "value": email.html})
        if email.reply_to is not None:
            mail["reply_to"] = _person(email.reply_to)
        return mail


class _Scopes(msgspec.Struct):
    scopes: list[str] = []


class _Problem(msgspec.Struct):
    message: str = ""
    field: str | None = None


class _Problems(msgspec.Struct):
    errors: list[_Problem] = []


def _said(answer: OutboundAnswer) -> str:
    try:
        problems = msgspec.json.decode(answer.body, type=_Problems).errors
    except msgspec.DecodeError:
        return f"it answers {answer.status}"
    return "; ".join(
        f"{each.message} ({each.field})" if each.field else each.message for each in problems
    )


def _person(mailbox: Mailbox) -> dict[str, str]:
    person = {"email": ascii_address(mailbox.address)}
    return {**person, "name": mailbox.name} if mailbox.name else person


def _headers(email: OutgoingEmail) -> dict[str, str]:
    for name, _ in email.headers:
        if name.lower() in _RESERVED:
            raise MessageRefused(f"SendGrid writes the header {name} itself.")
    return {name: ascii_header(value) for name, value in email.headers}
