"""`FileStore` in memory: a dictionary by tenant and id."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from uuid import UUID

from core.shared.clock import UtcDatetime

Cupboard = dict[tuple[str, UUID], tuple[bytes, datetime]]


class MemoryFiles:
    """One tenant's part of a cupboard."""

    def __init__(self, cupboard: Cupboard, tenant: str) -> None:
        self._cupboard = cupboard
        self._tenant = tenant

    async def put(self, file_id: UUID, content: bytes) -> None:
        """Keep the content."""
        self._cupboard[self._tenant, file_id] = (content, datetime.now(UTC))

    async def get(self, file_id: UUID) -> bytes | None:
        """Return the content, or None."""
        kept = self._cupboard.get((self._tenant, file_id))
        return None if kept is None else kept[0]

    async def remove(self, file_id: UUID) -> None:
        """Forget the content."""
        self._cupboard.pop((self._tenant, file_id), None)

    async def stored_before(self, moment: UtcDatetime) -> Sequence[UUID]:
        """Return what was kept before."""
        return [
            file_id
            for (tenant, file_id), (_, at) in self._cupboard.items()
            if tenant == self._tenant and at < moment
        ]


class MemoryFilesRig:
    """Two tenants of one cupboard."""

    def __init__(self) -> None:
        cupboard: Cupboard = {}
        self.store = MemoryFiles(cupboard, "one")
        self.other = MemoryFiles(cupboard, "other")

    def now(self) -> UtcDatetime:
        """Return the machine's time."""
        return UtcDatetime(datetime.now(UTC))


@asynccontextmanager
async def memory_files() -> AsyncIterator[MemoryFilesRig]:
    """Yield a rig for `FilesContract`."""
    yield MemoryFilesRig()
