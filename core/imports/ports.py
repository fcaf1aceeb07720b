"""What this slice needs from outside."""

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from typing import Protocol

import msgspec

from core.imports.columns import Parsed
from core.imports.contracts import (
    ImportId,
    ImportRow,
    ImportState,
    ImportView,
    RowOutcome,
)
from core.shared.clock import UtcDatetime
from core.shared.events import Event
from core.shared.paging import Page, PageRequest


class Counts(msgspec.Struct, frozen=True):
    """How many rows came to which end."""

    created: int = 0
    updated: int = 0
    skipped: int = 0
    failed: int = 0


class ImportRepository(Protocol):
    """Keeps imports and their reports."""

    async def add(self, view: ImportView, content: bytes) -> None:
        """Keep a new import with its file."""
        ...

    async def get(self, import_id: ImportId, *, lock: bool = False) -> ImportView:
        """Return an import. Raises ImportNotFound."""
        ...

    async def content(self, import_id: ImportId) -> bytes:
        """Return the file of an import that hasn't ended. Raises ImportNotFound."""
        ...

    async def queue(self, import_id: ImportId) -> None:
        """Forget the report of a dry run: the work begins."""
        ...

    async def finish(
        self,
        import_id: ImportId,
        state: ImportState,
        counts: Counts,
        at: UtcDatetime | None,
        failure: str | None = None,
    ) -> bool:
        """Set the end of a queued import; False, and nothing is set, when it was cancelled."""
        ...

    async def cancel(self, import_id: ImportId, at: UtcDatetime) -> None:
        """End it as cancelled, and drop its file and report."""
        ...

    async def report(self, import_id: ImportId, rows: Sequence[ImportRow]) -> None:
        """Keep what became of rows."""
        ...

    def all_or_nothing(self) -> AbstractAsyncContextManager[None]:
        """Return a context whose failure undoes what was written inside, and only that."""
        ...


class ImportProgress(Protocol):
    """Written beside the import's transaction, so that it can be seen while that is open."""

    async def begin(self, import_id: ImportId) -> None:
        """Count an attempt and start over."""
        ...

    async def advance(self, import_id: ImportId, done_rows: int) -> None:
        """Say how many rows were worked on."""
        ...


class Intake(Protocol):
    """Turns parsed rows into candidates or applications, many at once."""

    async def begin(self, view: ImportView, rows: Sequence[Parsed]) -> None:
        """Look up what all the rows of the import refer to."""
        ...

    def check(self, row: Parsed) -> ImportRow:
        """Return what a row would become; changes nothing.

        Rows come once and in the order of the file; one that repeats an earlier one is skipped.
        """
        ...

    @property
    def new_candidates(self) -> int:
        """How many candidates the checked rows would make."""
        ...

    async def write(self, rows: Sequence[ImportRow]) -> Sequence[Event]:
        """Do what `check` said of these rows and return what happened."""
        ...


class CandidateIntake(Intake, Protocol):
    """For rows that are candidates."""


class ApplicationIntake(Intake, Protocol):
    """For rows that are applications; candidates who aren't there yet are made."""


class ImportQueries(Protocol):
    """Reads imports."""

    async def get(self, import_id: ImportId) -> ImportView:
        """Return an import with its progress. Raises ImportNotFound."""
        ...

    async def page(self, request: PageRequest) -> Page[ImportView]:
        """Return imports, newest first."""
        ...

    async def rows(
        self, import_id: ImportId, outcome: RowOutcome | None, request: PageRequest
    ) -> Page[ImportRow]:
        """Return the report in the order of lines."""
        ...
