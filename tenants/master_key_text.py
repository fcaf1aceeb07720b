"""The text that master keys are given in, as a setting and as a file: `2:BASE64,1:BASE64`.

Used by `tenants.settings_values`, which checks it, and by `tenants.master_keys`, which holds them.
"""

import base64
import binascii
import re
from collections.abc import Mapping
from typing import Final

KEY_BYTES: Final = 32
HIGHEST_VERSION: Final = 32_767
_SEPARATORS: Final = re.compile(r"[,\s]+")
_VERSION: Final = re.compile(r"[1-9][0-9]{0,4}")


def parse_master_keys(text: str) -> dict[int, bytes]:
    """Return the keys by version. Raises ValueError, which never quotes a key."""
    keys: dict[int, bytes] = {}
    for place, part in enumerate((each for each in _SEPARATORS.split(text) if each), start=1):
        version, colon, encoded = part.partition(":")
        if not colon or not _VERSION.fullmatch(version) or int(version) > HIGHEST_VERSION:
            raise ValueError(f"key {place} doesn't begin with its version and a colon")
        number = int(version)
        try:
            key = base64.b64decode(encoded, validate=True)
        except binascii.Error:
            raise ValueError(f"version {number} is no base64") from None
        if len(key) != KEY_BYTES:
            raise ValueError(f"version {number} has {len(key)} bytes and not {KEY_BYTES}")
        if number in keys:
            raise ValueError(f"version {number} is there twice")
        if key in keys.values():
            raise ValueError(f"version {number} is the same key as another version")
        keys[number] = key
    if not keys:
        raise ValueError("it holds no key")
    if list(keys) != sorted(keys, reverse=True):
        raise ValueError("the newest version must come first")
    return keys


def format_master_keys(keys: Mapping[int, bytes]) -> str:
    """Return the text of a file: a key on each line, the newest first."""
    lines = (
        f"{version}:{base64.b64encode(keys[version]).decode()}\n"
        for version in sorted(keys, reverse=True)
    )
    return "".join(lines)
