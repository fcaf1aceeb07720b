"""Keeps files in a bucket under `<prefix>/<tenant>/<two characters>/<id>`: no outside name in it.

The operator chooses it with `INTELLIMATCH_FILES_URL`; the bucket needs no more than the rights to
get, put, delete and list below the prefix. A folder of `plugins.local_files` has the same layout,
so that any tool which copies folders moves the files (docs/operators/files.md).
"""

from collections.abc import AsyncIterator, Sequence
from uuid import UUID

import obstore

from core.shared.clock import UtcDatetime
from core.shared.ids import TenantId
from plugins.s3_files.bucket import Storage


class S3Files:
    """Implements `core.ports.files.FileStore` for one tenant."""

    def __init__(self, storage: Storage, tenant_id: TenantId) -> None:
        self._storage = storage
        self._folder = str(tenant_id)

    async def put(self, file_id: UUID, content: bytes) -> None:
        """Store the object; S3 answers once it is durable."""
        async with self._storage.reach("The file can't be stored at the moment."):
            await obstore.put_async(self._storage.store, self._path(file_id), content)

    async def get(self, file_id: UUID) -> bytes | None:
        """Return the content, or None."""
        async with self._storage.reach("The file can't be read at the moment."):
            try:
                found = await obstore.get_async(self._storage.store, self._path(file_id))
            except FileNotFoundError as error:
                # A bucket that is gone, or an address where no storage is, says 404 as well.
                if "NoSuchKey" not in str(error):
                    raise
                return None
            return bytes(await found.bytes_async())

    async def remove(self, file_id: UUID) -> None:
        """Delete the object."""
        async with self._storage.reach("The file can't be removed at the moment."):
            try:
                await obstore.delete_async(self._storage.store, self._path(file_id))
            except FileNotFoundError as error:
                if "NoSuchKey" not in str(error):
                    raise

    async def stored_before(self, moment: UtcDatetime) -> Sequence[UUID]:
        """Return what was stored before, by the storage's clock."""
        # A list may have any number of pages; each has the client's own time limit.
        async with self._storage.reach("The files can't be listed at the moment.", seconds=None):
            return [file_id async for file_id in self._older(moment)]

    async def _older(self, moment: UtcDatetime) -> AsyncIterator[UUID]:
        async for page in obstore.list(self._storage.store, f"{self._folder}/"):
            for entry in page:
                if entry["last_modified"] < moment:
                    # What a copy of a folder brought along of a half-written file has an ending.
                    yield UUID(entry["path"].rpartition("/")[2].partition(".")[0])

    def _path(self, file_id: UUID) -> str:
        # The last characters of a UUIDv7 are random; its first ones are the time.
        return f"{self._folder}/{file_id.hex[-2:]}/{file_id.hex}"
