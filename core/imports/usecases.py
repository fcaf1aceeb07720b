"""Taking a CSV file, working through it, and reporting."""

from collections import Counter
from typing import Literal

import msgspec

from core.imports.columns import map_columns, parse_row
from core.imports.contracts import (
    CancelImport,
    CommitImport,
    GetImport,
    ImportId,
    ImportRow,
    ImportView,
    ListImportRows,
    ListImports,
    RunImport,
    StartImport,
)
from core.imports.csv_file import read_csv
from core.imports.errors import ImportNotReady
from core.imports.events import ImportCancelled, ImportFinished, ImportStarted
from core.imports.ports import (
    ApplicationIntake,
    CandidateIntake,
    Counts,
    ImportProgress,
    ImportQueries,
    ImportRepository,
    Intake,
)
from core.ports.tasks import Tasks
from core.shared.actor import Actor
from core.shared.clock import Clock
from core.shared.errors import DomainError
from core.shared.events import Event, Recorder
from core.shared.ids import Ids
from core.shared.paging import Page, PageRequest
from core.shared.permissions import Action
from core.shared.usecase import handles
from core.tenancy.contracts import Quotas

BATCH = 500
"""Rows between two notices of progress."""


class _Abandoned(Exception):
    """Ends the writing of an import, so that all of it is undone; says why."""


class _End(msgspec.Struct, frozen=True):
    """How a run ended."""

    state: Literal["checked", "done", "failed"]
    report: list[ImportRow]
    failure: str | None = None

    @property
    def counts(self) -> Counts:
        """How many rows came to which end."""
        found = Counter(row.outcome for row in self.report)
        return Counts(found["created"], found["updated"], found["skipped"], found["error"])


@handles(StartImport, action=Action.IMPORT_CANDIDATES, feature="csv_import")
async def start_import(
    command: StartImport,
    *,
    actor: Actor,
    imports: ImportRepository,
    tasks: Tasks,
    clock: Clock,
    ids: Ids,
    recorder: Recorder,
) -> ImportView:
    """Take a file whose columns are understood; what is wrong with single rows comes later."""
    file = read_csv(command.content)
    options = command.options
    columns = map_columns(
        file.header, command.mapping, command.kind, has_job=options.job_id is not None
    )
    view = ImportView(
        id=ImportId(ids.new()),
        kind=command.kind,
        state="queued",
        file_name=command.file_name,
        size_bytes=len(command.content),
        options=options,
        columns=columns,
        total_rows=len(file.rows),
        done_rows=0,
        created=0,
        updated=0,
        skipped=0,
        failed=0,
        failure=None,
        created_by=actor.member_id,
        created_at=clock.now(),
        finished_at=None,
    )
    await imports.add(view, command.content)
    await _promise(tasks, view, dry_run=options.dry_run)
    recorder.record(ImportStarted(aggregate_id=view.id, kind=view.kind, dry_run=options.dry_run))
    return view


@handles(CommitImport, action=Action.IMPORT_CANDIDATES, feature="csv_import")
async def commit_import(
    command: CommitImport, *, imports: ImportRepository, tasks: Tasks, recorder: Recorder
) -> ImportView:
    """Do what a dry run has checked."""
    view = await imports.get(command.import_id, lock=True)
    if view.state != "checked":
        raise ImportNotReady(
            f"The import is {view.state}; only one that a dry run has checked can be committed.",
            state=view.state,
        )
    await imports.queue(view.id)
    await _promise(tasks, view, dry_run=False)
    recorder.record(ImportStarted(aggregate_id=view.id, kind=view.kind, dry_run=False))
    return await imports.get(view.id)


@handles(CancelImport, action=Action.IMPORT_CANDIDATES)
async def cancel_import(
    command: CancelImport, *, imports: ImportRepository, clock: Clock, recorder: Recorder
) -> ImportView:
    """Stop an import, also while it runs: its transaction then ends without effect."""
    view = await imports.get(command.import_id, lock=True)
    if view.state not in {"queued", "running", "checked"}:
        raise ImportNotReady(f"The import is {view.state} already.", state=view.state)
    await imports.cancel(view.id, clock.now())
    recorder.record(ImportCancelled(aggregate_id=view.id))
    return await imports.get(view.id)


@handles(RunImport, action=Action.IMPORT_CANDIDATES)
async def run_import(
    command: RunImport,
    *,
    imports: ImportRepository,
    progress: ImportProgress,
    candidate_intake: CandidateIntake,
    application_intake: ApplicationIntake,
    quotas: Quotas,
    clock: Clock,
    recorder: Recorder,
) -> None:
    """Work through the file. All rows are written in this one transaction, or none."""
    view = await imports.get(command.import_id)
    if view.state not in {"queued", "running"}:
        return
    await progress.begin(view.id)
    file = read_csv(await imports.content(view.id))
    parsed = [parse_row(row, file.header, view.columns) for row in file.rows]
    intake: Intake = candidate_intake if view.kind == "candidates" else application_intake
    await intake.begin(view, parsed)
    report = [intake.check(row) for row in parsed]
    end = _End("checked", report)
    events: list[Event] = []
    if not command.dry_run:
        try:
            async with imports.all_or_nothing():
                events = await _write(view, report, intake, quotas, progress)
                end = _End("done", report)
                if not await imports.finish(view.id, end.state, end.counts, clock.now()):
                    raise _Abandoned("The import was cancelled.")
        except (_Abandoned, DomainError) as error:
            errors = [row for row in report if row.outcome == "error"]
            end, events = _End("failed", errors, str(error)), []
    if end.state != "done":
        at = clock.now() if end.state == "failed" else None
        if not await imports.finish(view.id, end.state, end.counts, at, end.failure):
            return
    await imports.report(view.id, end.report)
    for event in events:
        recorder.record(event)
    recorder.record(
        ImportFinished(aggregate_id=view.id, state=end.state, **msgspec.structs.asdict(end.counts))
    )


@handles(GetImport, action=Action.IMPORT_CANDIDATES)
async def get_import(query: GetImport, *, imports: ImportQueries) -> ImportView:
    """Return one import with its progress."""
    return await imports.get(query.import_id)


@handles(ListImports, action=Action.IMPORT_CANDIDATES)
async def list_imports(query: ListImports, *, imports: ImportQueries) -> Page[ImportView]:
    """Return imports, newest first."""
    return await imports.page(PageRequest(query.limit, query.cursor))


@handles(ListImportRows, action=Action.IMPORT_CANDIDATES)
async def list_import_rows(query: ListImportRows, *, imports: ImportQueries) -> Page[ImportRow]:
    """Return what became of the rows."""
    await imports.get(query.import_id)
    return await imports.rows(
        query.import_id, query.outcome, PageRequest(query.limit, query.cursor)
    )


async def _promise(tasks: Tasks, view: ImportView, *, dry_run: bool) -> None:
    await tasks.schedule(
        "import",
        {"import_id": view.id, "dry_run": dry_run},
        unique_key=f"import:{view.id}:{'check' if dry_run else 'run'}",
    )


async def _write(
    view: ImportView,
    report: list[ImportRow],
    intake: Intake,
    quotas: Quotas,
    progress: ImportProgress,
) -> list[Event]:
    """Write the rows without errors and return what happened.

    Raises _Abandoned when one has an error and none may, and QuotaExceeded.
    """
    wrong = sum(1 for row in report if row.outcome == "error")
    if wrong and view.options.on_error == "abort":
        raise _Abandoned(f"{wrong} rows have errors, so nothing was imported.")
    if intake.new_candidates:
        await quotas.reserve("candidates", intake.new_candidates)
    events: list[Event] = []
    for start in range(0, len(report), BATCH):
        batch = report[start : start + BATCH]
        events += await intake.write([row for row in batch if row.outcome != "error"])
        await progress.advance(view.id, start + len(batch))
    return events
