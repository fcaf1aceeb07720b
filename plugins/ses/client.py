"""Speaks the SES API v2: hands one message over, and tries the credentials."""

import base64
from typing import Any, Final

import msgspec

from plugins.sdk import Health, PluginContext
from plugins.sdk.mail_over_http import ascii_address, hand_over, patience
from plugins.sdk.ports import (
    Mailbox,
    MessagingError,
    MessagingUnavailable,
    OutboundAnswer,
    OutboundRefused,
    OutboundUnavailable,
    OutgoingEmail,
    SentEmail,
)
from plugins.ses.mime import build
from plugins.ses.settings import SesSettings, ses_host
from plugins.ses.signing import Credentials, Request, sign

SERVICE: Final = "Amazon SES"
BASE: Final = "https://{host}"
OUR_ID: Final = "intellimatch_message"
"""The tag that SES says again in each event. No personal data in it."""

_SEND: Final = "/v2/email/outbound-emails"
_ACCOUNT: Final = "/v2/email/account"
_JSON: Final = {"content-type": "application/json"}
_A_DAY_OFF: Final = 6 * 3600.0
_THROTTLED: Final = frozenset({"TooManyRequestsException", "ThrottlingException", "Throttling"})
_ACCOUNT_STOPPED: Final = {
    "AccountSuspendedException": "the account is suspended",
    "SendingPausedException": "sending is paused for the account",
    "MailFromDomainNotVerifiedException": "the MAIL FROM domain isn't verified",
    "LimitExceededException": "a limit of the account is reached",
}


class SesMessaging:
    """Implements `Messaging`."""

    def __init__(self, context: PluginContext[SesSettings]) -> None:
        self._context = context
        self._settings = context.settings

    async def send(self, email: OutgoingEmail) -> SentEmail:
        """Hand the message over. SES notices no repetitions; its events name our id.

        SES writes a Message-ID of its own into what it delivers.
        """
        content = msgspec.json.encode(self._mail(email))
        answer = await hand_over(
            self._context.http,
            SERVICE,
            self._url(_SEND),
            headers=self._signed("POST", _SEND, content, _JSON),
            content=content,
            now=self._context.now(),
            explain=_said,
            judged=self._judged,
        )
        await self._context.meter("messages")
        try:
            reference = msgspec.json.decode(answer.body, type=_Taken).message_id
        except msgspec.DecodeError:
            reference = ""  # it was taken all the same
        return SentEmail(reference[:1_000] or str(email.id))

    async def check(self) -> Health:
        """Ask how the account stands; nothing is sent."""
        try:
            answer = await self._context.http.request(
                "GET", self._url(_ACCOUNT), headers=self._signed("GET", _ACCOUNT, b"", {})
            )
        except (OutboundRefused, OutboundUnavailable) as error:
            return Health(ok=False, message=f"Amazon SES can't be reached: {error}")
        if answer.status != 200:
            return Health(ok=False, message=f"Amazon SES refuses the credentials: {_said(answer)}")
        try:
            account = msgspec.json.decode(answer.body, type=_Account)
        except msgspec.DecodeError:
            return Health(ok=False, message="The answer of Amazon SES can't be read.")
        if not account.sending_enabled:
            return Health(ok=False, message="Sending is switched off for the account.")
        details = {"quota in 24 hours": f"{account.quota.most:.0f}"}
        if not account.is_in_production:
            message = (
                "The account is in the sandbox: mail reaches verified addresses only. "
                "Ask AWS for production access."
            )
            return Health(ok=False, message=message, details=details)
        told = (
            "What becomes of messages is told by way of SNS."
            if self._settings.topic_arn and self._settings.configuration_set
            else "Give configuration set and topic, too, to learn what becomes of messages."
        )
        return Health(ok=True, message=f"Amazon SES takes the credentials. {told}", details=details)

    def _url(self, path: str) -> str:
        return BASE.format(host=ses_host(self._settings.region)) + path

    def _signed(
        self, method: str, path: str, content: bytes, headers: dict[str, str]
    ) -> dict[str, str]:
        settings = self._settings
        return sign(
            Request(
                method=method,
                host=ses_host(settings.region),
                path=path,
                headers=headers,
                body=content,
            ),
            Credentials(settings.access_key_id, settings.secret_access_key, settings.region, "ses"),
            self._context.now(),
        )

    def _mail(self, email: OutgoingEmail) -> dict[str, Any]:
        settings = self._settings
        sender = Mailbox(settings.sender_address, email.sender.name)
        raw = build(email, sender, self._context.now())
        mail = {
            "FromEmailAddress": ascii_address(sender.address),
            "Destination": {"ToAddresses": [ascii_address(email.to.address)]},
            "Content": {"Raw": {"Data": base64.b64encode(raw).decode()}},
            "EmailTags": [{"Name": OUR_ID, "Value": str(email.id)}],
        }
        if settings.configuration_set is not None:
            mail["ConfigurationSetName"] = settings.configuration_set
        return mail

    def _judged(self, answer: OutboundAnswer) -> MessagingError | None:
        """Return what SES means by its own names of errors; several come with one status."""
        name = _name(answer)
        if name in _THROTTLED or answer.status == 429:
            wait = patience(answer.headers, self._context.now())
            if "daily" in _said(answer).lower():
                # Counted over the last 24 hours; some of them have to pass.
                return MessagingUnavailable(
                    "Amazon SES: the day's quota is used up.", after_seconds=_A_DAY_OFF
                )
            return MessagingUnavailable("Amazon SES asks to slow down.", after_seconds=wait)
        if name in _ACCOUNT_STOPPED:
            return MessagingUnavailable(f"Amazon SES: {_ACCOUNT_STOPPED[name]}: {_said(answer)}")
        return None


class _Taken(msgspec.Struct, rename="pascal"):
    message_id: str


class _Quota(msgspec.Struct):
    most: float = msgspec.field(default=0.0, name="Max24HourSend")


class _Account(msgspec.Struct):
    is_in_production: bool = msgspec.field(default=False, name="ProductionAccessEnabled")
    sending_enabled: bool = msgspec.field(default=False, name="SendingEnabled")
    quota: _Quota = msgspec.field(default_factory=_Quota, name="SendQuota")


def _name(answer: OutboundAnswer) -> str:
    """Return the error's name: `MessageRejected:http://internal...` is MessageRejected."""
    return answer.headers.get("x-amzn-errortype", "").partition(":")[0].strip()


def _said(answer: OutboundAnswer) -> str:
    try:
        body = msgspec.json.decode(answer.body, type=dict[str, Any])
    except msgspec.DecodeError:
        body = {}
    said = body.get("message") or body.get("Message") or ""
    return " ".join(part for part in (_name(answer), str(said)) if part)[:300]
