"""API keys: made for a member, limited to scopes, shown once."""

from datetime import timedelta
from typing import Final

import msgspec

from core.shared.clock import UtcDatetime
from core.shared.ids import ApiKeyId, MemberId
from core.shared.usecase import Command, Query

MAX_GRACE: Final = timedelta(hours=24)


class ApiKeyView(msgspec.Struct, frozen=True):
    """An API key without its secret."""

    id: ApiKeyId
    member_id: MemberId
    name: str
    hint: str
    """The first characters after the last underscore, to tell keys apart."""
    scopes: tuple[str, ...]
    created_at: UtcDatetime
    rotated_at: UtcDatetime | None
    expires_at: UtcDatetime | None
    revoked_at: UtcDatetime | None
    last_used_at: UtcDatetime | None
    """To the minute."""


class ApiKeyIssued(msgspec.Struct, frozen=True):
    """An API key with its secret, which is never shown again."""

    api_key: ApiKeyView
    secret: str

    def __repr__(self) -> str:
        return f"ApiKeyIssued(api_key={self.api_key.id})"


class CreateApiKey(Command[ApiKeyIssued], frozen=True, kw_only=True):
    """Make an API key that acts for the member who asks."""

    name: str
    scopes: tuple[str, ...]
    """Actions of the permission table, each permitted to the member."""
    expires_at: UtcDatetime | None = None


class ListApiKeys(Query[tuple[ApiKeyView, ...]], frozen=True, kw_only=True):
    """Read one's own API keys; an admin reads everybody's."""


class RotateApiKey(Command[ApiKeyIssued], frozen=True, kw_only=True):
    """Give one's own key a new secret; the old one holds for `grace_seconds` more."""

    api_key_id: ApiKeyId
    grace_seconds: int = 0


class RevokeApiKey(Command[None], frozen=True, kw_only=True):
    """End a key at once: one's own, or anybody's for an admin."""

    api_key_id: ApiKeyId
