"""Identifiers that more than one slice speaks of, and the port that makes new ones.

Every id is a UUIDv7 (RFC 9562): unique across tenants, ordered by creation time, and of the
same shape whether it exists or not, so that it tells a stranger nothing.
"""

from typing import NewType, Protocol
from uuid import UUID

TenantId = NewType("TenantId", UUID)
AccountId = NewType("AccountId", UUID)
MemberId = NewType("MemberId", UUID)
ApiKeyId = NewType("ApiKeyId", UUID)
EventId = NewType("EventId", UUID)


class Ids(Protocol):
    """Source of identifiers and secrets; the only randomness that use cases see."""

    def new(self) -> UUID:
        """Return a new UUIDv7."""
        ...

    def token(self, random_bytes: int = 32) -> str:
        """Return a new URL-safe secret made of `random_bytes` bytes of randomness."""
        ...
