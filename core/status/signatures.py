"""Signatures of webhooks: Standard Webhooks 1.0, symmetric (`v1`), over the bytes as they came.

The signed content is `id.timestamp.body`, the code HMAC-SHA256 in base64. A header may hold several
signatures, separated by spaces, while a sender changes its secret. Pure: the clock comes in.
"""

import base64
import binascii
import hmac
from collections.abc import Iterable
from datetime import timedelta
from hashlib import sha256
from typing import Final

from core.shared.clock import UtcDatetime
from core.shared.errors import FieldError
from core.shared.secret import Secret
from core.status.errors import ReportMalformed

TOLERANCE: Final = timedelta(minutes=5)
PREFIX: Final = "whsec_"
LONGEST_ID: Final = 255
MOST_SIGNATURES: Final = 16
_LONGEST_HEADER: Final = 4_096
_LONGEST_TIMESTAMP: Final = 12
_SCHEME: Final = "v1"


def make_secret(token: str) -> Secret:
    """Return a secret as Standard Webhooks writes it, from a URL-safe token of random bytes."""
    raw = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
    return Secret(PREFIX + base64.b64encode(raw).decode())


def read_id(header: str | None) -> str:
    """Return the id of a delivery. Raises ReportMalformed unless it is 1 to 255 visible ASCII."""
    if not header or len(header) > LONGEST_ID or not _is_visible(header):
        raise _malformed("webhook-id", f"Send 1 to {LONGEST_ID} visible ASCII characters.")
    return header


def read_timestamp(header: str | None) -> int:
    """Return the seconds since 1970. Raises ReportMalformed unless they are a plain number."""
    if (
        not header
        or len(header) > _LONGEST_TIMESTAMP
        or not (header.isascii() and header.isdecimal())
    ):
        raise _malformed("webhook-timestamp", "Send whole seconds since 1970-01-01 UTC.")
    return int(header)


def read_signatures(header: str | None) -> tuple[bytes, ...]:
    """Return the codes of scheme v1, still in base64; others are passed over.

    Raises ReportMalformed when there is none, or too much.
    """
    if not header or len(header) > _LONGEST_HEADER:
        raise _malformed("webhook-signature", "Send at least one signature: v1,<base64>.")
    parts = header.split(" ")
    if len(parts) > MOST_SIGNATURES:
        raise _malformed("webhook-signature", f"Send at most {MOST_SIGNATURES} signatures.")
    pairs = (part.partition(",") for part in parts)
    found = tuple(code.encode("utf-8") for scheme, _, code in pairs if scheme == _SCHEME and code)
    if not found:
        raise _malformed("webhook-signature", "Send at least one signature: v1,<base64>.")
    return found


def is_fresh(timestamp: int, now: UtcDatetime) -> bool:
    """Whether a delivery was signed within the tolerance of now."""
    return abs(now.timestamp() - timestamp) <= TOLERANCE.total_seconds()


def is_signed(
    secrets: Iterable[Secret], webhook_id: str, timestamp: int, body: bytes, codes: Iterable[bytes]
) -> bool:
    """Whether one of the codes was made with one of the secrets. Every pair is compared."""
    given = list(codes)
    is_right = False
    for secret in secrets:
        right = sign(secret, webhook_id, timestamp, body)
        for code in given:
            is_right |= hmac.compare_digest(right, code)
    return is_right


def sign(secret: Secret, webhook_id: str, timestamp: int, body: bytes) -> bytes:
    """Return the code of a delivery in base64. Raises ValueError for what is no secret."""
    text = secret.reveal()
    if not text.startswith(PREFIX):
        raise ValueError("not a secret of Standard Webhooks")
    try:
        key = base64.b64decode(text.removeprefix(PREFIX), validate=True)
    except binascii.Error as error:
        raise ValueError("not a secret of Standard Webhooks") from error
    signed = f"{webhook_id}.{timestamp}.".encode() + body
    return base64.b64encode(hmac.digest(key, signed, sha256))


def _is_visible(text: str) -> bool:
    return all("!" <= character <= "~" for character in text)


def _malformed(header: str, message: str) -> ReportMalformed:
    return ReportMalformed(
        FieldError(header, message, "invalid_header"),
        message="The headers are not those of Standard Webhooks 1.0.",
    )
