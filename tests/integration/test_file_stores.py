"""Every file store passes the suite of the port; S3 against a server that speaks its protocol."""

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import obstore
import pytest

from core.shared.clock import UtcDatetime
from core.shared.errors import Unavailable
from core.shared.ids import TenantId
from plugins.local_files.store import LocalFiles
from plugins.s3_files.bucket import Bucket, BucketRefused, Storage, open_bucket
from plugins.s3_files.store import S3Files
from plugins.sdk.testing.files import FilesContract
from tests.fixtures.buckets import KEY, SECRET, BucketServer, bucket_server

__all__ = ["bucket_server"]


class Rig:
    def __init__(self, store: Any, other: Any) -> None:
        self.store = store
        self.other = other

    def now(self) -> UtcDatetime:
        return UtcDatetime(datetime.now(UTC))


class TestLocalFiles(FilesContract):
    @pytest.fixture(autouse=True)
    def folder(self, tmp_path: Path) -> None:
        self._folder = tmp_path

    def rig(self) -> AbstractAsyncContextManager[Any]:
        return self._open()

    @asynccontextmanager
    async def _open(self) -> AsyncIterator[Rig]:
        one, other = (LocalFiles(self._folder, TenantId(uuid4())) for _ in range(2))
        yield Rig(one, other)


class TestS3Files(FilesContract):
    @pytest.fixture(autouse=True)
    def bucket(self, bucket_server: BucketServer) -> None:
        self._storage = open_bucket(bucket_server.make("intellimatch/files"))

    def rig(self) -> AbstractAsyncContextManager[Any]:
        return self._open()

    @asynccontextmanager
    async def _open(self) -> AsyncIterator[Rig]:
        one, other = (S3Files(self._storage, TenantId(uuid4())) for _ in range(2))
        yield Rig(one, other)


def missing_bucket(bucket_server: BucketServer) -> Storage:
    return open_bucket(bucket_server.at("s3://nobody-made-this"))


async def test_a_bucket_that_is_not_there_is_unavailable_and_says_nothing_of_it(
    bucket_server: BucketServer,
) -> None:
    files = S3Files(missing_bucket(bucket_server), TenantId(UUID(int=1)))
    later = UtcDatetime(datetime.now(UTC))
    for asked in (
        files.put(uuid4(), b"content"),
        files.get(uuid4()),
        files.remove(uuid4()),
        files.stored_before(later),
    ):
        with pytest.raises(Unavailable) as refused:
            await asked
        assert "nobody-made-this" not in str(refused.value)


async def test_the_operator_is_told_why_a_bucket_cannot_be_used(
    bucket_server: BucketServer,
) -> None:
    await open_bucket(bucket_server.make("a/b")).check(write=True)
    with pytest.raises(BucketRefused, match="there is no such bucket"):
        await missing_bucket(bucket_server).check(write=False)
    nowhere = Bucket.at(
        "s3://bucket", endpoint="http://127.0.0.1:9", access_key_id=KEY, secret_access_key=SECRET
    )
    with pytest.raises(Unavailable, match="can't be reached"):
        await open_bucket(nowhere).check(write=False)


async def test_a_check_leaves_nothing_behind(bucket_server: BucketServer) -> None:
    storage = open_bucket(bucket_server.make("a"))
    await storage.check(write=True)
    assert [page async for page in obstore.list(storage.store)] == []


async def test_a_copied_folder_is_read_from_the_bucket(
    bucket_server: BucketServer, tmp_path: Path
) -> None:
    """What operators do to move: copy files by their names, with any tool."""
    tenants = [TenantId(uuid4()) for _ in range(2)]
    kept = [(tenant, uuid4()) for tenant in tenants for _ in range(3)]
    for tenant, file_id in kept:
        await LocalFiles(tmp_path, tenant).put(file_id, file_id.bytes)
    storage = open_bucket(bucket_server.make("moved"))
    for name, content in contents(tmp_path).items():
        await obstore.put_async(storage.store, name, content)
    for tenant, file_id in kept:
        assert await S3Files(storage, tenant).get(file_id) == file_id.bytes
    later = UtcDatetime(datetime.now(UTC) + timedelta(hours=1))
    listed = await S3Files(storage, tenants[0]).stored_before(later)
    assert set(listed) == {file_id for tenant, file_id in kept if tenant == tenants[0]}


def contents(folder: Path) -> dict[str, bytes]:
    files = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


def test_a_bucket_shows_no_secret() -> None:
    bucket = Bucket.at("s3://bucket/a/b", access_key_id=KEY, secret_access_key=SECRET)
    assert SECRET not in repr(bucket)
    assert (bucket.name, bucket.prefix) == ("bucket", "a/b")


@pytest.mark.parametrize("url", ["https://bucket", "s3://", "bucket", "s3://b/p?x=1"])
def test_what_is_no_bucket_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match="s3://bucket/prefix"):
        Bucket.at(url)
