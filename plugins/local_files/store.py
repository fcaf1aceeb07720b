"""Keeps files under `<folder>/<tenant>/<two characters>/<id>`: no path has an outside name."""

import asyncio
import os
from collections.abc import Sequence
from pathlib import Path
from uuid import UUID

from core.shared.clock import UtcDatetime
from core.shared.errors import Unavailable
from core.shared.ids import TenantId


class LocalFiles:
    """Implements `core.ports.files.FileStore` for one tenant."""

    def __init__(self, folder: Path, tenant_id: TenantId) -> None:
        self._folder = folder / str(tenant_id)

    async def put(self, file_id: UUID, content: bytes) -> None:
        """Write the file and make it durable before returning."""
        try:
            await asyncio.to_thread(_write, self._path(file_id), content)
        except OSError as error:
            raise Unavailable("The file can't be stored at the moment.") from error

    async def get(self, file_id: UUID) -> bytes | None:
        """Return the content, or None."""
        try:
            return await asyncio.to_thread(self._path(file_id).read_bytes)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise Unavailable("The file can't be read at the moment.") from error

    async def remove(self, file_id: UUID) -> None:
        """Delete the file."""
        path = self._path(file_id)
        try:
            await asyncio.to_thread(path.unlink, missing_ok=True)
            await asyncio.to_thread(_unfinished(path).unlink, missing_ok=True)
        except OSError as error:
            raise Unavailable("The file can't be removed at the moment.") from error

    async def stored_before(self, moment: UtcDatetime) -> Sequence[UUID]:
        """Return what was stored before, also what a crash left half written."""
        try:
            return await asyncio.to_thread(_older, self._folder, moment.timestamp())
        except OSError as error:
            raise Unavailable("The files can't be listed at the moment.") from error

    def _path(self, file_id: UUID) -> Path:
        # The last characters of a UUIDv7 are random; its first ones are the time.
        return self._folder / file_id.hex[-2:] / file_id.hex


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    unfinished = _unfinished(path)
    descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    unfinished.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _unfinished(path: Path) -> Path:
    return path.with_suffix(".part")


def _older(folder: Path, moment: float) -> list[UUID]:
    found = {
        UUID(hex=path.stem)
        for path in folder.glob("??/*")
        if path.is_file() and path.stat().st_mtime < moment
    }
    return sorted(found)
