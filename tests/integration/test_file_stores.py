"""Every file store passes the suite of the port; S3 against a server that speaks its protocol."""

from collections.abc import AsyncIterator, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from moto.server import ThreadedMotoServer
from obstore.store import S3Store

from core.shared.clock import UtcDatetime
from core.shared.errors import Unavailable
from core.shared.ids import TenantId
from plugins.local_files.store import LocalFiles
from plugins.s3_files.store import Bucket, S3Files, open_bucket
from plugins.sdk.testing.files import FilesContract

KEY = "AKIDEXAMPLE"
SECRET = "not-a-secret-but-long-enough"


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


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


def make_bucket(endpoint: str) -> Bucket:
    name = f"files-{uuid4().hex}"
    httpx.put(f"{endpoint}/{name}").raise_for_status()
    return Bucket.at(
        f"s3://{name}/intellimatch/files",
        endpoint=endpoint,
        access_key_id=KEY,
        secret_access_key=SECRET,
    )


class TestS3Files(FilesContract):
    @pytest.fixture(autouse=True)
    def bucket(self, endpoint: str) -> None:
        self._store: S3Store = open_bucket(make_bucket(endpoint))

    def rig(self) -> AbstractAsyncContextManager[Any]:
        return self._open()

    @asynccontextmanager
    async def _open(self) -> AsyncIterator[Rig]:
        one, other = (S3Files(self._store, TenantId(uuid4())) for _ in range(2))
        yield Rig(one, other)


async def test_a_bucket_that_is_not_there_is_unavailable_and_says_nothing_of_it(
    endpoint: str,
) -> None:
    bucket = Bucket.at(
        "s3://nobody-made-this", endpoint=endpoint, access_key_id=KEY, secret_access_key=SECRET
    )
    files = S3Files(open_bucket(bucket), TenantId(UUID(int=1)))
    with pytest.raises(Unavailable) as refused:
        await files.put(uuid4(), b"content")
    assert "nobody-made-this" not in str(refused.value)


def test_a_bucket_shows_no_secret() -> None:
    bucket = Bucket.at("s3://bucket/a/b", access_key_id=KEY, secret_access_key=SECRET)
    assert SECRET not in repr(bucket)
    assert (bucket.name, bucket.prefix) == ("bucket", "a/b")


@pytest.mark.parametrize("url", ["https://bucket", "s3://", "bucket", "s3://b/p?x=1"])
def test_what_is_no_bucket_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match="s3://bucket/prefix"):
        Bucket.at(url)
