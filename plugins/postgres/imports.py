"""Imports, their progress and their reports in PostgreSQL."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from core.imports.contracts import (
    ImportId,
    ImportOptions,
    ImportRow,
    ImportState,
    ImportView,
    RowOutcome,
)
from core.imports.errors import ImportNotFound
from core.imports.ports import Counts
from core.shared.clock import Clock, UtcDatetime
from core.shared.cursor import decode_cursor, encode_cursor
from core.shared.errors import FieldError
from core.shared.ids import TenantId
from core.shared.paging import Page, PageRequest
from plugins.postgres.database import Database, TenantReader
from plugins.postgres.import_tables import import_progress, import_rows, import_sources, imports
from plugins.postgres.task_tables import tasks
from plugins.postgres.unit import Unit

_KEPT = ("id", "kind", "file_name", "size_bytes", "total_rows", "created_by", "created_at")
_DEAD = "The work ended three times without a result; nothing was imported."


class PostgresImports:
    """Implements `core.imports.ports.ImportRepository`."""

    def __init__(self, unit: Unit) -> None:
        self._unit = unit

    async def add(self, view: ImportView, content: bytes) -> None:
        """Insert an import and its file."""
        await self._unit.execute(
            sa.insert(imports).values(
                tenant_id=self._unit.tenant_id,
                state=view.state,
                options=msgspec.to_builtins(view.options),
                columns=view.columns,
                **{name: getattr(view, name) for name in _KEPT},
            )
        )
        await self._unit.execute(
            sa.insert(import_sources).values(
                tenant_id=self._unit.tenant_id, import_id=view.id, content=content
            )
        )

    async def get(self, import_id: ImportId, *, lock: bool = False) -> ImportView:
        """Return an import."""
        if lock:
            await self._unit.execute(
                sa.select(imports.c.id).where(imports.c.id == import_id).with_for_update()
            )
        row = await self._unit.one_or_none(_select().where(imports.c.id == import_id))
        if row is None:
            raise _absent()
        return _view(row)

    async def content(self, import_id: ImportId) -> bytes:
        """Return the file."""
        row = await self._unit.one_or_none(
            sa.select(import_sources.c.content).where(import_sources.c.import_id == import_id)
        )
        if row is None:
            raise _absent()
        return bytes(row.content)

    async def queue(self, import_id: ImportId) -> None:
        """Go from checked to queued, without the report of the check."""
        await self._unit.execute(
            sa.update(imports)
            .where(imports.c.id == import_id)
            .values(state="queued", created=0, updated=0, skipped=0, failed=0)
        )
        for table in (import_rows, import_progress):
            await self._unit.execute(sa.delete(table).where(table.c.import_id == import_id))

    async def finish(
        self,
        import_id: ImportId,
        state: ImportState,
        counts: Counts,
        at: UtcDatetime | None,
        failure: str | None = None,
    ) -> bool:
        """Set the end, unless somebody cancelled meanwhile."""
        result = await self._unit.execute(
            sa.update(imports)
            .where(imports.c.id == import_id, imports.c.state == "queued")
            .values(state=state, failure=failure, finished_at=at, **msgspec.structs.asdict(counts))
        )
        if result.rowcount == 1 and at is not None:
            await self._drop_source(import_id)
        return result.rowcount == 1

    async def cancel(self, import_id: ImportId, at: UtcDatetime) -> None:
        """End as cancelled."""
        await self._unit.execute(
            sa.update(imports)
            .where(imports.c.id == import_id)
            .values(state="cancelled", finished_at=at, created=0, updated=0, skipped=0, failed=0)
        )
        await self._drop_source(import_id)
        await self._unit.execute(sa.delete(import_rows).where(import_rows.c.import_id == import_id))

    async def report(self, import_id: ImportId, rows: Sequence[ImportRow]) -> None:
        """Insert what became of the rows."""
        if rows:
            await self._unit.execute(
                sa.insert(import_rows),
                [
                    {
                        "tenant_id": self._unit.tenant_id,
                        "import_id": import_id,
                        "line": row.line,
                        "outcome": row.outcome,
                        "subject_id": row.subject_id,
                        "errors": msgspec.to_builtins(row.errors),
                    }
                    for row in rows
                ],
            )

    @asynccontextmanager
    async def all_or_nothing(self) -> AsyncIterator[None]:
        """Undo everything written inside when it fails."""
        async with self._unit.savepoint():
            yield

    async def _drop_source(self, import_id: ImportId) -> None:
        await self._unit.execute(
            sa.delete(import_sources).where(import_sources.c.import_id == import_id)
        )


class PostgresImportProgress:
    """Implements `core.imports.ports.ImportProgress` in transactions of its own."""

    def __init__(self, database: Database, tenant_id: TenantId, clock: Clock) -> None:
        self._database = database
        self._tenant_id = tenant_id
        self._clock = clock

    async def begin(self, import_id: ImportId) -> None:
        """Count an attempt and start over."""
        statement = postgresql.insert(import_progress).values(
            tenant_id=self._tenant_id,
            import_id=import_id,
            attempts=1,
            done_rows=0,
            at=self._clock.now(),
        )
        async with self._database.unit(self._tenant_id) as unit:
            await unit.execute(
                statement.on_conflict_do_update(
                    index_elements=["tenant_id", "import_id"],
                    set_={
                        "attempts": import_progress.c.attempts + 1,
                        "done_rows": 0,
                        "at": statement.excluded.at,
                    },
                )
            )

    async def advance(self, import_id: ImportId, done_rows: int) -> None:
        """Say how far the work is."""
        async with self._database.unit(self._tenant_id) as unit:
            await unit.execute(
                sa.update(import_progress)
                .where(import_progress.c.import_id == import_id)
                .values(done_rows=done_rows, at=self._clock.now())
            )


class _Newest(msgspec.Struct, array_like=True, frozen=True):
    created_at: datetime
    id: UUID


class PostgresImportQueries:
    """Implements `core.imports.ports.ImportQueries`."""

    def __init__(self, reader: TenantReader) -> None:
        self._reader = reader

    async def get(self, import_id: ImportId) -> ImportView:
        """Return an import."""
        rows = await self._reader.select(_select().where(imports.c.id == import_id))
        if not rows:
            raise _absent()
        return _view(rows[0])

    async def page(self, request: PageRequest) -> Page[ImportView]:
        """Return imports, newest first."""
        statement = (
            _select()
            .where(imports.c.tenant_id == self._reader.tenant_id)
            .order_by(imports.c.created_at.desc(), imports.c.id.desc())
            .limit(request.limit + 1)
        )
        if request.cursor is not None:
            after = decode_cursor(request.cursor, _Newest)
            statement = statement.where(
                sa.tuple_(imports.c.created_at, imports.c.id) < (after.created_at, after.id)
            )
        rows = await self._reader.select(statement)
        views = [_view(row) for row in rows[: request.limit]]
        if len(rows) <= request.limit:
            return Page(views)
        return Page(views, encode_cursor(_Newest(views[-1].created_at, views[-1].id)))

    async def rows(
        self, import_id: ImportId, outcome: RowOutcome | None, request: PageRequest
    ) -> Page[ImportRow]:
        """Return the report in the order of lines."""
        table = import_rows
        statement = (
            sa.select(table)
            .where(table.c.tenant_id == self._reader.tenant_id, table.c.import_id == import_id)
            .order_by(table.c.line)
            .limit(request.limit + 1)
        )
        if outcome is not None:
            statement = statement.where(table.c.outcome == outcome)
        if request.cursor is not None:
            statement = statement.where(table.c.line > decode_cursor(request.cursor, tuple[int])[0])
        rows = await self._reader.select(statement)
        report = [
            ImportRow(
                row.line,
                row.outcome,
                row.subject_id,
                msgspec.convert(row.errors, tuple[FieldError, ...]),
            )
            for row in rows[: request.limit]
        ]
        return Page(report, encode_cursor((report[-1].line,)) if len(rows) > len(report) else None)


def _select() -> sa.Select[Any]:
    """Imports with their progress, and whether their task was given up."""
    dead = sa.exists().where(
        tasks.c.tenant_id == imports.c.tenant_id,
        tasks.c.unique_key.in_(
            [
                sa.literal("import:") + sa.cast(imports.c.id, sa.Text) + ending
                for ending in (":check", ":run")
            ]
        ),
        tasks.c.dead_at.is_not(None),
    )
    joined = imports.outerjoin(
        import_progress,
        (import_progress.c.tenant_id == imports.c.tenant_id)
        & (import_progress.c.import_id == imports.c.id),
    )
    return sa.select(
        imports, import_progress.c.attempts, import_progress.c.done_rows, dead.label("dead")
    ).select_from(joined)


def _view(row: sa.Row[Any]) -> ImportView:
    state, failure = row.state, row.failure
    if state == "queued" and row.dead:
        state, failure = "failed", _DEAD
    elif state == "queued" and row.attempts:
        state = "running"
    ended = state in {"checked", "done"}
    return ImportView(
        id=row.id,
        kind=row.kind,
        state=state,
        file_name=row.file_name,
        size_bytes=row.size_bytes,
        options=msgspec.convert(row.options, ImportOptions),
        columns=row.columns,
        total_rows=row.total_rows,
        done_rows=row.total_rows if ended else row.done_rows or 0,
        created=row.created,
        updated=row.updated,
        skipped=row.skipped,
        failed=row.failed,
        failure=failure,
        created_by=row.created_by,
        created_at=row.created_at,
        finished_at=row.finished_at,
    )


def _absent() -> ImportNotFound:
    return ImportNotFound("There is no such import.")
