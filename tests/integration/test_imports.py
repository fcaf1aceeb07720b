"""Imports: every row or none, a report that says exactly which, and progress that can be seen."""

import asyncpg
import pytest

from core.applications.contracts import ListApplications
from core.candidates.contracts import CandidateFilter, CreateCandidate, ListCandidates
from core.imports.contracts import (
    CancelImport,
    CommitImport,
    GetImport,
    ImportId,
    ImportOptions,
    ImportRow,
    ImportView,
    ListImportRows,
    RunImport,
    StartImport,
)
from core.imports.errors import ImportNotFound, ImportNotReady
from core.jobs.contracts import ChangeJobStatus, CreateJob
from core.shared.actor import system
from plugins.postgres.imports import PostgresImportProgress
from tenants.runtime import Runtime
from tenants.scope import TenantScope
from tests.fixtures.databases import TestDatabase
from tests.fixtures.worlds import World, WorldTenant

ROWS = 10_000
BAD = 37


def team(runtime: Runtime, tenant: WorldTenant) -> TenantScope:
    return runtime.scope(tenant.context, tenant.actor("recruiter"), "test")


def worker(runtime: Runtime, tenant: WorldTenant) -> TenantScope:
    return runtime.scope(tenant.context, system(tenant.id), "task")


def big_file(mark: str) -> tuple[bytes, set[int]]:
    """A file of 10,000 rows, and the lines of the 37 bad ones."""
    bad = {2 + 7 + number * 263 for number in range(BAD)}
    lines = ["Full Name;E-Mail;Phone;Skills"]
    for line in range(2, ROWS + 2):
        mail = f"{mark}{line}@example.com"
        if line not in bad:
            lines.append(f'"Person {line}";{mail};+4930{1000000 + line};"Python, SQL"')
        elif line % 3 == 0:
            lines.append(f";{mail};;")
        elif line % 3 == 1:
            lines.append(f"Person {line};not an address;;")
        else:
            lines.append(f"Person {line};{mail};12;")
    return "\r\n".join(lines).encode("utf-8-sig"), bad


async def start(scope: TenantScope, content: bytes, **options: object) -> ImportView:
    return await scope.execute(
        StartImport(
            kind="candidates",
            file_name="people.csv",
            content=content,
            options=ImportOptions(**options),  # type: ignore[arg-type]
        )
    )


async def report(scope: TenantScope, import_id: ImportId, outcome: str) -> list[ImportRow]:
    rows: list[ImportRow] = []
    cursor = None
    while True:
        page = await scope.ask(
            ListImportRows(import_id=import_id, outcome=outcome, limit=200, cursor=cursor)  # type: ignore[arg-type]
        )
        rows += page.items
        cursor = page.next_cursor
        if cursor is None:
            return rows


async def count(database: TestDatabase, tenant: WorldTenant, table: str = "candidates") -> int:
    connection = await asyncpg.connect(database.admin_url)
    try:
        found: int = await connection.fetchval(
            f"SELECT count(*) FROM {table} WHERE tenant_id = $1", tenant.id
        )
    finally:
        await connection.close()
    return found


async def test_ten_thousand_rows_with_thirty_seven_bad_ones(
    runtime: Runtime, world: World, database: TestDatabase
) -> None:
    scope = team(runtime, world.acme)
    content, bad = big_file("big")
    assert len(bad) == BAD
    view = await start(scope, content, dry_run=True)
    await worker(runtime, world.acme).execute(RunImport(import_id=view.id, dry_run=True))
    checked = await scope.ask(GetImport(import_id=view.id))
    assert (checked.state, checked.created, checked.failed) == ("checked", ROWS - BAD, BAD)
    assert await count(database, world.acme) == 0

    await scope.execute(CommitImport(import_id=view.id))
    await worker(runtime, world.acme).execute(RunImport(import_id=view.id, dry_run=False))
    done = await scope.ask(GetImport(import_id=view.id))
    assert (done.state, done.created, done.failed) == ("done", ROWS - BAD, BAD)
    wrong = await report(scope, view.id, "error")
    assert {row.line for row in wrong} == bad
    assert {row.errors[0].field for row in wrong} == {"full_name", "emails[0]", "phones[0]"}
    assert await count(database, world.acme) == ROWS - BAD
    assert await count(database, world.acme, "candidate_search") == ROWS - BAD
    assert await count(database, world.acme, "import_sources") == 0
    assert await count(database, world.globex) == 0
    page = await scope.ask(ListCandidates(where=CandidateFilter(text="big5000@example.com")))
    assert [row.full_name for row in page.items] == ["Person 5000"]

    again = await start(scope, content)
    await worker(runtime, world.acme).execute(RunImport(import_id=again.id, dry_run=False))
    repeated = await scope.ask(GetImport(import_id=again.id))
    assert (repeated.created, repeated.skipped, repeated.failed) == (0, ROWS - BAD, BAD)


class _Killed(BaseException):
    """Stands for the end of a process in the middle of the work."""


async def test_what_is_killed_in_the_middle_leaves_nothing_and_runs_again(
    runtime: Runtime, world: World, database: TestDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    tenant, scope = world.globex, team(runtime, world.globex)
    lines = ["name,email", *(f"Killed {n},killed{n}@example.com" for n in range(1200))]
    view = await start(scope, "\n".join(lines).encode())
    advance = PostgresImportProgress.advance
    seen: list[ImportView] = []

    async def dies(self: PostgresImportProgress, import_id: ImportId, done_rows: int) -> None:
        await advance(self, import_id, done_rows)
        seen.append(await scope.ask(GetImport(import_id=import_id)))
        if done_rows == 1000:
            raise _Killed

    before = await count(database, tenant)
    with monkeypatch.context() as patched:
        patched.setattr(PostgresImportProgress, "advance", dies)
        with pytest.raises(_Killed):
            await worker(runtime, tenant).execute(RunImport(import_id=view.id, dry_run=False))
    assert [(each.state, each.done_rows) for each in seen] == [("running", 500), ("running", 1000)]
    assert await count(database, tenant) == before
    await worker(runtime, tenant).execute(RunImport(import_id=view.id, dry_run=False))
    assert (await scope.ask(GetImport(import_id=view.id))).created == 1200
    assert await count(database, tenant) == before + 1200
    await worker(runtime, tenant).execute(RunImport(import_id=view.id, dry_run=False))
    assert await count(database, tenant) == before + 1200


async def test_abort_imports_nothing(
    runtime: Runtime, world: World, database: TestDatabase
) -> None:
    scope = team(runtime, world.globex)
    before = await count(database, world.globex)
    view = await start(scope, b"name,email\nGood,g@example.com\n,bad", on_error="abort")
    await worker(runtime, world.globex).execute(RunImport(import_id=view.id, dry_run=False))
    failed = await scope.ask(GetImport(import_id=view.id))
    assert (failed.state, failed.created, failed.failed) == ("failed", 0, 1)
    assert failed.failure == "1 rows have errors, so nothing was imported."
    assert await count(database, world.globex) == before


async def test_a_cancelled_import_does_nothing(
    runtime: Runtime, world: World, database: TestDatabase
) -> None:
    scope = team(runtime, world.globex)
    before = await count(database, world.globex)
    view = await start(scope, b"name\nNever")
    assert (await scope.execute(CancelImport(import_id=view.id))).state == "cancelled"
    await worker(runtime, world.globex).execute(RunImport(import_id=view.id, dry_run=False))
    assert await count(database, world.globex) == before
    with pytest.raises(ImportNotReady):
        await scope.execute(CommitImport(import_id=view.id))
    with pytest.raises(ImportNotFound):
        await team(runtime, world.acme).ask(GetImport(import_id=view.id))


async def test_known_addresses_are_updated_when_asked(runtime: Runtime, world: World) -> None:
    scope = team(runtime, world.globex)
    run = worker(runtime, world.globex)
    first = await start(scope, b"name,email,city\nUpdatable,up@example.com,Rome")
    await run.execute(RunImport(import_id=first.id, dry_run=False))
    second = await start(
        scope,
        b"name\temail\tskills\nUpdatable\tUP@example.com\tCOBOL\nX\tup@example.com\t",
        on_duplicate="update",
    )
    await run.execute(RunImport(import_id=second.id, dry_run=False))
    view = await scope.ask(GetImport(import_id=second.id))
    assert (view.updated, view.skipped) == (1, 1)
    page = await scope.ask(ListCandidates(where=CandidateFilter(skill="cobol")))
    assert [(row.full_name, row.location) for row in page.items] == [("Updatable", "Rome")]


async def test_a_plan_that_is_full_refuses_the_whole(
    runtime: Runtime, world: World, database: TestDatabase
) -> None:
    tenant = world.acme
    connection = await asyncpg.connect(database.admin_url)
    try:
        await connection.execute("UPDATE tenants SET plan = 'pro' WHERE id = $1", tenant.id)
        await connection.execute(
            "INSERT INTO quota_usage (tenant_id, quota, used) VALUES ($1, 'candidates', 249999) "
            "ON CONFLICT (tenant_id, quota) DO UPDATE SET used = 249999",
            tenant.id,
        )
    finally:
        await connection.close()
    scope = team(runtime, tenant)
    before = await count(database, tenant)
    view = await start(scope, b"name\nOne\nTwo")
    await worker(runtime, tenant).execute(RunImport(import_id=view.id, dry_run=False))
    failed = await scope.ask(GetImport(import_id=view.id))
    assert failed.state == "failed"
    assert failed.failure is not None
    assert "250000" in failed.failure
    assert await count(database, tenant) == before


async def test_applications_are_imported_with_their_candidates(
    runtime: Runtime, world: World
) -> None:
    tenant, scope = world.globex, team(runtime, world.globex)
    job = await scope.execute(CreateJob(title="Night Nurse"))
    await scope.execute(ChangeJobStatus(job_id=job.id, status="open"))
    known = await scope.execute(CreateCandidate(full_name="Known", emails=("k@known.example",)))
    content = (
        "name,email,job,stage\n"
        "Known,K@known.example,night nurse,\n"
        "New,new@known.example,Night Nurse,interview\n"
        "New,new@known.example,Night Nurse,\n"
        "Other,other@known.example,Day Nurse,\n"
        "Hired,hired@known.example,Night Nurse,Hired\n"
    )
    view = await scope.execute(
        StartImport(kind="applications", file_name="a.csv", content=content.encode())
    )
    await worker(runtime, tenant).execute(RunImport(import_id=view.id, dry_run=False))
    done = await scope.ask(GetImport(import_id=view.id))
    assert (done.state, done.created, done.skipped, done.failed) == ("done", 2, 1, 2)
    rows = (await scope.ask(ListApplications(job_id=job.id))).items
    assert {(row.candidate_name, row.stage_name, row.source) for row in rows} == {
        ("Known", "Applied", "import"),
        ("New", "Interview", "import"),
    }
    assert known.id in {row.candidate_id for row in rows}
    wrong = await report(scope, view.id, "error")
    assert [(row.line, row.errors[0].field) for row in wrong] == [(5, "job"), (6, "stage")]
