"""Files over HTTP in a bucket: kept apart by tenant, and refused whole when it is away."""

import asyncio
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import httpx
import msgspec
import obstore
import pytest
import pytest_asyncio
from obstore.store import S3Store

from api.app import create_app
from core.candidates.contracts import SweepFiles
from core.shared.actor import system
from core.shared.clock import UtcDatetime
from plugins.s3_files.bucket import Bucket, open_bucket
from tenants.diagnosis_files import examine_files
from tenants.findings import Status
from tenants.runtime import Runtime
from tenants.settings import Settings
from tenants.settings_values import SettingsError
from tests.fixtures.buckets import KEY, SECRET, BucketServer, bucket_server
from tests.fixtures.clients import ClientFor, new_client
from tests.fixtures.databases import TestDatabase
from tests.fixtures.engines import TestEngines
from tests.fixtures.runtimes import settings_for
from tests.fixtures.worlds import World

__all__ = ["bucket_server"]

TABLES = ("candidate_files", "outbox", "audit_entries", "audit_queue", "idempotency_keys")
PDF = b"%PDF-1.4 what a candidate sent"


@pytest.fixture(scope="module")
def bucket(bucket_server: BucketServer) -> Bucket:
    return bucket_server.make("intellimatch/files")


@pytest.fixture(scope="module")
def settings(
    engines: TestEngines,
    database: TestDatabase,
    bucket: Bucket,
    tmp_path_factory: pytest.TempPathFactory,
) -> Settings:
    return settings_for(
        engines,
        database,
        tmp_path_factory.mktemp("data"),
        files_url=f"s3://{bucket.name}/{bucket.prefix}",
        files_s3_endpoint=bucket.endpoint,
        files_s3_access_key_id=KEY,
        files_s3_secret_access_key=SECRET,
    )


@pytest.fixture
def below_prefix(bucket: Bucket) -> S3Store:
    return open_bucket(bucket).store


async def names(store: S3Store) -> set[str]:
    return {entry["path"] async for page in obstore.list(store) for entry in page}


async def a_candidate(client: httpx.AsyncClient) -> str:
    made = await client.post("/api/v1/candidates", json={"full_name": "Ada Lovelace"})
    assert made.status_code == 201, made.text
    return f"/api/v1/candidates/{made.json()['id']}"


async def upload(
    client: httpx.AsyncClient, candidate: str, key: str | None = None
) -> httpx.Response:
    headers = {"Content-Type": "application/pdf"} | ({"Idempotency-Key": key} if key else {})
    return await client.post(
        f"{candidate}/files", params={"name": "cv.pdf"}, content=PDF, headers=headers
    )


async def test_what_is_uploaded_lies_in_the_bucket_and_is_downloaded_as_safely_as_ever(
    client_for: ClientFor, world: World, below_prefix: S3Store, settings: Settings
) -> None:
    client = client_for("acme", "recruiter")
    candidate = await a_candidate(client)
    sent = await upload(client, candidate)
    assert sent.status_code == 201, sent.text
    file_id = UUID(sent.json()["id"])
    name = f"{world.acme.id}/{file_id.hex[-2:]}/{file_id.hex}"
    assert name in await names(below_prefix)
    assert not (settings.data_dir / "files").exists()

    got = await client.get(f"{candidate}/files/{file_id}/content")
    assert (got.status_code, got.content) == (200, PDF)
    assert got.headers["content-disposition"].startswith("attachment;")
    assert got.headers["x-content-type-options"] == "nosniff"
    assert "content-security-policy" in got.headers
    assert "location" not in got.headers


async def test_another_tenant_neither_reads_nor_sweeps_it(
    client_for: ClientFor, world: World, below_prefix: S3Store, settings: Settings
) -> None:
    client = client_for("acme", "recruiter")
    candidate = await a_candidate(client)
    path = f"{candidate}/files/{(await upload(client, candidate)).json()['id']}/content"
    theirs = client_for("globex", "admin")
    assert (await theirs.get(path)).status_code == 404
    own = await a_candidate(theirs)
    assert (await upload(theirs, own)).status_code == 201
    by_tenant = {name.partition("/")[0] for name in await names(below_prefix)}
    assert by_tenant == {str(world.acme.id), str(world.globex.id)}

    orphan = uuid4().hex
    left = {f"{tenant.id}/{orphan[-2:]}/{orphan}" for tenant in (world.acme, world.globex)}
    for name in left:
        await obstore.put_async(below_prefix, name, b"an upload that never committed")
    before = await names(below_prefix)
    days_later = await Runtime.open(settings, clock=DaysLater())
    try:
        tenant = world.globex
        sweeper = days_later.scope(tenant.context, system(tenant.id, uuid4()), "test")
        await sweeper.execute(SweepFiles())
    finally:
        await days_later.close()
    gone = before - await names(below_prefix)
    assert gone == {name for name in left if name.startswith(str(world.globex.id))}
    assert (await client.get(path)).content == PDF


class DaysLater:
    def now(self) -> UtcDatetime:
        return UtcDatetime(datetime.now(UTC) + timedelta(days=3))


async def test_while_the_bucket_is_away_uploads_are_refused_whole_and_can_be_repeated(
    client_for: ClientFor, bucket_server: BucketServer, database: TestDatabase
) -> None:
    client = client_for("acme", "recruiter")
    candidate = await a_candidate(client)
    kept = f"{candidate}/files/{(await upload(client, candidate)).json()['id']}/content"
    before = await counted(database)
    bucket_server.stop()
    try:
        refused = await upload(client, candidate, key="upload-once")
        assert_away(refused, "The file can't be stored at the moment.")
        assert await counted(database) == before, "no record, event, audit entry or answer is kept"
        assert_away(await client.get(kept), "The file can't be read at the moment.")
        listed = await client.get(f"{candidate}/files")
        assert (listed.status_code, len(listed.json()["items"])) == (200, 1)
    finally:
        bucket_server.start()
    again = await upload(client, candidate, key="upload-once")
    assert again.status_code == 201, again.text
    same = await upload(client, candidate, key="upload-once")
    assert same.json()["id"] == again.json()["id"]
    assert (await client.get(kept)).content == PDF
    assert len((await client.get(f"{candidate}/files")).json()["items"]) == 2


def assert_away(answer: httpx.Response, detail: str) -> None:
    assert answer.status_code == 503, answer.text
    problem = answer.json()
    assert (problem["code"], problem["detail"]) == ("unavailable", detail)
    assert answer.headers["content-type"].startswith("application/problem+json")
    assert "127.0.0.1" not in answer.text


async def counted(database: TestDatabase) -> dict[str, Any]:
    connection = await asyncpg.connect(database.admin_url)
    try:
        return {
            table: await connection.fetchval(f"SELECT count(*) FROM {table}")
            for table in (
                "candidate_files",
                "outbox",
                "audit_entries",
                "audit_queue",
                "idempotency_keys",
            )
        }
    finally:
        await connection.close()


@pytest_asyncio.fixture(loop_scope="session")
async def restarted_while_away(
    bucket_server: BucketServer, settings: Settings
) -> AsyncIterator[Runtime]:
    bucket_server.stop()
    try:
        runtime = await Runtime.open(settings)
    finally:
        bucket_server.start()
    yield runtime
    await runtime.close()


async def test_a_bucket_that_is_away_does_not_keep_the_server_down(
    restarted_while_away: Runtime, world: World
) -> None:
    tenant = world.acme
    sweeper = restarted_while_away.scope(tenant.context, system(tenant.id, uuid4()), "test")
    await sweeper.execute(SweepFiles())


async def test_a_bucket_that_hangs_takes_nothing_else_with_it(
    settings: Settings, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("plugins.s3_files.bucket.CHECK_SECONDS", 0.2)
    silent = await asyncio.start_server(_say_nothing, "127.0.0.1", 0)
    port = silent.sockets[0].getsockname()[1]
    endpoint = f"http://127.0.0.1:{port}"
    runtime = await Runtime.open(settings_with(settings, files_s3_endpoint=endpoint))
    async with new_client(create_app(runtime), world, "acme", "recruiter") as client:
        candidate = await a_candidate(client)
        uploads = [asyncio.create_task(upload(client, candidate)) for _ in range(12)]
        try:
            await asyncio.sleep(0.3)
            began = time.monotonic()
            await a_candidate(client)
            assert time.monotonic() - began < settings.pool_timeout_ms / 1000
            assert not all(each.done() for each in uploads)
        finally:
            for each in uploads:
                each.cancel()
            await asyncio.gather(*uploads, return_exceptions=True)
            silent.close()
    await runtime.close()


async def _say_nothing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read()
    writer.close()


async def test_a_bucket_that_refuses_stops_the_start_with_the_setting(settings: Settings) -> None:
    wrong = settings_with(settings, files_url="s3://nobody-made-this/files")
    with pytest.raises(SettingsError) as refused:
        await Runtime.open(wrong)
    assert str(refused.value).startswith("INTELLIMATCH_FILES_URL is set but can't be used: there")
    (finding,) = await examine_files(wrong)
    assert (finding.status, finding.subject) == (Status.PROBLEM, "files")
    assert "nobody-made-this: there is no such bucket" in finding.message


async def test_a_folder_that_is_not_there_stops_the_start(
    settings: Settings, tmp_path: Path
) -> None:
    folder = tmp_path / "a mount"
    local = settings_with(settings, files_url=folder.as_uri())
    with pytest.raises(SettingsError, match="which is no folder"):
        await Runtime.open(local)
    (finding,) = await examine_files(local)
    assert finding.status is Status.PROBLEM
    assert not folder.exists()
    folder.mkdir()
    (finding,) = await examine_files(local)
    assert finding.status is Status.OK
    await (await Runtime.open(local)).close()


async def test_the_doctor_says_whether_the_bucket_can_be_used(
    settings: Settings, bucket_server: BucketServer, below_prefix: S3Store
) -> None:
    before = await names(below_prefix)
    (finding,) = await examine_files(settings)
    assert finding.status is Status.OK
    assert await names(below_prefix) == before
    bucket_server.stop()
    try:
        (finding,) = await examine_files(settings)
    finally:
        bucket_server.start()
    assert (finding.status, "can't be reached" in finding.message) == (Status.PROBLEM, True)
    elsewhere = settings_with(settings, files_s3_endpoint="http://storage.example:1")
    warned = (await examine_files(elsewhere))[-1]
    assert (warned.status, "unencrypted" in warned.message) == (Status.WARNING, True)


def settings_with(settings: Settings, **changes: Any) -> Settings:
    return msgspec.structs.replace(settings, **changes)
