"""Notes and files of candidates."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import msgspec
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from core.candidates.contracts import CandidateId, FileId, FileView, NoteId, NoteView
from core.candidates.errors import FileNotFound, NoteNotFound
from core.shared.cursor import decode_cursor, encode_cursor
from core.shared.paging import Page, PageRequest
from plugins.postgres.candidate_tables import candidate_files, candidate_notes
from plugins.postgres.candidates import PostgresCandidates
from plugins.postgres.database import TenantReader
from plugins.postgres.unit import Unit

_CHUNK: Final = 5_000
"""Values of one IN list."""


class PostgresNotes:
    """Implements `core.candidates.ports.NoteRepository`."""

    def __init__(self, unit: Unit) -> None:
        self._unit = unit
        self._candidates = PostgresCandidates(unit)

    async def get(self, candidate_id: CandidateId, note_id: NoteId) -> NoteView:
        """Return a note, locked."""
        row = await self._unit.one_or_none(
            sa.select(candidate_notes)
            .where(candidate_notes.c.candidate_id == candidate_id, candidate_notes.c.id == note_id)
            .with_for_update()
        )
        if row is None:
            raise NoteNotFound("There is no such note on this candidate.")
        return _note(row)

    async def save(self, note: NoteView) -> None:
        """Insert or update a note."""
        await self._unit.execute(
            postgresql.insert(candidate_notes)
            .values(tenant_id=self._unit.tenant_id, **msgspec.structs.asdict(note))
            .on_conflict_do_update(
                index_elements=["tenant_id", "id"],
                set_={"text": note.text, "edited_at": note.edited_at},
            )
        )
        await self._refresh(note.candidate_id)

    async def remove(self, note: NoteView) -> None:
        """Delete a note."""
        await self._unit.execute(sa.delete(candidate_notes).where(candidate_notes.c.id == note.id))
        await self._refresh(note.candidate_id)

    async def _refresh(self, candidate_id: CandidateId) -> None:
        await self._candidates.refresh_search(await self._candidates.get(candidate_id))


class PostgresFiles:
    """Implements `core.candidates.ports.FileRepository`."""

    def __init__(self, unit: Unit) -> None:
        self._unit = unit

    async def add(self, file: FileView, sha256: bytes) -> None:
        """Insert a record."""
        await self._unit.execute(
            sa.insert(candidate_files).values(
                tenant_id=self._unit.tenant_id, sha256=sha256, **msgspec.structs.asdict(file)
            )
        )

    async def remove(self, candidate_id: CandidateId, file_id: FileId) -> None:
        """Delete a record."""
        result = await self._unit.execute(
            sa.delete(candidate_files).where(
                candidate_files.c.candidate_id == candidate_id, candidate_files.c.id == file_id
            )
        )
        if result.rowcount != 1:
            raise _no_file()

    async def ids(self, candidate_id: CandidateId) -> tuple[FileId, ...]:
        """Return every file of a candidate."""
        rows = await self._unit.all(
            sa.select(candidate_files.c.id).where(candidate_files.c.candidate_id == candidate_id)
        )
        return tuple(FileId(row.id) for row in rows)

    async def known(self, file_ids: Sequence[UUID]) -> set[UUID]:
        """Return which of these have a record."""
        found: set[UUID] = set()
        for start in range(0, len(file_ids), _CHUNK):
            chunk = file_ids[start : start + _CHUNK]
            rows = await self._unit.all(
                sa.select(candidate_files.c.id).where(candidate_files.c.id.in_(chunk))
            )
            found.update(row.id for row in rows)
        return found


class _Cursor(msgspec.Struct, array_like=True, frozen=True):
    at: datetime
    id: UUID


class PostgresAttachmentQueries:
    """Implements `core.candidates.ports.AttachmentQueries`."""

    def __init__(self, reader: TenantReader) -> None:
        self._reader = reader

    async def notes(self, candidate_id: CandidateId, request: PageRequest) -> Page[NoteView]:
        """Return notes, newest first."""
        table = candidate_notes
        rows, cursor = await self._rows(table, table.c.created_at, candidate_id, request)
        return Page([_note(row) for row in rows], cursor)

    async def files(self, candidate_id: CandidateId, request: PageRequest) -> Page[FileView]:
        """Return files, newest first."""
        table = candidate_files
        rows, cursor = await self._rows(table, table.c.uploaded_at, candidate_id, request)
        return Page([_file(row) for row in rows], cursor)

    async def file(self, candidate_id: CandidateId, file_id: FileId) -> FileView:
        """Return one file's record."""
        rows = await self._reader.select(
            sa.select(candidate_files).where(
                candidate_files.c.candidate_id == candidate_id, candidate_files.c.id == file_id
            )
        )
        if not rows:
            raise _no_file()
        return _file(rows[0])

    async def _rows(
        self, table: sa.Table, at: sa.Column[Any], candidate_id: CandidateId, request: PageRequest
    ) -> tuple[list[sa.Row[Any]], str | None]:
        statement = (
            sa.select(table)
            .where(
                table.c.tenant_id == self._reader.tenant_id, table.c.candidate_id == candidate_id
            )
            .order_by(at.desc(), table.c.id.desc())
            .limit(request.limit + 1)
        )
        if request.cursor is not None:
            after = decode_cursor(request.cursor, _Cursor)
            statement = statement.where(sa.tuple_(at, table.c.id) < (after.at, after.id))
        rows = await self._reader.select(statement)
        if len(rows) <= request.limit:
            return rows, None
        last = rows[request.limit - 1]
        return rows[: request.limit], encode_cursor(_Cursor(getattr(last, at.name), last.id))


def _note(row: sa.Row[Any]) -> NoteView:
    return NoteView(
        id=row.id,
        candidate_id=row.candidate_id,
        author_id=row.author_id,
        author_name=row.author_name,
        text=row.text,
        created_at=row.created_at,
        edited_at=row.edited_at,
    )


def _file(row: sa.Row[Any]) -> FileView:
    return FileView(
        id=row.id,
        candidate_id=row.candidate_id,
        name=row.name,
        media_type=row.media_type,
        size_bytes=row.size_bytes,
        uploaded_at=row.uploaded_at,
        uploaded_by=row.uploaded_by,
    )


def _no_file() -> FileNotFound:
    return FileNotFound("There is no such file on this candidate.")
