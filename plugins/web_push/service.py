"""Hands push messages to whatever service a browser named, through the guarded way out."""

from typing import Final
from urllib.parse import urlsplit

from core.ports.outbound import AnswerTooLarge, OutboundHttp, OutboundRefused, OutboundUnavailable
from core.ports.push import PushResult, PushTarget, PushUnavailable
from core.shared.clock import Clock
from core.shared.errors import FieldError, InvalidInput
from plugins.web_push.encryption import UnusableSubscription, decode, encrypt, read_key
from plugins.web_push.identification import Identification

SECONDS: Final = 10.0
_LARGEST_ANSWER: Final = 65_536
_GONE: Final = frozenset((401, 403, 404, 410))
"""404 and 410: the browser unsubscribed. 401 and 403: it subscribed with another key than ours."""
_LATER: Final = frozenset((408, 425, 429))


class WebPush:
    """Implements `core.ports.push.PushService`."""

    def __init__(self, http: OutboundHttp, identification: Identification, clock: Clock) -> None:
        self._http = http
        self._identification = identification
        self._clock = clock

    @property
    def public_key(self) -> str:
        """The workspace's."""
        return self._identification.public_key

    def check(self, target: PushTarget) -> None:
        """Look at the address and the keys. Raises InvalidInput."""
        wrong: list[FieldError] = []
        place = urlsplit(target.endpoint)
        if place.scheme not in ("https", "http") or not place.hostname or place.username:
            wrong.append(FieldError("endpoint", "Not the address of a push service."))
        try:
            read_key(target.p256dh)
        except UnusableSubscription:
            wrong.append(FieldError("keys.p256dh", "Not a public key of the curve P-256."))
        try:
            if len(decode(target.auth)) != 16:
                raise UnusableSubscription
        except UnusableSubscription:
            wrong.append(FieldError("keys.auth", "Not 16 bytes as base64url."))
        if wrong:
            raise InvalidInput(*wrong)

    async def push(
        self, target: PushTarget, message: bytes, *, topic: str, lasts_seconds: int
    ) -> PushResult:
        """Encrypt, sign and send it."""
        headers = {
            "Authorization": self._identification.authorization(target.endpoint, self._clock.now()),
            "Content-Encoding": "aes128gcm",
            "Content-Type": "application/octet-stream",
            "TTL": str(lasts_seconds),
            "Topic": topic,
            "Urgency": "normal",
        }
        try:
            answer = await self._http.request(
                "POST",
                target.endpoint,
                headers=headers,
                content=encrypt(message, target.p256dh, target.auth),
                timeout_seconds=SECONDS,
                max_answer_bytes=_LARGEST_ANSWER,
            )
        except UnusableSubscription:
            return "gone"
        except OutboundRefused as error:
            if error.reason == "lookup_failed":
                raise PushUnavailable(str(error)) from error
            return "gone"
        except AnswerTooLarge:
            return "refused"
        except OutboundUnavailable as error:
            raise PushUnavailable(str(error)) from error
        if 200 <= answer.status < 300:
            return "taken"
        if answer.status in _GONE:
            return "gone"
        if answer.status in _LATER or answer.status >= 500:
            raise PushUnavailable(f"The push service answered {answer.status}.")
        return "refused"
