"""The bucket that a process keeps files in: how it is reached, and what happens when it isn't.

Made once per process by `tenants.file_stores`; `plugins.s3_files.store` gives each tenant its part.
"""

import asyncio
import re
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit
from uuid import uuid4

import msgspec
import obstore
from obstore.exceptions import BaseError
from obstore.store import S3Store

from core.shared.errors import Unavailable

if TYPE_CHECKING:
    from obstore.store import S3Config  # exists for type checkers alone

CALL_SECONDS: Final = 30.0
"""Longest time for one object, retries included: an upload keeps its transaction open meanwhile."""
FAILURES: Final = 3
"""So many in a row, and the storage counts as away."""
AWAY_SECONDS: Final = 5.0
"""How long nobody waits for a storage that is away, before one tries it again."""
CHECK_SECONDS: Final = 8.0

_CODE = re.compile(r"<Code>(\w+)</Code>")
_STATUS = re.compile(r"status code: (\d{3})")
_REFUSALS: Final = {
    "NoSuchBucket": "there is no such bucket",
    "InvalidAccessKeyId": "it doesn't know the access key",
    "SignatureDoesNotMatch": "the secret access key is wrong",
    "AccessDenied": "the access key has no right to it",
    "AuthorizationHeaderMalformed": "the bucket is in another region",
    "PermanentRedirect": "the bucket is in another region",
}


class Bucket(msgspec.Struct, frozen=True, kw_only=True):
    """Where files are kept, and with what right."""

    name: str
    prefix: str = ""
    region: str | None = None
    """None: the machine's own (AWS_REGION), else us-east-1."""
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


class BucketRefused(Exception):
    """The storage answers and won't have us: waiting doesn't help, changing the settings does."""


class Storage:
    """A client that keeps its connections, and what is known of whether the bucket is there."""

    def __init__(
        self, bucket: Bucket, store: S3Store, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self.bucket = bucket
        self.store = store
        self._monotonic = monotonic
        self._failures = 0
        self._away_until = 0.0

    @asynccontextmanager
    async def reach(
        self, message: str, seconds: float | None = CALL_SECONDS
    ) -> AsyncIterator[None]:
        """Do something with the bucket; whatever goes wrong is Unavailable with `message`.

        After some failures in a row it is so at once for a while: an upload holds a connection to
        the database, and all of them would soon be held by those who wait.
        """
        if self._failures >= FAILURES:
            now = self._monotonic()
            if now < self._away_until:
                raise Unavailable(message)
            # Only this one tries; the others go on failing at once until it knows more.
            self._away_until = now + AWAY_SECONDS
        try:
            async with asyncio.timeout(seconds):
                yield
        except (BaseError, OSError) as error:
            self._failures += 1
            self._away_until = self._monotonic() + AWAY_SECONDS
            # Its own text holds addresses and request ids, and nothing for who uploads a file.
            raise Unavailable(message) from error
        self._failures = 0

    async def check(self, *, write: bool) -> None:
        """List, and with `write` also put and delete an object without content.

        Raises BucketRefused or Unavailable, each with a reason for the operator.
        """
        name = f"check/{uuid4().hex}"
        try:
            async with asyncio.timeout(CHECK_SECONDS):
                async for _ in obstore.list(self.store, f"{name}/"):
                    break
                if write:
                    await obstore.put_async(self.store, name, b"")
                    await obstore.delete_async(self.store, name)
        except TimeoutError:
            raise Unavailable(f"no answer within {CHECK_SECONDS:.0f} seconds") from None
        except (BaseError, OSError) as error:
            raise _explained(str(error)) from error


def open_bucket(bucket: Bucket) -> Storage:
    """Return the door to a bucket; nothing is asked of it yet. One per process is enough."""
    config: S3Config = {}
    if bucket.region is not None:
        config["region"] = bucket.region
    if bucket.endpoint is not None:
        config["endpoint"] = bucket.endpoint
    if bucket.access_key_id is not None and bucket.secret_access_key is not None:
        config["access_key_id"] = bucket.access_key_id
        config["secret_access_key"] = bucket.secret_access_key
    store = S3Store(
        bucket.name,
        prefix=bucket.prefix or None,
        config=config,
        client_options={
            "allow_http": (bucket.endpoint or "").startswith("http://"),
            "connect_timeout": timedelta(seconds=3),
            "timeout": timedelta(seconds=CALL_SECONDS),
        },
        retry_config={"max_retries": 3, "retry_timeout": timedelta(seconds=10)},
    )
    return Storage(bucket, store)


def _explained(text: str) -> BucketRefused | Unavailable:
    """Say what the storage's error means, without its addresses, ids and keys."""
    code, status = _CODE.search(text), _STATUS.search(text)
    if code is not None and code[1] in _REFUSALS:
        return BucketRefused(_REFUSALS[code[1]])
    if "configured region" in text:
        return BucketRefused(_REFUSALS["PermanentRedirect"])
    if status is None:
        return Unavailable("it can't be reached")
    answered = f"it answers {status[1]}" + (f" {code[1]}" if code is not None else "")
    return BucketRefused(answered) if status[1].startswith("4") else Unavailable(answered)
