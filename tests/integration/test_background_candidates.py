"""Imports and the removal of files as the workers really run them."""

import os
import time
from pathlib import Path
from uuid import uuid4

import asyncpg
import pytest

from core.candidates.contracts import (
    AddFile,
    CreateCandidate,
    DeleteCandidate,
    DownloadFile,
    SweepFiles,
)
from core.imports.contracts import GetImport, StartImport
from core.shared.actor import system
from plugins.postgres.outbox import PostgresRecorder
from tenants.due_work import DueWork
from tenants.runtime import Runtime
from tenants.tasks import TaskRunner
from tests.fixtures.databases import TestDatabase
from tests.fixtures.worlds import World


async def test_an_import_is_done_by_a_worker(
    runtime: Runtime, world: World, database: TestDatabase
) -> None:
    scope = runtime.scope(world.acme.context, world.acme.actor("recruiter"), "test")
    view = await scope.execute(
        StartImport(kind="candidates", file_name="a.csv", content=b"name\nWorked On")
    )
    await DueWork(TaskRunner(runtime), database.relay_url).run_due()
    done = await scope.ask(GetImport(import_id=view.id))
    assert (done.state, done.created, done.done_rows) == ("done", 1, 1)


async def test_the_content_of_files_goes_with_the_candidate(
    runtime: Runtime, world: World, database: TestDatabase
) -> None:
    scope = runtime.scope(world.acme.context, world.acme.actor("recruiter"), "test")
    made = await scope.execute(CreateCandidate(full_name="To Be Erased"))
    file = await scope.execute(AddFile(candidate_id=made.id, name="a.txt", content=b"secret"))
    folder = runtime.settings.data_dir / "files" / str(world.acme.id)

    def kept() -> list[str]:
        return [path.name for path in folder.rglob("*") if path.is_file()]

    assert kept() == [file.id.hex]
    await scope.execute(DeleteCandidate(candidate_id=made.id))
    assert kept() == [file.id.hex]
    await DueWork(TaskRunner(runtime), database.relay_url).run_due()
    assert kept() == []


async def test_a_disk_that_is_away_costs_no_attempts(
    runtime: Runtime, world: World, database: TestDatabase
) -> None:
    """Erasing isn't given up after three attempts: it waits until the disk is back."""
    scope = runtime.scope(world.globex.context, world.globex.actor("recruiter"), "test")
    made = await scope.execute(CreateCandidate(full_name="To Be Erased"))
    file = await scope.execute(AddFile(candidate_id=made.id, name="a.txt", content=b"secret"))
    worker = DueWork(TaskRunner(runtime), database.relay_url)
    await worker.run_due()  # it is read as a résumé
    folder = runtime.settings.data_dir / "files" / str(world.globex.id)
    (path,) = [each for each in folder.rglob("*") if each.is_file()]
    path.unlink()
    path.mkdir()  # what can't be unlinked, even by root
    await scope.execute(DeleteCandidate(candidate_id=made.id))
    connection = await asyncpg.connect(database.admin_url)
    try:
        assert await worker.run_due() == 2, "its files, and plugins that may know the person"
        for _ in range(4):
            await connection.execute("UPDATE tasks SET run_at = now() WHERE finished_at IS NULL")
            assert await worker.run_due() == 1
        await connection.execute("UPDATE tasks SET run_at = now() WHERE finished_at IS NULL")
        path.rmdir()
        path.write_bytes(b"secret")
        assert await worker.run_due() == 1
        task = await connection.fetchrow(
            "SELECT * FROM tasks WHERE payload->'file_ids' ? $1", str(file.id)
        )
    finally:
        await connection.close()
    assert not path.exists()
    assert task is not None
    assert (task["attempts"], task["dead_at"], task["finished_at"] is None) == (1, None, False)


async def test_what_an_upload_left_that_never_committed_is_swept_away(
    runtime: Runtime, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    scope = runtime.scope(world.acme.context, world.acme.actor("recruiter"), "test")
    made = await scope.execute(CreateCandidate(full_name="Kept Person"))
    kept = await scope.execute(AddFile(candidate_id=made.id, name="a.txt", content=b"kept"))
    folder = runtime.settings.data_dir / "files" / str(world.acme.id)

    def files() -> set[Path]:
        return {path for path in folder.rglob("*") if path.is_file()}

    before = files()
    with monkeypatch.context() as patched:
        patched.setattr(PostgresRecorder, "flush", _crash)
        with pytest.raises(RuntimeError):
            await scope.execute(AddFile(candidate_id=made.id, name="b.txt", content=b"left"))
    (orphan,) = files() - before
    half = orphan.parent / f"{uuid4().hex[:-2]}{orphan.parent.name}.part"
    half.write_bytes(b"le")
    sweeper = runtime.scope(world.acme.context, system(world.acme.id, uuid4()), "test")
    await sweeper.execute(SweepFiles())
    assert files() == {*before, orphan, half}, "an upload may still be under way"
    yesterday = time.time() - 90_000
    for path in files():
        os.utime(path, (yesterday, yesterday))
    await sweeper.execute(SweepFiles())
    assert files() == before
    download = DownloadFile(candidate_id=made.id, file_id=kept.id)
    assert (await scope.ask(download)).content == b"kept"


async def _crash(*_: object) -> None:
    raise RuntimeError("the process ended before the commit")
