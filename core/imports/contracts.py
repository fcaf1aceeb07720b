"""What others may say to this slice and what it answers."""

from collections.abc import Mapping
from typing import Annotated, Literal, NewType
from uuid import UUID

import msgspec
from msgspec import Meta

from core.ports.tasks import task
from core.shared.clock import UtcDatetime
from core.shared.errors import FieldError
from core.shared.ids import MemberId
from core.shared.paging import DEFAULT_LIMIT, Limit, Page
from core.shared.text import LINE
from core.shared.usecase import Command, Query

ImportId = NewType("ImportId", UUID)

ImportKind = Literal["candidates", "applications"]
ImportState = Literal["queued", "running", "checked", "done", "failed", "cancelled"]
RowOutcome = Literal["created", "updated", "skipped", "error"]
OnError = Literal["skip", "abort"]
OnDuplicate = Literal["skip", "update"]

Column = Literal[
    "full_name",
    "first_name",
    "last_name",
    "preferred_name",
    "emails",
    "phones",
    "links",
    "headline",
    "location",
    "skills",
    "company",
    "title",
    "source",
    "tags",
    "resume_text",
    "job",
    "stage",
    "ignore",
]
"""What a column of the file can hold."""


class ImportOptions(msgspec.Struct, frozen=True, kw_only=True):
    """How an import treats what it finds."""

    dry_run: bool = False
    """Only check and report; `CommitImport` then does it."""
    on_error: OnError = "skip"
    """Leave rows with errors out, or import nothing when there is one."""
    on_duplicate: OnDuplicate = "skip"
    """What to do with a row whose e-mail address a candidate has already."""
    job_id: UUID | None = None
    """The job of every application in the file; without it the file needs a column `job`."""


class ImportView(msgspec.Struct, frozen=True, kw_only=True):
    """An import, how far it is and what became of its rows."""

    id: ImportId
    kind: ImportKind
    state: ImportState
    file_name: str
    size_bytes: int
    options: ImportOptions
    columns: dict[str, Column]
    """What each column of the file was taken for, by its header."""
    total_rows: int
    done_rows: int
    created: int
    updated: int
    skipped: int
    failed: int
    failure: str | None
    """Why nothing was imported, when the state is `failed`."""
    created_by: MemberId | None
    created_at: UtcDatetime
    finished_at: UtcDatetime | None


class ImportRow(msgspec.Struct, frozen=True):
    """What became, or after a dry run would become, of one row."""

    line: int
    """Line of the file on which the row starts; the header is on line 1."""
    outcome: RowOutcome
    subject_id: UUID | None
    """The candidate or application made of it."""
    errors: tuple[FieldError, ...] = ()


class StartImport(Command[ImportView], frozen=True, kw_only=True):
    """Take a CSV file; its rows are worked on in the background."""

    kind: ImportKind
    file_name: Annotated[str, Meta(min_length=1, max_length=200, pattern=LINE)]
    content: bytes
    options: ImportOptions = ImportOptions()
    mapping: Mapping[str, Column] = msgspec.field(default_factory=dict)
    """Header to column, for headers that we don't know or take for something else."""


class CommitImport(Command[ImportView], frozen=True, kw_only=True):
    """Do what a dry run has checked."""

    import_id: ImportId


class CancelImport(Command[ImportView], frozen=True, kw_only=True):
    """Stop an import that hasn't ended; nothing of it remains."""

    import_id: ImportId


@task("import")
class RunImport(Command[None], frozen=True, kw_only=True):
    """Work through the rows in one transaction; only background work runs it."""

    import_id: ImportId
    dry_run: bool


class GetImport(Query[ImportView], frozen=True, kw_only=True):
    """One import."""

    import_id: ImportId


class ListImports(Query[Page[ImportView]], frozen=True, kw_only=True):
    """Imports, newest first."""

    limit: Limit = DEFAULT_LIMIT
    cursor: str | None = None


class ListImportRows(Query[Page[ImportRow]], frozen=True, kw_only=True):
    """The report of an import in the order of lines."""

    import_id: ImportId
    outcome: RowOutcome | None = None
    limit: Limit = DEFAULT_LIMIT
    cursor: str | None = None
