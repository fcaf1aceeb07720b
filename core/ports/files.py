"""Stored file contents, kept apart by tenant. The records about them are the slices' own."""

from collections.abc import Sequence
from typing import Protocol
from uuid import UUID

from core.shared.clock import UtcDatetime


class FileStore(Protocol):
    """Keeps bytes of one tenant under ids that we make: no name from outside reaches it."""

    async def put(self, file_id: UUID, content: bytes) -> None:
        """Store `content` durably. Raises Unavailable when there is no room for it."""
        ...

    async def get(self, file_id: UUID) -> bytes | None:
        """Return the content, or None when there is none. Raises Unavailable."""
        ...

    async def remove(self, file_id: UUID) -> None:
        """Delete the content; nothing happens when there is none. Raises Unavailable."""
        ...

    async def stored_before(self, moment: UtcDatetime) -> Sequence[UUID]:
        """Return what was stored before, wholly or in part. Raises Unavailable."""
        ...
