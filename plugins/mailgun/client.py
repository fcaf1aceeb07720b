"""Speaks Mailgun's Messages API: hands one message over, and tries the key."""

import base64
from email.errors import HeaderParseError
from email.headerregistry import Address
from typing import Final
from urllib.parse import urlencode

import msgspec

from plugins.mailgun.settings import MailgunSettings
from plugins.sdk import Health, PluginContext
from plugins.sdk.mail_over_http import ascii_address, hand_over, plain_line
from plugins.sdk.ports import (
    Mailbox,
    MessageRefused,
    MessagingError,
    MessagingUnavailable,
    OutboundAnswer,
    OutboundRefused,
    OutboundUnavailable,
    OutgoingEmail,
    SentEmail,
)

SERVICE: Final = "Mailgun"
BASES: Final = {"us": "https://api.mailgun.net", "eu": "https://api.eu.mailgun.net"}
OUR_ID: Final = "intellimatch_message"
"""The variable that Mailgun says again in each event. No personal data in it."""

_FORM: Final = "application/x-www-form-urlencoded"
_RESERVED: Final = frozenset({"to", "from", "subject", "cc", "bcc", "message-id", "reply-to"})


class MailgunMessaging:
    """Implements `Messaging`."""

    def __init__(self, context: PluginContext[MailgunSettings]) -> None:
        self._context = context
        self._settings = context.settings

    async def send(self, email: OutgoingEmail) -> SentEmail:
        """Hand the message over. Mailgun notices no repetitions; its events name our id."""
        answer = await hand_over(
            self._context.http,
            SERVICE,
            self._url(),
            headers={**self._credential(), "content-type": _FORM},
            content=urlencode(self._fields(email)).encode(),
            now=self._context.now(),
            explain=_said,
            judged=_judged,
        )
        await self._context.meter("messages")
        try:
            reference = msgspec.json.decode(answer.body, type=_Taken).id
        except msgspec.DecodeError:
            reference = email.message_id  # it was taken all the same
        return SentEmail(reference[:1_000])

    async def check(self) -> Health:
        """Ask for a message without a receiver: that is refused for its lack, or for the key."""
        try:
            answer = await self._context.http.request(
                "POST",
                self._url(),
                headers={**self._credential(), "content-type": _FORM},
                content=urlencode({"from": self._sender(None).address}).encode(),
            )
        except (OutboundRefused, OutboundUnavailable) as error:
            return Health(ok=False, message=f"Mailgun can't be reached: {error}")
        domain = self._settings.domain
        match answer.status:
            case 400:
                told = (
                    "What becomes of messages is told by Mailgun's webhooks."
                    if self._settings.signing_key
                    else "Give the webhook signing key, too, to learn what becomes of messages."
                )
                return Health(ok=True, message=f"Mailgun takes the key for {domain}. {told}")
            case 401 | 403:
                return Health(ok=False, message=f"Mailgun refuses the key for {domain}.")
            case 404:
                return Health(ok=False, message=f"Mailgun knows no domain {domain} in this region.")
            case status:
                return Health(ok=False, message=f"Mailgun answers {status}: {_said(answer)}")

    def _url(self) -> str:
        return f"{BASES[self._settings.region]}/v3/{self._settings.domain.lower()}/messages"

    def _credential(self) -> dict[str, str]:
        pair = base64.b64encode(f"api:{self._settings.api_key}".encode()).decode()
        return {"authorization": f"Basic {pair}"}

    def _sender(self, email: OutgoingEmail | None) -> Mailbox:
        settings = self._settings
        address = settings.sender_address or f"no-reply@{settings.domain.lower()}"
        return Mailbox(address, "" if email is None else email.sender.name)

    def _fields(self, email: OutgoingEmail) -> list[tuple[str, str]]:
        settings = self._settings
        fields = [
            ("from", _mailbox(self._sender(email))),
            ("to", _mailbox(email.to)),
            ("subject", email.subject),
            ("text", email.text),
            ("h:Message-Id", email.message_id),
            (f"v:{OUR_ID}", str(email.id)),
            ("o:tracking-opens", _yes_or_no(settings.track_opens)),
            ("o:tracking-clicks", _yes_or_no(settings.track_clicks)),
        ]
        if email.html is not None:
            fields.append(("html", email.html))
        if email.reply_to is not None:
            fields.append(("h:Reply-To", _mailbox(email.reply_to)))
        for name, value in email.headers:
            if name.lower() in _RESERVED:
                raise MessageRefused(f"The header {name} has a field of its own.")
            fields.append((f"h:{name}", value))
        return fields


class _Taken(msgspec.Struct):
    id: str


class _Problem(msgspec.Struct):
    message: str


def _judged(answer: OutboundAnswer) -> MessagingError | None:
    if answer.status == 402:
        return MessagingUnavailable(f"Mailgun doesn't let this account send: {_said(answer)[:300]}")
    return None


def _said(answer: OutboundAnswer) -> str:
    try:
        return msgspec.json.decode(answer.body, type=_Problem).message
    except msgspec.DecodeError:
        return answer.body.decode("utf-8", "replace")[:300] or f"it answers {answer.status}"


def _mailbox(mailbox: Mailbox) -> str:
    """Return it as a header has it: what in a name could end it or begin another is quoted."""
    try:
        return str(Address(plain_line(mailbox.name), addr_spec=ascii_address(mailbox.address)))
    except (ValueError, HeaderParseError, IndexError) as error:
        raise MessageRefused(f"{mailbox.address} is no e-mail address.") from error


def _yes_or_no(wanted: bool) -> str:  # noqa: FBT001 - the only thing that is asked
    return "yes" if wanted else "no"
