"""A worker that is killed while it reads résumés: each is read all the same, and told of once."""

import asyncio
import signal
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import asyncpg
import psutil
import pytest
import pytest_asyncio

from tenants.settings import Settings
from tests.fixtures.clients import ClientFor
from tests.fixtures.databases import TestDatabase
from tests.fixtures.examined import Examined
from tests.fixtures.resume_files import Uploads, cv_pdf
from tests.fixtures.workers_run import Broker, Workers, running_workers, until

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

FILES = 60
_DONE = "SELECT count(*) FROM resume_readings WHERE state = 'parsed'"


@pytest_asyncio.fixture(loop_scope="session")
async def admin(database: TestDatabase) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(database.admin_url)
    yield connection
    await connection.close()


@pytest.fixture
def workers(settings: Settings, database: TestDatabase, tmp_path: Path) -> Iterator[Workers]:
    with running_workers(settings, database, tmp_path) as started:
        yield started


@pytest.fixture
def broker() -> Iterator[Broker]:
    made = Broker()
    made.start()
    yield made
    made.kill()


async def test_a_worker_that_is_killed_loses_no_resume(
    workers: Workers,
    broker: Broker,
    admin: asyncpg.Connection,
    client_for: ClientFor,
    examined: Examined,
) -> None:
    uploads = await Uploads.of_new_candidate(client_for("acme", "recruiter"))
    content = cv_pdf()
    paths = [await uploads.add(f"cv-{number}.pdf", content) for number in range(FILES)]
    first = workers.start(INTELLIMATCH_BROKER_URL=broker.url)
    await first.started()
    await until(admin, f"{_DONE.replace('count(*)', 'count(*) > 5')}")
    readers = psutil.Process(first.process.pid).children(recursive=True)
    assert readers, "nothing reads apart"
    first.process.send_signal(signal.SIGKILL)
    first.process.wait()
    left = FILES - await admin.fetchval(_DONE)
    assert left > 5, "it was killed too late to prove anything"
    gone, alive = await asyncio.to_thread(psutil.wait_procs, readers, timeout=60)
    assert (len(gone), alive) == (len(readers), [])
    second = workers.start(INTELLIMATCH_BROKER_URL=broker.url)
    await second.started()
    await until(admin, _DONE.replace("count(*)", f"count(*) = {FILES}"), 120)
    for path in paths:
        assert (await uploads.show(path))["state"] == "parsed"
    told = await admin.fetch(
        "SELECT payload ->> 'file_id' AS file, count(*) FROM outbox "
        "WHERE type = 'candidate.resume_parsed' GROUP BY 1"
    )
    assert {row["count"] for row in told} == {1}
    assert len(told) == FILES
    examined("files", FILES)
    examined("files that the killed worker left", left)
