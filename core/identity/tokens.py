"""The shapes of secrets: session tokens, link tokens and API keys, and how they are stored.

A session token and an API key name their tenant, so that they are looked up under that tenant's
row-level security. That id is no secret; what proves anything is the randomness after it.

An API key follows GitHub's format (https://github.blog/2021-04-05-behind-githubs-new-authentication-
token-formats/): `im_`, the tenant's id, 30 random base62 characters (178 bits), and a CRC32 of all
of it in six more. Scanners find it by its prefix, and junk is turned away without a look-up.
"""

import base64
import binascii
import hmac
import re
import zlib
from collections.abc import Callable
from hashlib import sha256
from typing import Final, Literal
from uuid import UUID

from core.shared.ids import TenantId

_DIGITS: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_TENANT_LENGTH: Final = 22
_RANDOM_LENGTH: Final = 30
_CHECKSUM_LENGTH: Final = 6
_SESSION_RANDOM_BYTES: Final = 32
_SESSION_BYTES: Final = 16 + _SESSION_RANDOM_BYTES

API_KEY_PREFIX: Final = "im_"
API_KEY_PATTERN: Final = r"im_[0-9A-Za-z]{22}_[0-9A-Za-z]{36}"
"""What a secret scanner looks for."""
_API_KEY = re.compile(API_KEY_PATTERN)

Purpose = Literal[
    "session",
    "api_key",
    "invitation",
    "password_reset",
    "sign_in_link",
    "sign_in_browser",
    "sign_in_code",
]


class Pepper:
    """Hashes tokens with a key that the database doesn't hold: a stolen table opens nothing."""

    def __init__(self, secret_key: str) -> None:
        self._key = secret_key.encode()

    def digest(self, purpose: Purpose, token: str) -> bytes:
        """Return HMAC-SHA256 of `token`, different for each purpose."""
        return hmac.digest(self._key, f"{purpose}:{token}".encode(), sha256)


def make_api_key(tenant_id: TenantId, token: Callable[[int], str]) -> str:
    """Return a new API key of the tenant; `token` is `Ids.token`."""
    body = f"{API_KEY_PREFIX}{_base62(tenant_id.int, _TENANT_LENGTH)}_{_random_base62(token)}"
    return body + _checksum(body)


def tenant_of_api_key(key: str) -> TenantId | None:
    """Return the tenant that a key says it is for, or None when it is no key of ours."""
    if not _API_KEY.fullmatch(key):
        return None
    body, checksum = key[:-_CHECKSUM_LENGTH], key[-_CHECKSUM_LENGTH:]
    if _checksum(body) != checksum:
        return None
    number = _from_base62(body[len(API_KEY_PREFIX) :][:_TENANT_LENGTH])
    return TenantId(UUID(int=number)) if number < 1 << 128 else None


def hint_of_api_key(key: str) -> str:
    """Return the few characters by which a person tells their keys apart."""
    return key[-_CHECKSUM_LENGTH - _RANDOM_LENGTH :][:4]


def make_session_token(tenant_id: TenantId, token: Callable[[int], str]) -> str:
    """Return a new session token of 256 random bits for the tenant; `token` is `Ids.token`."""
    random = base64.urlsafe_b64decode(token(_SESSION_RANDOM_BYTES) + "=")
    return base64.urlsafe_b64encode(tenant_id.bytes + random).decode()


def tenant_of_session_token(token: str) -> TenantId | None:
    """Return the tenant that a session token says it is for, or None when it is malformed."""
    try:
        raw = base64.b64decode(token.encode("ascii"), altchars=b"-_", validate=True)
    except (UnicodeEncodeError, binascii.Error):
        return None
    return TenantId(UUID(bytes=raw[:16])) if len(raw) == _SESSION_BYTES else None


def make_code(token: Callable[[int], str]) -> str:
    """Return six random digits to be read from one screen and typed at another."""
    raw = base64.urlsafe_b64decode(token(32) + "=")
    return f"{int.from_bytes(raw, 'big') % 1_000_000:06}"


def _base62(number: int, length: int) -> str:
    digits = []
    for _ in range(length):
        number, digit = divmod(number, 62)
        digits.append(_DIGITS[digit])
    return "".join(reversed(digits))


def _from_base62(text: str) -> int:
    number = 0
    for digit in text:
        number = number * 62 + _DIGITS.index(digit)
    return number


def _random_base62(token: Callable[[int], str]) -> str:
    # 32 bytes against 62^30 < 2^179: taking the remainder favours no character measurably.
    raw = base64.urlsafe_b64decode(token(32) + "=")
    return _base62(int.from_bytes(raw, "big") % 62**_RANDOM_LENGTH, _RANDOM_LENGTH)


def _checksum(body: str) -> str:
    return _base62(zlib.crc32(body.encode()), _CHECKSUM_LENGTH)
