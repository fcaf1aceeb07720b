"""Says to a push service who sends: RFC 8292 (VAPID), a short-lived token signed with ES256.

A workspace's key is derived from the server's secret, so that every process has it and nobody keeps
it. With another secret browsers have to subscribe anew, which ours do by themselves.
"""

import hashlib
import hmac
from datetime import datetime, timedelta
from typing import Final
from urllib.parse import urlsplit
from uuid import UUID

import msgspec
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from plugins.web_push.encryption import CURVE, encode, point_of

TOKEN_LASTS: Final = timedelta(hours=12)
"""RFC 8292 allows a day; clocks differ."""

_ORDER: Final = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
"""Of P-256's base point (SEC 2, 2.4.2)."""


class Identification:
    """One workspace's key; `subject` is an address of whoever runs it (https: or mailto:)."""

    def __init__(self, server_secret: str, tenant_id: UUID, subject: str) -> None:
        # 64 bytes, so that what the remainder prefers is nothing to speak of (FIPS 186-5, A.2.1).
        seed = hmac.digest(server_secret.encode(), b"web push " + tenant_id.bytes, hashlib.sha512)
        scalar = int.from_bytes(seed) % (_ORDER - 1) + 1
        self._key = ec.derive_private_key(scalar, CURVE())
        self._subject = subject
        self.public_key = encode(point_of(self._key.public_key()))
        """What browsers subscribe with, as `applicationServerKey`."""

    def authorization(self, endpoint: str, now: datetime) -> str:
        """Return the header that goes with a message to `endpoint`."""
        place = urlsplit(endpoint)
        claims = {
            "aud": f"{place.scheme}://{place.netloc}",
            "exp": int((now + TOKEN_LASTS).timestamp()),
            "sub": self._subject,
        }
        signed = b".".join(
            encode(msgspec.json.encode(part)).encode()
            for part in ({"typ": "JWT", "alg": "ES256"}, claims)
        )
        r, s = decode_dss_signature(self._key.sign(signed, ec.ECDSA(hashes.SHA256())))
        signature = encode(r.to_bytes(32) + s.to_bytes(32))
        return f"vapid t={signed.decode()}.{signature}, k={self.public_key}"
