"""Identifiers and secrets from the operating system's randomness."""

import secrets
from uuid import UUID

from uuid_utils.compat import uuid7


class RandomIds:
    """Implements `core.shared.ids.Ids`."""

    def new(self) -> UUID:
        """Return a new UUIDv7 (RFC 9562), ordered by creation time."""
        return uuid7()

    def token(self, random_bytes: int = 32) -> str:
        """Return a new URL-safe secret made of `random_bytes` bytes of randomness."""
        return secrets.token_urlsafe(random_bytes)
