"""The contract of `FileStore`: every file adapter passes this suite."""

import asyncio
from abc import ABC, abstractmethod
from contextlib import AbstractAsyncContextManager
from datetime import timedelta
from typing import Final, Protocol
from uuid import uuid4

from core.ports.files import FileStore
from core.shared.clock import UtcDatetime

CONTENTS: Final = (b"", b"\x00\xff\r\n", b"x" * 3_000_000)


class FilesRig(Protocol):
    """Two tenants' stores on the same storage."""

    @property
    def store(self) -> FileStore:
        """One tenant's."""
        ...

    @property
    def other(self) -> FileStore:
        """Another tenant's."""
        ...

    def now(self) -> UtcDatetime:
        """The time by the clock that `stored_before` goes by."""
        ...


class FilesContract(ABC):
    """What holds of every adapter."""

    @abstractmethod
    def rig(self) -> AbstractAsyncContextManager[FilesRig]:
        """Give two empty stores."""

    async def test_what_is_put_is_got_again(self) -> None:
        async with self.rig() as rig:
            for content in CONTENTS:
                file_id = uuid4()
                await rig.store.put(file_id, content)
                assert await rig.store.get(file_id) == content

    async def test_what_was_never_put_is_none(self) -> None:
        async with self.rig() as rig:
            assert await rig.store.get(uuid4()) is None

    async def test_putting_again_leaves_the_last_content(self) -> None:
        async with self.rig() as rig:
            file_id = uuid4()
            await rig.store.put(file_id, b"first, and longer")
            await rig.store.put(file_id, b"second")
            assert await rig.store.get(file_id) == b"second"

    async def test_what_is_removed_is_gone_and_may_be_removed_again(self) -> None:
        async with self.rig() as rig:
            file_id = uuid4()
            await rig.store.put(file_id, b"secret")
            await rig.store.remove(file_id)
            assert await rig.store.get(file_id) is None
            await rig.store.remove(file_id)

    async def test_another_tenant_sees_nothing_of_it(self) -> None:
        async with self.rig() as rig:
            file_id = uuid4()
            await rig.store.put(file_id, b"secret")
            assert await rig.other.get(file_id) is None
            await rig.other.remove(file_id)
            assert await rig.store.get(file_id) == b"secret"
            await rig.other.put(file_id, b"theirs")
            assert await rig.store.get(file_id) == b"secret"
            later = UtcDatetime(rig.now() + timedelta(hours=1))
            assert list(await rig.other.stored_before(later)) == [file_id]

    async def test_what_was_stored_before_is_listed(self) -> None:
        async with self.rig() as rig:
            ids = {uuid4() for _ in range(5)}
            for file_id in ids:
                await rig.store.put(file_id, b"old")
            later = UtcDatetime(rig.now() + timedelta(hours=1))
            earlier = UtcDatetime(rig.now() - timedelta(hours=1))
            assert set(await rig.store.stored_before(later)) == ids
            assert not await rig.store.stored_before(earlier)

    async def test_many_at_once_do_not_mix(self) -> None:
        async with self.rig() as rig:
            files = {uuid4(): bytes([number]) * 10_000 for number in range(20)}
            await asyncio.gather(*(rig.store.put(each, body) for each, body in files.items()))
            got = await asyncio.gather(*(rig.store.get(each) for each in files))
            assert list(got) == list(files.values())
