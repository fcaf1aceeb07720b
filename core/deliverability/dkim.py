"""Reads DKIM key records (RFC 6376 3.6.1)."""

import base64
import binascii
from collections.abc import Sequence
from typing import Final

from core.deliverability.dmarc import tags_of

_SMALL_KEY: Final = 140
"""Bytes of a public key: one of RSA with 1,024 bits has 162 or 140, with 512 at most 94."""


def key_fault(texts: Sequence[str]) -> str | None:
    """Return what is wrong with the keys of a selector; None when there is one that works.

    With no record that could be a key, says so.
    """
    faults = [_fault(text) for text in texts]
    if not faults:
        return "There is no key."
    return next((None for fault in faults if fault is None), faults[0])


def _fault(text: str) -> str | None:
    tags = tags_of(text)
    if tags.get("v", "DKIM1") != "DKIM1" or "p" not in tags:
        return "The record is no DKIM key."
    key = "".join(tags["p"].split())
    if not key:
        return "The key was revoked: it is empty."
    try:
        raw = base64.b64decode(key, validate=True)
    except (binascii.Error, ValueError):
        return "The key can't be read; was it cut when it was copied?"
    kind = tags.get("k", "rsa").lower()
    if kind == "ed25519":
        return None if len(raw) == 32 else "The key has the wrong length."
    if kind != "rsa":
        return f"Receivers know no keys of the kind {kind[:20]}."
    return None if len(raw) >= _SMALL_KEY else "The key is too short; receivers want 1,024 bits."
