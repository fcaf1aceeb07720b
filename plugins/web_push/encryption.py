"""Encrypts a push message for one browser: RFC 8291 over RFC 8188's `aes128gcm`.

Only the browser can read it; the push service in between sees its length and nothing else.
"""

import base64
import hashlib
import hmac
import os
import struct
from typing import Final

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

RECORD_BYTES: Final = 4_096
LONGEST_BYTES: Final = 3_500
"""Of a message: push services take bodies of 4,096 bytes (RFC 8030, 7.2), its head included."""

_LAST_RECORD: Final = b"\x02"
CURVE: Final = ec.SECP256R1


class UnusableSubscription(ValueError):
    """What a browser gave as its keys is none."""


def decode(text: str) -> bytes:
    """Return what a base64url text without padding stands for. Raises UnusableSubscription."""
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except ValueError as error:
        raise UnusableSubscription("not base64url") from error


def encode(data: bytes) -> str:
    """Return bytes as base64url without padding."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def point_of(key: ec.EllipticCurvePublicKey) -> bytes:
    """Return the 65 bytes of a public key, as SEC 1 writes it uncompressed."""
    return key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)


def read_key(p256dh: str) -> ec.EllipticCurvePublicKey:
    """Return a browser's public key. Raises UnusableSubscription."""
    try:
        return ec.EllipticCurvePublicKey.from_encoded_point(CURVE(), decode(p256dh))
    except ValueError as error:
        raise UnusableSubscription("not a point of P-256") from error


def encrypt(
    plaintext: bytes,
    p256dh: str,
    auth: str,
    *,
    ephemeral: ec.EllipticCurvePrivateKey | None = None,
    salt: bytes | None = None,
) -> bytes:
    """Return the body that the browser with these keys reads `plaintext` from.

    `ephemeral` and `salt` are new ones unless a test gives those of the RFC.
    Raises UnusableSubscription, and ValueError when the message is too long.
    """
    if len(plaintext) > LONGEST_BYTES:
        raise ValueError(f"a push message holds {LONGEST_BYTES} bytes")
    browser, secret = read_key(p256dh), decode(auth)
    if len(secret) != 16:
        raise UnusableSubscription("the authentication secret has 16 bytes")
    ours = ephemeral or ec.generate_private_key(CURVE())
    salt = salt or os.urandom(16)
    point = point_of(ours.public_key())
    shared = _derived(
        secret,
        ours.exchange(ec.ECDH(), browser),
        b"WebPush: info\x00" + point_of(browser) + point,
        32,
    )
    key = _derived(salt, shared, b"Content-Encoding: aes128gcm\x00", 16)
    nonce = _derived(salt, shared, b"Content-Encoding: nonce\x00", 12)
    sealed = AESGCM(key).encrypt(nonce, plaintext + _LAST_RECORD, None)
    return salt + struct.pack(">IB", RECORD_BYTES, len(point)) + point + sealed


def _derived(salt: bytes, secret: bytes, info: bytes, length: int) -> bytes:
    """RFC 5869 for at most 32 bytes, which is one step."""
    drawn = hmac.digest(salt, secret, hashlib.sha256)
    return hmac.digest(drawn, info + b"\x01", hashlib.sha256)[:length]
