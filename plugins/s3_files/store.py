"""Keeps files in a bucket under `<prefix>/<tenant>/<id>`: no key has an outside name.

The operator chooses it with `INTELLIMATCH_FILES_URL`; the bucket needs no more than the rights to
get, put, delete and list below the prefix.
"""

from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING
from urllib.parse import urlsplit
from uuid import UUID

import msgspec
import obstore
from obstore.exceptions import BaseError, NotFoundError
from obstore.store import S3Store

from core.shared.clock import UtcDatetime
from core.shared.errors import Unavailable
from core.shared.ids import TenantId

if TYPE_CHECKING:
    from obstore.store import S3Config  # exists for type checkers alone


class Bucket(msgspec.Struct, frozen=True, kw_only=True):
    """Where files are kept, and with what right."""

    name: str
    prefix: str = ""
    region: str = "us-east-1"
    endpoint: str | None = None
    """Of a storage that isn't Amazon's; with the scheme."""
    access_key_id: str | None = None
    """None: from the environment of the machine, as Amazon's own tools do."""
    secret_access_key: str | None = None

    @classmethod
    def at(cls, url: str, **rest: str | None) -> "Bucket":
        """Read `s3://bucket/prefix`. Raises ValueError when it isn't one."""
        parts = urlsplit(url)
        if parts.scheme != "s3" or not parts.netloc or parts.query or parts.fragment:
            raise ValueError(f"{url!r} is no address such as s3://bucket/prefix")
        given = {name: value for name, value in rest.items() if value is not None}
        return cls(name=parts.netloc, prefix=parts.path.strip("/"), **given)

    def __repr__(self) -> str:
        return f"Bucket({self.name!r}, prefix={self.prefix!r})"


def open_bucket(bucket: Bucket) -> S3Store:
    """Return a client, which keeps its connections; make one per process."""
    config: S3Config = {"region": bucket.region}
    if bucket.endpoint is not None:
        config["endpoint"] = bucket.endpoint
    if bucket.access_key_id is not None and bucket.secret_access_key is not None:
        config["access_key_id"] = bucket.access_key_id
        config["secret_access_key"] = bucket.secret_access_key
    return S3Store(
        bucket.name,
        prefix=bucket.prefix or None,
        config=config,
        client_options={
            "allow_http": (bucket.endpoint or "").startswith("http://"),
            "connect_timeout": timedelta(seconds=5),
            "timeout": timedelta(seconds=60),
        },
        retry_config={"max_retries": 3, "retry_timeout": timedelta(seconds=20)},
    )


class S3Files:
    """Implements `core.ports.files.FileStore` for one tenant."""

    def __init__(self, store: S3Store, tenant_id: TenantId) -> None:
        self._store = store
        self._folder = str(tenant_id)

    async def put(self, file_id: UUID, content: bytes) -> None:
        """Store the object; S3 answers once it is durable."""
        with _unavailable("The file can't be stored at the moment."):
            await obstore.put_async(self._store, self._path(file_id), content)

    async def get(self, file_id: UUID) -> bytes | None:
        """Return the content, or None."""
        with _unavailable("The file can't be read at the moment."):
            try:
                found = await obstore.get_async(self._store, self._path(file_id))
            except (NotFoundError, FileNotFoundError):
                return None
            return bytes(await found.bytes_async())

    async def remove(self, file_id: UUID) -> None:
        """Delete the object."""
        with _unavailable("The file can't be removed at the moment."):
            try:
                await obstore.delete_async(self._store, self._path(file_id))
            except (NotFoundError, FileNotFoundError):
                return

    async def stored_before(self, moment: UtcDatetime) -> Sequence[UUID]:
        """Return what was stored before, by the storage's clock."""
        with _unavailable("The files can't be listed at the moment."):
            return [file_id async for file_id in self._older(moment)]

    async def _older(self, moment: UtcDatetime) -> AsyncIterator[UUID]:
        async for page in obstore.list(self._store, f"{self._folder}/"):
            for entry in page:
                if entry["last_modified"] < moment:
                    yield UUID(entry["path"].rpartition("/")[2])

    def _path(self, file_id: UUID) -> str:
        return f"{self._folder}/{file_id.hex}"


@contextmanager
def _unavailable(message: str) -> Iterator[None]:
    try:
        yield
    except (BaseError, OSError) as error:
        # Its own text holds addresses and request ids, and nothing for who uploads a file.
        raise Unavailable(message) from error
