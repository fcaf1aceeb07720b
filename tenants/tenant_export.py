"""Writes all that the database keeps of one tenant into one file, whole or not at all.

The file is a zip archive with a JSON Lines file for each table and `manifest.json`, which says what
is in it, what isn't and why. Called by `intellimatch tenant export`.
"""

import contextlib
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from importlib.metadata import version
from pathlib import Path
from typing import Final
from uuid import UUID, uuid4
from zipfile import ZIP_DEFLATED, ZipFile

import msgspec

from core.ports.files import FileStore
from core.shared.errors import Conflict, NotFound
from core.shared.ids import TenantId
from core.shared.tenant import TenantContext
from plugins.postgres.tenant_snapshot import (
    LEFT_OUT,
    WITHHELD,
    ExportedTable,
    TenantSnapshot,
    tenant_snapshot,
)

FORMAT: Final = 1
MANIFEST: Final = "manifest.json"

OUTSIDE: Final[Mapping[str, str]] = {
    "what plugins keep at vendors": "Each plugin's manifest says where; ask the vendor.",
    "before, after and reason in audit_entries about people": "They are as they are stored, "
    "encrypted for each person; admins read them with GET /api/v1/audit/export.csv.",
    "accounts": "A person's password belongs to all workspaces that they are a member of; "
    "members has names and addresses.",
}
"""What belongs to a tenant and is in no table that is read."""

FILES: Final = "contents of files"
WITHOUT_FILES: Final = (
    "They weren't asked for; they lie in the file store under the ids of candidate_files."
)


class ExportedFile(msgspec.Struct, frozen=True):
    """One file of the archive."""

    file: str
    table: str
    plugin: str | None
    rows: int
    withheld: Mapping[str, str]
    """Columns that aren't in it, with the reason."""


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """What an archive holds."""

    format: int
    product_version: str
    tenant_id: TenantId
    slug: str
    name: str
    taken_at: datetime
    """The moment that all rows are from."""
    files: tuple[ExportedFile, ...]
    contents: int
    """How many contents of files there are, as `files/<id>`."""
    missing_contents: tuple[UUID, ...]
    """Files whose contents weren't in the store; they were deleted meanwhile, or are lost."""
    left_out: Mapping[str, str]
    """Tables and other things that aren't in it, with the reason."""


async def export_tenant(
    app_url: str, tenant: TenantContext, to: Path, store: FileStore | None = None
) -> Manifest:
    """Write the archive to `to`, readable by this user alone, and return what it holds.

    With `store`, the contents of files are in it. Raises Conflict when there is a file already,
    NotFound when its folder isn't there, Unavailable and UnsafeRole; then nothing is left of the
    attempt.
    """
    require_free(to)
    with _whole_or_not_at_all(to) as archive:
        async with tenant_snapshot(app_url, tenant.id) as snapshot:
            taken_at = snapshot.taken_at
            files = [await _write(archive, snapshot, each) for each in await snapshot.tables()]
            file_ids = await snapshot.file_ids()
        missing = [] if store is None else await _write_contents(archive, store, file_ids)
        manifest = Manifest(
            format=FORMAT,
            product_version=version("intellimatch"),
            tenant_id=tenant.id,
            slug=tenant.slug,
            name=tenant.name,
            taken_at=taken_at,
            files=tuple(files),
            contents=0 if store is None else len(file_ids) - len(missing),
            missing_contents=tuple(missing),
            left_out={**LEFT_OUT, **OUTSIDE, **({FILES: WITHOUT_FILES} if store is None else {})},
        )
        archive.writestr(MANIFEST, msgspec.json.format(msgspec.json.encode(manifest)))
    return manifest


def require_free(to: Path) -> None:
    """Raise Conflict when there is a file already, NotFound when its folder isn't there."""
    if not to.parent.is_dir():
        raise NotFound(f"There is no folder {to.parent}.")
    if to.exists():
        raise Conflict(f"{to} is there already. Name another file, or remove it.")


async def _write(archive: ZipFile, snapshot: TenantSnapshot, table: ExportedTable) -> ExportedFile:
    folder = "tables" if table.plugin_id is None else f"plugins/{table.plugin_id}"
    name = f"{folder}/{table.name}.jsonl"
    amount = 0
    with archive.open(name, "w", force_zip64=True) as file:
        async for lines in snapshot.rows(table):
            amount += len(lines)
            file.write("".join(f"{line}\n" for line in lines).encode())
    return ExportedFile(name, table.name, table.plugin_id, amount, WITHHELD.get(table.name, {}))


async def _write_contents(
    archive: ZipFile, store: FileStore, file_ids: Sequence[UUID]
) -> list[UUID]:
    """Write what the store has and return what it hasn't. Raises Unavailable."""
    missing = []
    for file_id in file_ids:
        content = await store.get(file_id)
        if content is None:
            missing.append(file_id)
        else:
            archive.writestr(f"files/{file_id}", content)
    return missing


@contextmanager
def _whole_or_not_at_all(to: Path) -> Iterator[ZipFile]:
    """Yield an archive beside `to` that takes its place when the block has succeeded."""
    partial = to.with_name(f".{to.name}.{uuid4().hex}.partial")
    descriptor = os.open(partial, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            with ZipFile(file, "w", ZIP_DEFLATED) as archive:
                yield archive
            file.flush()
            os.fsync(file.fileno())
        partial.replace(to)
    except BaseException:
        with contextlib.suppress(FileNotFoundError):
            partial.unlink()
        raise
    _settle(to.parent)


def _settle(folder: Path) -> None:
    """Make the file's name as durable as its content."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
